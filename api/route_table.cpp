#include "api/route_table.hpp"

#include "api/http_text.hpp"
#include "domain/invariant.hpp"

#include <algorithm>
#include <array>
#include <functional>

namespace verbatim::api {

namespace {

constexpr std::size_t methods = static_cast<std::size_t>(Method::other);

constexpr std::size_t index_of(Method method) {
    return static_cast<std::size_t>(method);
}

bool is_parameter(std::string_view segment) {
    return segment.size() > 2 && segment.front() == '{' && segment.back() == '}';
}

}  // namespace

// A place in the tree of segments. A few children at most: a linear search beats a map here.
struct RouteTable::Node {
    std::vector<std::pair<std::string, std::unique_ptr<Node>>> literals;
    std::unique_ptr<Node> parameter;
    std::array<std::unique_ptr<Route>, methods> routes;
    std::string allow;  // empty where no route ends

    [[nodiscard]] const Node* literal(std::string_view segment) const {
        for (const auto& [text, child] : literals)
            if (text == segment) return child.get();
        return nullptr;
    }

    Node& literal_or_new(std::string_view segment) {
        for (auto& [text, child] : literals)
            if (text == segment) return *child;
        return *literals.emplace_back(segment, std::make_unique<Node>()).second;
    }

    Node& parameter_or_new() {
        if (!parameter) parameter = std::make_unique<Node>();
        return *parameter;
    }

    void renew_allow() {
        allow.clear();
        for (std::size_t method = 0; method < methods; ++method) {
            const bool ours = method == index_of(Method::options) ||
                              (method == index_of(Method::head) && routes[index_of(Method::get)]);
            if (!routes[method] && !ours) continue;
            if (!allow.empty()) allow += ", ";
            allow += method_name(static_cast<Method>(method));
        }
    }
};

// The segments of a path. Those that had to be decoded live in `decoded`, which is never
// reallocated: it is given room for the whole path first, and decoding only shortens.
struct RouteTable::Path {
    std::array<std::string_view, limits::http_path_segments_max> segments;
    std::size_t size = 0;
    std::string decoded;
};

namespace {

enum class Split { done, bad, too_deep };

// "/" is no segment at all; "/a/" is "a" and an empty one.
template <class Path>
Split split(std::string_view raw_path, Path& path) {
    if (raw_path.empty() || raw_path.front() != '/') return Split::bad;
    if (raw_path.find('%') != std::string_view::npos) path.decoded.reserve(raw_path.size());
    raw_path.remove_prefix(1);
    if (raw_path.empty()) return Split::done;
    for (bool more = true; more;) {
        const auto slash = raw_path.find('/');
        const auto raw = raw_path.substr(0, slash);
        more = slash != std::string_view::npos;
        if (more) raw_path.remove_prefix(slash + 1);
        if (path.size == path.segments.size()) return Split::too_deep;
        auto& segment = path.segments[path.size];
        segment = raw;
        if (raw.find('%') != std::string_view::npos) {
            const auto decoded = percent_decoded(raw);
            if (!decoded) return Split::bad;
            const auto begin = path.decoded.size();
            path.decoded += *decoded;
            segment = std::string_view(path.decoded).substr(begin);
        }
        if (!is_utf8(segment)) return Split::bad;
        ++path.size;
    }
    return Split::done;
}

}  // namespace

RouteTable::RouteTable() : root_(std::make_unique<Node>()) {}
RouteTable::~RouteTable() = default;
RouteTable::RouteTable(RouteTable&&) noexcept = default;
RouteTable& RouteTable::operator=(RouteTable&&) noexcept = default;

void RouteTable::add(
    Method method, std::string_view pattern, Handler handler, std::size_t body_bytes_max
) {
    invariant(method != Method::other, "a route is for one of the methods that have a name");
    Path path;
    invariant(split(pattern, path) == Split::done, "a pattern is made of slashes and segments");

    auto route = std::make_unique<Route>();
    route->pattern = pattern;
    route->handler = std::move(handler);
    route->body_bytes_max = body_bytes_max;

    Node* node = root_.get();
    for (std::size_t depth = 0; depth < path.size; ++depth) {
        const auto segment = path.segments[depth];
        invariant(!segment.empty(), "a pattern has no empty segment");
        if (is_parameter(segment)) {
            route->parameters.emplace_back(depth, segment.substr(1, segment.size() - 2));
            node = &node->parameter_or_new();
        } else {
            node = &node->literal_or_new(segment);
        }
    }
    auto& place = node->routes[index_of(method)];
    invariant(!place, "a method is added to a path once");
    place = std::move(route);
    node->renew_allow();
    ++size_;
}

// Depth first, literals before the parameter; a dead end under a literal falls back to the latter.
const RouteTable::Node* RouteTable::find(const Node& node, const Path& path, std::size_t depth)
    const {
    if (depth == path.size) return node.allow.empty() ? nullptr : &node;
    const auto segment = path.segments[depth];
    if (const Node* child = node.literal(segment)) {
        if (const Node* found = find(*child, path, depth + 1)) return found;
    }
    if (!node.parameter || segment.empty()) return nullptr;
    return find(*node.parameter, path, depth + 1);
}

RouteTable::Match RouteTable::match(Method method, std::string_view raw_path) const {
    Path path;
    switch (split(raw_path, path)) {
        case Split::bad: return {.outcome = Outcome::bad_path};
        case Split::too_deep: return {.outcome = Outcome::unknown_path};
        case Split::done: break;
    }
    const Node* node = find(*root_, path, 0);
    if (node == nullptr) return {.outcome = Outcome::unknown_path};

    const Route* route = nullptr;
    if (method != Method::other) route = node->routes[index_of(method)].get();
    if (route == nullptr && method == Method::head)
        route = node->routes[index_of(Method::get)].get();
    if (route == nullptr) return {.outcome = Outcome::method_not_allowed, .allow = node->allow};

    Match match{.outcome = Outcome::found, .route = route, .allow = node->allow};
    match.parameters.reserve(route->parameters.size());
    for (const auto& [depth, name] : route->parameters)
        match.parameters.emplace_back(name, path.segments[depth]);
    return match;
}

void RouteTable::list(const Node& node, std::vector<Listed>& listed) {
    for (std::size_t method = 0; method < methods; ++method) {
        if (const auto& route = node.routes[method])
            listed.push_back({static_cast<Method>(method), route->pattern});
    }
    for (const auto& [text, child] : node.literals) list(*child, listed);
    if (node.parameter) list(*node.parameter, listed);
}

std::vector<RouteTable::Listed> RouteTable::list() const {
    std::vector<Listed> listed;
    list(*root_, listed);
    std::ranges::stable_sort(listed, std::less(), &Listed::pattern);
    return listed;
}

}  // namespace verbatim::api
