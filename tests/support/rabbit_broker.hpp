#pragma once

#include "tests/support/server_child.hpp"
#include "tests/support/temporary_folder.hpp"

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

namespace verbatim::testing {

// A RabbitMQ broker of the Debian package rabbitmq-server, on free loopback ports, without systemd,
// in a temporary folder. It ends with this object, and its epmd too. Takes seconds to start: one
// for each suite, whose tests keep apart by vhosts. Threads: one.
class RabbitBroker {
public:
    RabbitBroker();
    ~RabbitBroker();
    RabbitBroker(const RabbitBroker&) = delete;
    RabbitBroker& operator=(const RabbitBroker&) = delete;

    // A vhost that nobody else has; a test that asks for more than there are fails.
    [[nodiscard]] std::string new_vhost();
    // For a user of everything. `name` and `password` as given, else that one's.
    [[nodiscard]] std::string url(const std::string& vhost, const std::string& user = "guest:guest")
        const;
    // The same over TLS; the broker wants a certificate of a client: client_certificate().
    [[nodiscard]] std::string tls_url(const std::string& vhost) const;
    // May log in to every vhost, and do nothing there.
    static constexpr const char* powerless_user = "powerless:powerless";

    [[nodiscard]] std::filesystem::path ca() const { return folder_.path() / "ca.pem"; }
    [[nodiscard]] std::filesystem::path client_certificate() const {
        return folder_.path() / "client.pem";
    }
    [[nodiscard]] std::filesystem::path client_key() const { return folder_.path() / "client.key"; }
    [[nodiscard]] std::uint16_t port() const { return port_; }
    // All that it writes is below.
    [[nodiscard]] const std::filesystem::path& folder() const { return folder_.path(); }

    // Starts it again on the same ports; returns when it takes connections. Vhosts and users are
    // there again, also after wipe().
    void start();
    void kill9();
    // What it has stored is gone. Requires: it was ended by kill9().
    void wipe();
    void pause();   // SIGSTOP
    void resume();  // SIGCONT
    // All queues of all vhosts, exclusive ones too.
    void delete_queues();
    // Publishers are blocked while it lasts.
    void begin_memory_alarm();
    void end_memory_alarm();

private:
    void write_files();
    void make_certificates();
    [[nodiscard]] std::map<std::string, std::string> environment() const;
    void control(std::vector<std::string> arguments);

    TemporaryFolder folder_;
    std::uint16_t port_ = 0;
    std::uint16_t tls_port_ = 0;
    std::uint16_t distribution_port_ = 0;
    std::uint16_t names_port_ = 0;
    int vhosts_given_ = 0;
    std::unique_ptr<ServerChild> names_;  // epmd
    std::unique_ptr<ServerChild> broker_;
};

}  // namespace verbatim::testing
