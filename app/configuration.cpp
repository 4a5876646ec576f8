#include "app/configuration.hpp"

#include "broker/amqp/broker_url.hpp"
#include "domain/limits.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <unistd.h>

namespace verbatim {

namespace {

constexpr std::string_view environment_prefix = "VERBATIM_";
// What sub-commands take from the environment: no part of a node's configuration.
constexpr std::string_view token_variable = "VERBATIM_TOKEN";

std::string variable_of(std::string_view option) {
    std::string name(environment_prefix);
    for (const char c : option) name += c == '-' ? '_' : static_cast<char>(std::toupper(c));
    return name;
}

bool names(const std::vector<std::string>& arguments, const std::string& option) {
    const std::string flag = "--" + option;
    return std::any_of(arguments.begin(), arguments.end(), [&](const std::string& argument) {
        return argument == flag || argument.starts_with(flag + "=");
    });
}

// The options of the configuration: those that have a group of ours.
std::vector<const CLI::Option*> settings_of(const CLI::App& app) {
    return app.get_options([](const CLI::Option* option) { return option->get_group() == "Server"; }
    );
}

std::string source_of(
    const CLI::Option& option,
    const std::vector<std::string>& arguments,
    const std::vector<std::string>& from_environment
) {
    const std::string& name = option.get_single_name();
    if (names(arguments, name)) return "flag";
    if (names(from_environment, name)) return "environment (" + variable_of(name) + ")";
    return option.count() > 0 ? "file" : "default";
}

std::string value_of(const CLI::Option& option) {
    if (option.count() == 0) return option.get_default_str();
    std::string joined;
    for (const std::string& result : option.reduced_results()) {
        if (!joined.empty()) joined += ',';
        joined += result;
    }
    return joined;
}

// The same for people, who may look over a shoulder: without a password.
std::string shown_value_of(const CLI::Option& option) {
    std::string value = value_of(option);
    if (option.get_single_name() != "broker" || value.empty()) return value;
    const auto url = amqp::parse_broker_url(value);
    return url ? amqp::without_password(*url) : "(no URL of a broker)";
}

void add_addresses(CLI::App& app, Configuration& configuration) {
    app.add_option(
        "--data", configuration.data, "directory of the log and all that is derived from it"
    );
    app.add_option("--bind", configuration.bind, "address to listen on");
    app.add_option(
        "--http-port", configuration.http_port, "port of REST, metrics and pages; 0: any free"
    );
    app.add_option(
        "--feed-port", configuration.feed_port, "port of the WebSocket feed; 0: any free"
    );
    app.add_option(
           "--feed-url",
           configuration.feed_url,
           "the feed's address for browsers, behind a proxy: wss://chat.example/api/v1/feed"
    )
        ->check(CLI::Validator(
            [](const std::string& url) {
                const bool fits =
                    url.empty() || url.starts_with("ws://") || url.starts_with("wss://");
                return fits ? "" : "is no ws:// or wss:// address: " + url;
            },
            "URL"
        ));
}

void add_capacities(CLI::App& app, Configuration& configuration) {
    app.add_option(
           "--http-threads", configuration.http_threads, "workers that parse and answer requests"
    )
        ->check(CLI::Range(1, 64));
    app.add_option(
           "--password-threads",
           configuration.password_threads,
           "workers that hash passwords, 64 MiB each"
    )
        ->check(CLI::Range(1, 64));
    app.add_option("--http-connections-max", configuration.http_connections_max, "beyond: 503")
        ->check(CLI::Range(1, 1'000'000));
    app.add_option("--feed-sessions-max", configuration.feed_sessions_max, "beyond: 503")
        ->check(CLI::Range(1, 1'000'000));
}

void add_access(CLI::App& app, Configuration& configuration) {
    app.add_option(
           "--rate-limits", configuration.rate_limits, "on, or off for tests and benchmarks"
    )
        ->check(CLI::IsMember({"on", "off"}));
    app.add_option(
           "--trusted-proxies",
           configuration.trusted_proxies,
           "addresses or networks whose X-Forwarded-For is believed"
    )
        ->delimiter(',');
    app.add_option(
           "--cors-origins",
           configuration.cors_origins,
           "origins that browsers may call from; none: the same only"
    )
        ->delimiter(',');
}

void add_keeping(CLI::App& app, Configuration& configuration) {
    app.add_option(
           "--deletion",
           configuration.deletion,
           "what deleting a message does to its text: hide, destroy"
    )
        ->check(CLI::IsMember({"hide", "destroy"}));
    app.add_option(
           "--retention-days",
           configuration.retention_days,
           "messages of rooms that say nothing about it expire when they are so old; 0: never"
    )
        ->check(CLI::Range(0u, limits::retention_days_max));
    app.add_option(
        "--disk-reserve-mib",
        configuration.disk_reserve_mib,
        "free space below which no commands are taken"
    );
    app.add_option("--max-file-mib", configuration.max_file_mib, "the largest file to upload")
        ->check(CLI::Range(1, 1'048'576));
}

void add_nodes(CLI::App& app, Configuration& configuration) {
    app.add_option(
        "--leader", configuration.leader, "for `follow`: where the leader is, http://host:port"
    );
    app.add_option(
        "--from-backup",
        configuration.from_backup,
        "for `follow`: directory of the leader's backups, whose newest fills an empty --data"
    );
    app.add_option(
        "--node-secret-file",
        configuration.node_secret_file,
        "file with the secret that all nodes of this log share; none: no node may follow"
    );
    app.add_option(
        "--broker",
        configuration.broker,
        "amqp[s]://user:password@host:port/vhost of the RabbitMQ that tells followers; none: alone"
    );
    app.add_option(
        "--broker-ca",
        configuration.broker_ca,
        "authorities of an amqps broker, PEM; else the system's"
    );
    auto* certificate = app.add_option(
        "--broker-cert", configuration.broker_cert, "client certificate for an amqps broker, PEM"
    );
    auto* key = app.add_option("--broker-key", configuration.broker_key, "its private key, PEM");
    certificate->needs(key);
    key->needs(certificate);
    app.add_flag(
        "--publish-json",
        configuration.publish_json,
        "tell bots and integrations each event as JSON by the exchange verbatim.events"
    );
}

void add_logging(CLI::App& app, Configuration& configuration) {
    app.add_option("--log-format", configuration.log_format, "human or json")
        ->check(CLI::IsMember({"human", "json"}));
    app.add_option("--log-level", configuration.log_level, "debug, info, warn or error")
        ->check(CLI::IsMember({"debug", "info", "warn", "error"}));
}

}  // namespace

void add_configuration(CLI::App& app, Configuration& configuration) {
    app.option_defaults()->group("Server")->always_capture_default();
    add_addresses(app, configuration);
    add_capacities(app, configuration);
    add_access(app, configuration);
    add_keeping(app, configuration);
    add_nodes(app, configuration);
    add_logging(app, configuration);
    app.option_defaults()->group("Options");
    app.set_config("--config", "", "TOML file with any of the server's options");
    app.allow_config_extras(CLI::config_extras_mode::error);
}

std::vector<std::string> environment_arguments(
    const CLI::App& app, const std::vector<std::string>& arguments
) {
    std::vector<std::string> known{std::string(token_variable)};
    std::vector<std::string> found;
    for (const CLI::Option* option : settings_of(app)) {
        const std::string name = option->get_single_name();
        known.push_back(variable_of(name));
        const char* value = std::getenv(known.back().c_str());
        if (value != nullptr && !names(arguments, name)) found.push_back("--" + name + "=" + value);
    }
    for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
        const std::string_view text = *entry;
        if (!text.starts_with(environment_prefix)) continue;
        const std::string name(text.substr(0, text.find('=')));
        if (std::find(known.begin(), known.end(), name) == known.end())
            throw CLI::ExtrasError("environment variable " + name, {name});
    }
    return found;
}

std::string explain(
    const CLI::App& app,
    const std::vector<std::string>& arguments,
    const std::vector<std::string>& from_environment
) {
    std::string text;
    for (const CLI::Option* option : settings_of(app)) {
        std::string line = option->get_single_name() + " = " + shown_value_of(*option);
        line.resize(std::max<std::size_t>(line.size() + 2, 44), ' ');
        text += line + "# " + source_of(*option, arguments, from_environment) + "\n";
    }
    return text;
}

std::optional<std::uint32_t> retention_of(const Configuration& configuration) {
    if (configuration.retention_days == 0) return std::nullopt;
    return configuration.retention_days;
}

}  // namespace verbatim
