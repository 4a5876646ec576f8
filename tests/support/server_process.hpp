#pragma once

#include "tests/support/server_child.hpp"

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace verbatim::testing {

struct ServerOptions {
    std::filesystem::path binary;
    std::filesystem::path data;
    std::vector<std::string> arguments = {"--rate-limits", "off"};
};

// `verbatim serve` on free ports. It ends with this object at the latest.
// Threads: one; those who only read the ports may be others between starts.
class ServerProcess {
public:
    // Starts it and waits until it says that it is ready; a test fails when it does not.
    explicit ServerProcess(ServerOptions options);
    ~ServerProcess();
    ServerProcess(const ServerProcess&) = delete;
    ServerProcess& operator=(const ServerProcess&) = delete;

    // Starts it again on the same data, after kill9() or terminate(). The ports are new.
    void start();
    // Without a chance to tidy up.
    void kill9();
    // Asks it to end, and waits. The exit code; -1 when that took more than the promised 10 s.
    int terminate();
    // Only asks: what it does meanwhile is for others to watch.
    void ask_to_end() const;
    [[nodiscard]] int wait_for_end();

    [[nodiscard]] bool is_ready() const { return http_port_ != 0; }
    [[nodiscard]] std::uint16_t http_port() const { return http_port_; }
    [[nodiscard]] std::uint16_t feed_port() const { return feed_port_; }
    [[nodiscard]] const std::filesystem::path& data() const { return options_.data; }
    [[nodiscard]] ServerOptions& options() { return options_; }
    // What it has written since the last start.
    [[nodiscard]] std::string standard_error() const;

private:
    ServerOptions options_;
    std::unique_ptr<ServerChild> child_;
    std::uint16_t http_port_ = 0;
    std::uint16_t feed_port_ = 0;
};

}  // namespace verbatim::testing
