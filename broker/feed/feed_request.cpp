#include "broker/feed/feed_request.hpp"

#include "domain/limits.hpp"
#include "domain/type_id.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

namespace verbatim::feed {
namespace {

constexpr std::string_view feed_path = "/api/v1/feed";
constexpr std::string_view chat_path = "/ws/chat/";

int hex_value(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

std::optional<std::string> percent_decoded(std::string_view text) {
    std::string decoded;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '%') {
            decoded += text[i];
            continue;
        }
        if (i + 2 >= text.size()) return std::nullopt;
        const int high = hex_value(text[i + 1]);
        const int low = hex_value(text[i + 2]);
        if (high < 0 || low < 0) return std::nullopt;
        decoded += static_cast<char>(high * 16 + low);
        i += 2;
    }
    return decoded;
}

std::string_view trimmed(std::string_view text) {
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
    return text;
}

// Cuts `text` at the first `separator` and returns what stood before it.
std::string_view cut(std::string_view& text, char separator) {
    const std::size_t end = std::min(text.find(separator), text.size());
    const std::string_view head = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    return head;
}

bool equal_ignoring_case(std::string_view one, std::string_view lower_case) {
    return std::ranges::equal(one, lower_case, {}, [](char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    });
}

Answer<void> read_after(std::string_view value, FeedRequest& request) {
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
    if (value.empty() || error != std::errc() || end != value.data() + value.size())
        return failure(bad_request("after: a position"));
    request.after = Position(number);
    return {};
}

Answer<void> read_room(std::string_view value, FeedRequest& request) {
    const auto room = parse_id<RoomId>(value);
    if (!room) {
        request.names_no_room = true;
        return {};
    }
    if (std::ranges::find(request.rooms, *room) == request.rooms.end())
        request.rooms.push_back(*room);
    if (request.rooms.size() > limits::feed_rooms_per_filter_max)
        return failure(bad_request("room: too many rooms"));
    return {};
}

Answer<void> read_parameter(std::string_view name, std::string value, FeedRequest& request) {
    if (name == "after") return read_after(value, request);
    if (name == "room") return read_room(value, request);
    if (name == "epoch") {
        request.epoch = std::move(value);
    } else if (name == "token") {
        request.token = std::move(value);
    } else if (name == "scope") {
        if (value != "all") return failure(bad_request("scope: all, or nothing"));
        request.everything = true;
    }
    return {};
}

Answer<void> read_query(std::string_view query, FeedRequest& request) {
    while (!query.empty()) {
        std::string_view pair = cut(query, '&');
        const auto name = percent_decoded(cut(pair, '='));
        auto value = percent_decoded(pair);
        if (!name || !value) return failure(bad_request("the query is not percent-encoded"));
        auto read = read_parameter(*name, std::move(*value), request);
        if (!read) return read;
    }
    return {};
}

Answer<void> read_path(std::string_view path, FeedRequest& request) {
    if (path == feed_path) return {};
    if (!path.starts_with(chat_path)) return failure(not_found("no such path on this port"));
    path.remove_prefix(chat_path.size());
    if (path.ends_with('/')) path.remove_suffix(1);
    if (path.empty() || path.find('/') != std::string_view::npos)
        return failure(not_found("no such path on this port"));
    request.chat_room = parse_id<RoomId>(path);
    if (!request.chat_room) request.names_no_room = true;
    return {};
}

// Sec-WebSocket-Protocol: bearer, <token>
void read_subprotocols(std::string_view list, FeedRequest& request) {
    if (!equal_ignoring_case(trimmed(cut(list, ',')), "bearer")) return;
    request.offers_bearer = true;
    if (request.token.empty()) request.token = trimmed(cut(list, ','));
}

// "[::1]:8081" and "chat.example" without the port.
std::string_view without_port(std::string_view host) {
    const std::size_t colon = host.rfind(':');
    const bool has_port = colon != host.npos && host.find(']', colon) == host.npos;
    return has_port ? host.substr(0, colon) : host;
}

}  // namespace

Answer<FeedRequest> read_feed_request(const FeedHead& head) {
    FeedRequest request;
    std::string_view query = head.target;
    const auto path = read_path(cut(query, '?'), request);
    if (!path) return failure(path.error());
    const auto parameters = read_query(query, request);
    if (!parameters) return failure(parameters.error());
    std::string_view credentials = trimmed(head.authorization);
    if (equal_ignoring_case(cut(credentials, ' '), "bearer") && !trimmed(credentials).empty())
        request.token = trimmed(credentials);
    read_subprotocols(head.subprotocols, request);
    return request;
}

bool is_welcome_origin(
    std::string_view origin, std::string_view host, const std::vector<std::string>& listed
) {
    const bool is_listed = std::ranges::any_of(listed, [&](const std::string& each) {
        return each == "*" || each == origin;
    });
    if (origin.empty() || is_listed) return true;
    constexpr std::string_view after_scheme = "://";
    const std::size_t scheme = origin.find(after_scheme);
    if (scheme == origin.npos) return false;  // "null", of a page that is nobody's
    const std::string_view theirs = without_port(origin.substr(scheme + after_scheme.size()));
    std::string ours(without_port(host));
    for (char& c : ours) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    return !theirs.empty() && equal_ignoring_case(theirs, ours);
}

}  // namespace verbatim::feed
