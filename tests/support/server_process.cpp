#include "tests/support/server_process.hpp"

#include <charconv>
#include <csignal>
#include <gtest/gtest.h>

namespace verbatim::testing {

namespace {

// Long, for machines on which much else runs; a start takes a fraction of a second.
constexpr std::chrono::seconds start_patience{120};
constexpr std::chrono::seconds end_patience{10};

// The number after the last ':' that follows `scheme`.
std::uint16_t port_after(const std::string& line, const std::string& scheme) {
    const std::size_t begin = line.find(scheme);
    if (begin == std::string::npos) return 0;
    const std::size_t end = line.find_first_of(" /", begin + scheme.size());
    const std::string address = line.substr(begin, end - begin);
    const std::string digits = address.substr(address.rfind(':') + 1);
    std::uint16_t port = 0;
    std::from_chars(digits.data(), digits.data() + digits.size(), port);
    return port;
}

}  // namespace

ServerProcess::ServerProcess(ServerOptions options) : options_(std::move(options)) {
    start();
}

ServerProcess::~ServerProcess() {
    // What it said helps to understand what failed.
    if (child_ && ::testing::Test::HasFailure())
        std::fprintf(stderr, "[server] %s\n", standard_error().c_str());
}

void ServerProcess::start() {
    http_port_ = feed_port_ = 0;
    child_.reset();
    ChildCommand command{.binary = options_.binary, .arguments = {}, .environment = {}};
    const auto& more = options_.arguments;
    // Unless they begin with a sub-command.
    const bool serves = more.empty() || more.front().starts_with("--");
    if (serves) command.arguments.push_back("serve");
    command.arguments.insert(command.arguments.end(), more.begin(), more.end());
    const std::vector<std::string> own = {
        "--data", options_.data.string(), "--http-port", "0", "--feed-port", "0"};
    command.arguments.insert(command.arguments.end(), own.begin(), own.end());
    child_ = std::make_unique<ServerChild>(command);
    const auto ready = child_->wait_for_line("ready: ", start_patience);
    if (ready) {
        http_port_ = port_after(*ready, "http://");
        feed_port_ = port_after(*ready, "ws://");
    }
    EXPECT_TRUE(is_ready()) << "the server did not start:\n" << standard_error();
}

void ServerProcess::kill9() {
    child_->send_signal(SIGKILL);
    EXPECT_TRUE(child_->wait(end_patience).has_value());
}

int ServerProcess::terminate() {
    ask_to_end();
    return wait_for_end();
}

void ServerProcess::ask_to_end() const {
    child_->send_signal(SIGTERM);
}

int ServerProcess::wait_for_end() {
    return child_->wait(end_patience).value_or(-1);
}

std::string ServerProcess::standard_error() const {
    return child_->standard_error();
}

}  // namespace verbatim::testing
