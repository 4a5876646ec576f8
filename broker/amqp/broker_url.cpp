#include "broker/amqp/broker_url.hpp"

#include <charconv>
#include <optional>
#include <utility>

namespace verbatim::amqp {

namespace {

constexpr std::uint16_t plain_port = 5672;
constexpr std::uint16_t tls_port = 5671;
constexpr std::size_t part_bytes_max = 255;  // AMQP's short strings

tl::unexpected<std::string> refused(const std::string& why) {
    return failure("this is no URL of a broker: " + why + "; amqp://user:password@host:port/vhost");
}

std::optional<int> hex_digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return std::nullopt;
}

std::optional<std::string> percent_decoded(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '%') {
            out += text[i];
            continue;
        }
        if (text.size() - i < 3) return std::nullopt;
        const auto high = hex_digit(text[i + 1]);
        const auto low = hex_digit(text[i + 2]);
        if (!high || !low || (*high == 0 && *low == 0)) return std::nullopt;
        out += static_cast<char>(*high * 16 + *low);
        i += 2;
    }
    if (out.size() > part_bytes_max) return std::nullopt;
    return out;
}

// What stands before `mark`, taken off with the mark; nullopt where there is none.
std::optional<std::string_view> take_before(std::string_view& rest, char mark) {
    const auto at = rest.find(mark);
    if (at == rest.npos) return std::nullopt;
    const std::string_view taken = rest.substr(0, at);
    rest.remove_prefix(at + 1);
    return taken;
}

Expected<void, std::string> read_credentials(std::string_view text, BrokerUrl& url) {
    std::string_view rest = text;
    const auto name = take_before(rest, ':');
    const auto user = percent_decoded(name.value_or(text));
    const auto password = name ? percent_decoded(rest) : std::string();
    if (!user || user->empty() || !password) return refused("its user or password is none");
    url.user = *user;
    url.password = *password;
    return {};
}

Expected<void, std::string> read_address(std::string_view text, BrokerUrl& url) {
    if (text.starts_with('[')) {
        text.remove_prefix(1);
        const auto address = take_before(text, ']');
        if (!address) return refused("a bracket is not closed");
        url.host = *address;
        if (!text.empty() && !text.starts_with(':')) return refused("its host is none");
    } else {
        const auto host = percent_decoded(text.substr(0, text.find(':')));
        if (!host) return refused("its host is none");
        url.host = *host;
        text = text.find(':') == text.npos ? std::string_view() : text.substr(text.find(':'));
    }
    if (url.host.empty()) return refused("it names no host");
    if (text.empty()) return {};
    text.remove_prefix(1);
    const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), url.port);
    if (fault != std::errc() || end != text.data() + text.size() || url.port == 0)
        return refused("its port is none");
    return {};
}

}  // namespace

Expected<BrokerUrl, std::string> parse_broker_url(std::string_view text) {
    BrokerUrl url;
    url.tls = text.starts_with("amqps://");
    if (!url.tls && !text.starts_with("amqp://"))
        return refused("it begins with neither amqp:// nor amqps://");
    url.port = url.tls ? tls_port : plain_port;
    text.remove_prefix(text.find("://") + 3);
    if (text.find_first_of("?#") != text.npos) return refused("it has a query, which says nothing");
    std::string_view authority = text.substr(0, text.find('/'));
    if (text.size() > authority.size()) {
        const std::string_view path = text.substr(authority.size() + 1);
        const auto vhost = percent_decoded(path);
        if (!vhost || path.find('/') != path.npos)
            return refused("its vhost is none: a slash in it is written %2f");
        // "amqp://host/" names the empty vhost by the letter, which RabbitMQ does not have.
        if (!vhost->empty()) url.vhost = *vhost;
    }
    if (const auto credentials = authority.rfind('@'); credentials != authority.npos) {
        auto read = read_credentials(authority.substr(0, credentials), url);
        if (!read) return failure(read.error());
        authority.remove_prefix(credentials + 1);
    }
    auto read = read_address(authority, url);
    if (!read) return failure(read.error());
    return url;
}

std::string without_password(const BrokerUrl& url) {
    const bool bracketed = url.host.find(':') != std::string::npos;
    return (url.tls ? "amqps://" : "amqp://") + url.user + "@" +
           (bracketed ? "[" + url.host + "]" : url.host) + ":" + std::to_string(url.port) +
           (url.vhost == "/" ? "/" : "/" + url.vhost);
}

}  // namespace verbatim::amqp
