#pragma once

#include <memory>
#include <string>

namespace spdlog {
class logger;
}

namespace verbatim {

// The node's log, by spdlog, on standard error: lines for people, or one JSON object a line.
// Threads: any.
[[nodiscard]] std::shared_ptr<spdlog::logger> make_logger(
    const std::string& format, const std::string& level
);

}  // namespace verbatim
