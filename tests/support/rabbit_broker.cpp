#include "tests/support/rabbit_broker.hpp"

#include "domain/invariant.hpp"

#include <arpa/inet.h>
#include <array>
#include <csignal>
#include <fstream>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <nlohmann/json.hpp>
#include <poll.h>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>

namespace verbatim::testing {

namespace {

namespace fs = std::filesystem;
using std::chrono::steady_clock;

// The wrappers in /usr/sbin switch user and lose the environment.
constexpr const char* programs = "/usr/lib/rabbitmq/bin/";
constexpr const char* node_name = "verbatim@localhost";
constexpr int vhosts = 100;
constexpr std::chrono::seconds start_patience{120};  // it takes 3 to 6 on an idle machine

sockaddr_in loopback(std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

std::uint16_t free_port() {
    const int probe = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address = loopback(0);
    socklen_t size = sizeof address;
    auto* const any = reinterpret_cast<sockaddr*>(&address);
    invariant(::bind(probe, any, size) == 0, "there is a free port");
    invariant(::getsockname(probe, any, &size) == 0, "a bound socket has an address");
    ::close(probe);
    return ntohs(address.sin_port);
}

// A broker greets only when it is ready; its port accepts earlier.
bool greets(std::uint16_t port) {
    const int client = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const sockaddr_in address = loopback(port);
    bool greeted = false;
    if (::connect(client, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) {
        const std::array<char, 8> header = {'A', 'M', 'Q', 'P', 0, 0, 9, 1};
        pollfd answer{.fd = client, .events = POLLIN, .revents = 0};
        std::array<char, 8> begin{};
        greeted = ::send(client, header.data(), header.size(), MSG_NOSIGNAL) == 8 &&
                  ::poll(&answer, 1, 1'000) == 1 &&
                  ::recv(client, begin.data(), begin.size(), 0) > 0 && begin[0] == 1;
    }
    ::close(client);
    return greeted;
}

void write(const fs::path& file, const std::string& text) {
    std::ofstream(file, std::ios::binary) << text;
}

}  // namespace

RabbitBroker::RabbitBroker()
    : port_(free_port()),
      tls_port_(free_port()),
      distribution_port_(free_port()),
      names_port_(free_port()) {
    write_files();
    make_certificates();
    // Of its own, in the foreground: the one that Erlang starts would outlive us.
    names_ = std::make_unique<ServerChild>(ChildCommand{
        .binary = "/usr/bin/epmd",
        .arguments = {"-port", std::to_string(names_port_), "-address", "127.0.0.1"},
        .environment = {}});
    start();
}

RabbitBroker::~RabbitBroker() {
    if (broker_) broker_->send_signal(SIGKILL);  // also where it is stopped
}

void RabbitBroker::write_files() {
    const fs::path& folder = folder_.path();
    fs::create_directories(folder / "home");
    write(folder / "home" / ".erlang.cookie", "VERBATIMTESTSVERBATIM");
    fs::permissions(folder / "home" / ".erlang.cookie", fs::perms::owner_read);
    write(folder / "empty-env.conf", "");
    write(folder / "enabled_plugins", "[].\n");
    write(folder / "advanced.config", "[].\n");
    const std::string at = folder.string() + "/";
    write(
        folder / "rabbitmq.conf",
        "listeners.tcp.1 = 127.0.0.1:" + std::to_string(port_) + "\nlisteners.ssl.1 = 127.0.0.1:" +
            std::to_string(tls_port_) + "\nssl_options.cacertfile = " + at +
            "ca.pem\nssl_options.certfile = " + at + "server.pem\nssl_options.keyfile = " + at +
            "server.key\nssl_options.verify = verify_peer\nssl_options.fail_if_no_peer_cert = true"
            "\nheartbeat = 120\nvm_memory_high_watermark.absolute = 2GB"
            "\ndisk_free_limit.absolute = 10MB\nlog.console = false\nload_definitions = " +
            at + "definitions.json\n"
    );
    using nlohmann::json;
    json definitions = {
        {"users",
         {{{"name", "guest"}, {"password", "guest"}, {"tags", "administrator"}},
          {{"name", "powerless"}, {"password", "powerless"}, {"tags", ""}}}},
        {"vhosts", json::array()},
        {"permissions", json::array()}};
    for (int i = 1; i <= vhosts; ++i) {
        const std::string vhost = "v" + std::to_string(i);
        definitions["vhosts"].push_back({{"name", vhost}});
        for (const auto& [user, what] : {std::pair("guest", ".*"), std::pair("powerless", "^$")})
            definitions["permissions"].push_back(
                {{"user", user},
                 {"vhost", vhost},
                 {"configure", what},
                 {"write", what},
                 {"read", what}}
            );
    }
    write(folder / "definitions.json", definitions.dump());
}

void RabbitBroker::make_certificates() {
    const fs::path& folder = folder_.path();
    const std::string script =
        "set -e; cd '" + folder.string() +
        "'; make() { openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 "
        "-subj \"/CN=$1\" -keyout \"$1.key\" -out \"$1.pem\" \"${@:2}\" 2>/dev/null; }; "
        "make ca; for name in server client; do make $name -CA ca.pem -CAkey ca.key -addext "
        "basicConstraints=critical,CA:FALSE -addext subjectAltName=DNS:localhost,IP:127.0.0.1; "
        "done";
    const Finished made =
        run_to_end({.binary = "/bin/bash", .arguments = {"-c", script}, .environment = {}});
    EXPECT_EQ(made.exit_code, 0) << made.standard_error;
}

std::map<std::string, std::string> RabbitBroker::environment() const {
    const std::string folder = folder_.path().string();
    const std::string loopback_only = "-kernel inet_dist_use_interface {127,0,0,1}";
    return {
        {"HOME", folder + "/home"},
        {"RABBITMQ_NODENAME", node_name},
        {"RABBITMQ_MNESIA_BASE", folder + "/mnesia"},
        {"RABBITMQ_LOG_BASE", folder + "/log"},
        {"RABBITMQ_CONFIG_FILE", folder + "/rabbitmq.conf"},
        {"RABBITMQ_ADVANCED_CONFIG_FILE", folder + "/advanced.config"},
        {"RABBITMQ_CONF_ENV_FILE", folder + "/empty-env.conf"},
        {"RABBITMQ_ENABLED_PLUGINS_FILE", folder + "/enabled_plugins"},
        {"RABBITMQ_PID_FILE", folder + "/pid"},
        {"RABBITMQ_DIST_PORT", std::to_string(distribution_port_)},
        {"ERL_EPMD_ADDRESS", "127.0.0.1"},
        {"ERL_EPMD_PORT", std::to_string(names_port_)},
        // Makes the script become the broker instead of waiting for it, so that signals meet it.
        {"RUNNING_UNDER_SYSTEMD", "true"},
        {"RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS", "-start_epmd false " + loopback_only},
        {"RABBITMQ_CTL_ERL_ARGS", loopback_only}};
}

void RabbitBroker::start() {
    broker_ = std::make_unique<ServerChild>(ChildCommand{
        .binary = std::string(programs) + "rabbitmq-server",
        .arguments = {},
        .environment = environment()});
    const auto until = steady_clock::now() + start_patience;
    while (!greets(port_)) {
        const bool ended = broker_->wait(std::chrono::milliseconds(50)).has_value();
        if (!ended && steady_clock::now() < until) continue;
        ADD_FAILURE() << "RabbitMQ did not start: " << broker_->standard_output()
                      << broker_->standard_error();
        return;
    }
}

void RabbitBroker::kill9() {
    broker_->send_signal(SIGKILL);
    EXPECT_TRUE(broker_->wait(start_patience).has_value());
    broker_.reset();
}

void RabbitBroker::wipe() {
    invariant(!broker_, "a broker that runs is not wiped");
    fs::remove_all(folder_.path() / "mnesia");
}

void RabbitBroker::pause() {
    broker_->send_signal(SIGSTOP);
}

void RabbitBroker::resume() {
    broker_->send_signal(SIGCONT);
}

void RabbitBroker::control(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {"-n", node_name});
    const Finished done = run_to_end(
        {.binary = std::string(programs) + "rabbitmqctl",
         .arguments = std::move(arguments),
         .environment = environment()}
    );
    EXPECT_EQ(done.exit_code, 0) << done.standard_output << done.standard_error;
}

void RabbitBroker::delete_queues() {
    control(
        {"eval",
         "[rabbit_amqqueue:delete(Q, false, false, <<\"test\">>) || Q <- rabbit_amqqueue:list()]."}
    );
}

void RabbitBroker::begin_memory_alarm() {
    control({"set_vm_memory_high_watermark", "absolute", "1"});
}

void RabbitBroker::end_memory_alarm() {
    control({"set_vm_memory_high_watermark", "absolute", "2GB"});
}

std::string RabbitBroker::new_vhost() {
    EXPECT_LT(vhosts_given_, vhosts) << "RabbitBroker has no more vhosts";
    return "v" + std::to_string(++vhosts_given_);
}

std::string RabbitBroker::url(const std::string& vhost, const std::string& user) const {
    return "amqp://" + user + "@127.0.0.1:" + std::to_string(port_) + "/" + vhost;
}

std::string RabbitBroker::tls_url(const std::string& vhost) const {
    return "amqps://guest:guest@localhost:" + std::to_string(tls_port_) + "/" + vhost;
}

}  // namespace verbatim::testing
