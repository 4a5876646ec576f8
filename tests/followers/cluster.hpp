#pragma once

#include "tests/app/server_test.hpp"
#include "tests/support/moments.hpp"
#include "tests/support/tcp_proxy.hpp"

#include <csignal>
#include <fstream>
#include <iterator>
#include <string_view>
#include <sys/stat.h>
#include <utility>

namespace verbatim::testing {

// A leader and its followers, each a process of its own. Followers reach the leader through a
// proxy, so that it may be restarted, and cut off.
class Cluster {
public:
    explicit Cluster(std::vector<std::string> of_all = {}, std::vector<std::string> of_leader = {})
        : of_all_(std::move(of_all)) {
        std::ofstream(secret_file()) << "the-secret-of-these-tests\n";
        ::chmod(secret_file().c_str(), S_IRUSR | S_IWUSR);
        auto arguments = usual();
        arguments.insert(arguments.end(), of_leader.begin(), of_leader.end());
        leader_ = std::make_unique<ServerProcess>(ServerOptions{
            .binary = server_binary(), .data = folder_.path() / "leader", .arguments = arguments});
        to_leader_.aim(leader_->http_port());
    }

    [[nodiscard]] ServerProcess& leader() { return *leader_; }
    [[nodiscard]] TcpProxy& to_leader() { return to_leader_; }
    [[nodiscard]] std::filesystem::path path(const std::string& name) const {
        return folder_.path() / name;
    }
    [[nodiscard]] std::vector<std::string> following(const std::vector<std::string>& more = {})
        const {
        std::vector<std::string> arguments = {
            "follow", "--leader", "http://127.0.0.1:" + std::to_string(to_leader_.port())};
        const auto usual_ones = usual();
        arguments.insert(arguments.end(), usual_ones.begin(), usual_ones.end());
        arguments.insert(arguments.end(), more.begin(), more.end());
        return arguments;
    }
    ServerProcess& follow(const std::string& name, const std::vector<std::string>& more = {}) {
        followers_.push_back(std::make_unique<ServerProcess>(ServerOptions{
            .binary = server_binary(), .data = path(name), .arguments = following(more)}));
        return *followers_.back();
    }
    // 0: the leader; then the followers in their order.
    [[nodiscard]] ServerProcess& node(std::size_t index) {
        return index == 0 ? *leader_ : *followers_[index - 1];
    }
    // SIGSTOP and SIGCONT.
    void pause(std::size_t index) { send_signal(index, SIGSTOP); }
    void resume(std::size_t index) { send_signal(index, SIGCONT); }
    void restart_leader() {
        leader_->start();
        to_leader_.aim(leader_->http_port());
    }

private:
    // A node is known by its data directory, which its command line names.
    void send_signal(std::size_t index, int signal) {
        const std::string data = node(index).data().string();
        for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
            const std::string name = entry.path().filename().string();
            if (name.find_first_not_of("0123456789") != std::string::npos) continue;
            std::ifstream in(entry.path() / "cmdline", std::ios::binary);
            const std::string line(std::istreambuf_iterator<char>(in), {});
            const std::string_view wanted(data.c_str(), data.size() + 1);  // its end included
            if (line.find(wanted) == std::string::npos) continue;
            EXPECT_EQ(::kill(std::stoi(name), signal), 0);
        }
    }
    [[nodiscard]] std::filesystem::path secret_file() const { return path("node.secret"); }
    [[nodiscard]] std::vector<std::string> usual() const {
        std::vector<std::string> arguments = {
            "--rate-limits", "off", "--node-secret-file", secret_file().string()};
        arguments.insert(arguments.end(), of_all_.begin(), of_all_.end());
        return arguments;
    }

    TemporaryFolder folder_;
    std::vector<std::string> of_all_;
    TcpProxy to_leader_;
    std::unique_ptr<ServerProcess> leader_;
    std::vector<std::unique_ptr<ServerProcess>> followers_;
};

// A follower of that name, run to its end: for those that refuse.
[[nodiscard]] inline Finished run_follower(
    const Cluster& cluster, const std::string& name, const std::vector<std::string>& more = {}
) {
    auto arguments = cluster.following(more);
    arguments.insert(arguments.end(), {"--data", cluster.path(name).string()});
    arguments.insert(arguments.end(), {"--http-port", "0", "--feed-port", "0"});
    return run_to_end({.binary = server_binary(), .arguments = arguments, .environment = {}});
}

// What a node answers somebody.
[[nodiscard]] inline HttpAnswer ask(
    const ServerProcess& node,
    const Person& who,
    std::string_view method,
    const std::string& path,
    const nlohmann::json& body = nullptr,
    Headers headers = {}
) {
    headers.emplace_back("Authorization", "Bearer " + who.token());
    std::string text;
    if (!body.is_null()) {
        headers.emplace_back("Content-Type", "application/json");
        text = body.dump();
    }
    return ask_once(node, method, "/api/v1" + path, headers, text);
}
[[nodiscard]] inline std::string messages_of(const std::string& room) {
    return "/rooms/" + room + "/messages";
}
[[nodiscard]] inline HttpAnswer say_at(
    const ServerProcess& node, const Person& who, const std::string& room, const std::string& text
) {
    return ask(node, who, "POST", messages_of(room), {{"text", text}});
}
[[nodiscard]] inline nlohmann::json readiness(const ServerProcess& node) {
    return ask_once(node, "GET", "/readyz").json();
}
// The same of a query, once the node shows `position`.
[[nodiscard]] inline HttpAnswer ask_at(
    const ServerProcess& node, const Person& who, std::uint64_t position, const std::string& path
) {
    return ask(
        node, who, "GET", path, nullptr, {{"Verbatim-Min-Position", std::to_string(position)}}
    );
}
[[nodiscard]] inline WsClient feed_at(
    const ServerProcess& node, const Person& who, const std::string& query = {}
) {
    return WsClient(
        {.port = node.feed_port(),
         .target = "/api/v1/feed" + (query.empty() ? query : "?" + query),
         .token = who.token(),
         .subprotocols = {}}
    );
}

}  // namespace verbatim::testing
