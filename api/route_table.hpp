#pragma once

#include "api/http.hpp"
#include "api/http_limits.hpp"

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace verbatim::api {

// Which handler answers which method on which path. Filled before the server starts, then only
// read: match() may be called from any thread at any time.
//
// A pattern is "/" or segments after slashes; a segment is literal text or a whole "{name}", which
// takes any one segment that is not empty. Literals win over parameters: "/users/me" before
// "/users/{user_id}". The path is split first and percent-decoded then, so "%2F" never divides.
// There is no normalization: a last slash, "//" and "/../" are simply other paths.
class RouteTable {
public:
    struct Route {
        std::string pattern;
        Handler handler;
        std::size_t body_bytes_max = 0;
        std::vector<std::pair<std::size_t, std::string>> parameters;  // which segment, its name
    };

    enum class Outcome {
        found,
        bad_path,            // broken percent-encoding, or not UTF-8 once decoded
        unknown_path,        // no pattern matches
        method_not_allowed,  // the path is known, but not with this method
    };

    struct Match {
        Outcome outcome = Outcome::unknown_path;
        const Route* route = nullptr;  // when found
        std::string_view allow{};      // when the path is known: "GET, HEAD, OPTIONS"
        std::vector<std::pair<std::string, std::string>> parameters{};  // when found
    };

    RouteTable();
    ~RouteTable();
    RouteTable(RouteTable&&) noexcept;
    RouteTable& operator=(RouteTable&&) noexcept;

    // Adds a route. HEAD is served by the handler of GET unless it has its own; OPTIONS is answered
    // by the server unless it has its own (a CORS pre-flight always is).
    //
    // Requires: a well-formed pattern, not added with this method before; not Method::other.
    void add(
        Method method,
        std::string_view pattern,
        Handler handler,
        std::size_t body_bytes_max = limits::http_body_bytes_default
    );

    // `raw_path` is the path as it was sent: still percent-encoded, without the query.
    [[nodiscard]] Match match(Method method, std::string_view raw_path) const;

    [[nodiscard]] std::size_t size() const { return size_; }

    // Every route as it was added, by pattern: what documents are compared with.
    struct Listed {
        Method method = Method::other;
        std::string pattern;
    };
    [[nodiscard]] std::vector<Listed> list() const;

private:
    struct Node;
    struct Path;

    [[nodiscard]] const Node* find(const Node& node, const Path& path, std::size_t depth) const;
    static void list(const Node& node, std::vector<Listed>& listed);

    std::unique_ptr<Node> root_;
    std::size_t size_ = 0;
};

}  // namespace verbatim::api
