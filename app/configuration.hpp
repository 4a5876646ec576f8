#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace CLI {
class App;
}

namespace verbatim {

// What an operator can set, each by a flag (--http-port), an environment variable
// (VERBATIM_HTTP_PORT) or a line of a TOML file (http-port = 8080), in this order of precedence.
struct Configuration {
    std::filesystem::path data = "data";
    std::string bind = "127.0.0.1";
    std::uint16_t http_port = 8080;
    std::uint16_t feed_port = 8081;
    std::string feed_url;  // where browsers find the feed; empty: at feed_port of the page's host
    unsigned http_threads = 2;
    unsigned password_threads = 1;
    std::size_t http_connections_max = 8'000;
    std::size_t feed_sessions_max = 10'000;
    std::string rate_limits = "on";            // on | off
    std::vector<std::string> trusted_proxies;  // addresses or CIDR networks
    std::vector<std::string> cors_origins;     // none: same origin only
    std::string deletion = "hide";             // hide | destroy
    std::string leader;                        // a follower's leader: http://host:port
    std::filesystem::path from_backup;         // that a follower begins with; empty: with nothing
    std::uint32_t retention_days = 0;          // of rooms that say nothing; 0: for ever
    std::uint64_t disk_reserve_mib = 1'024;
    std::uint64_t max_file_mib = 1'024;
    std::filesystem::path node_secret_file;  // empty: no other node may ask this one
    std::string broker;                      // URL; empty: there are no followers
    std::filesystem::path broker_ca;         // of amqps; empty: the system's authorities
    std::filesystem::path broker_cert;       // with broker_key; empty: no client certificate
    std::filesystem::path broker_key;
    bool publish_json = false;
    std::string log_format = "human";  // human | json
    std::string log_level = "info";
};

// nullopt: for ever.
[[nodiscard]] std::optional<std::uint32_t> retention_of(const Configuration& configuration);

// Binds the options to `configuration` on `app`, and the file option --config. Unknown keys in the
// file are errors.
void add_configuration(CLI::App& app, Configuration& configuration);

// The VERBATIM_* variables as arguments, for options that `arguments` does not name. Throws
// CLI::ParseError (a library's way, caught in main) for a variable that is no option's.
[[nodiscard]] std::vector<std::string> environment_arguments(
    const CLI::App& app, const std::vector<std::string>& arguments
);

// Effective values and where each came from: "http-port = 8080    # flag".
[[nodiscard]] std::string explain(
    const CLI::App& app,
    const std::vector<std::string>& arguments,
    const std::vector<std::string>& from_environment
);

}  // namespace verbatim
