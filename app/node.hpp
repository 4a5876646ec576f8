#pragma once

#include "app/configuration.hpp"
#include "domain/result.hpp"

#include <cstdint>
#include <memory>
#include <string>

namespace spdlog {
class logger;
}

namespace verbatim {

// One running node: the composition root, and the only place that knows every part.
// Threads: one thread opens, runs and stops it.
class Node {
public:
    // Opens the data directory and both listeners, then brings the views up to date while /readyz
    // says 503; returns when the node is ready. It leads, or follows configuration.leader where one
    // is given. Errors: a sentence for people.
    [[nodiscard]] static Expected<std::unique_ptr<Node>, std::string> start(
        const Configuration& configuration, std::shared_ptr<spdlog::logger> log
    );
    ~Node();

    [[nodiscard]] std::uint16_t http_port() const;
    [[nodiscard]] std::uint16_t feed_port() const;

    // Stops accepting, answers what was taken, closes feeds with 1001, flushes. Within 10 s.
    void stop();

private:
    struct Parts;
    explicit Node(std::unique_ptr<Parts> parts);
    std::unique_ptr<Parts> parts_;
};

}  // namespace verbatim
