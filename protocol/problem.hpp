#pragma once

#include "domain/rejection.hpp"
#include "domain/result.hpp"
#include "eventstore/commands/sequencer.hpp"
#include "eventstore/store_error.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace verbatim {

// What both doors say when they do not do what was asked: RFC 9457. `code` is from a closed list
// (problem_codes()); texts are for people and never hold what a library threw, or a path.
struct Problem {
    int status = 500;
    std::string_view code;  // static storage
    std::string detail;
    std::optional<std::string> field;               // 422: the member that is wrong
    std::optional<std::uint64_t> current_room_seq;  // 412
    std::optional<std::string> limiter;             // 429
    std::optional<std::string> reason;              // 503
    std::optional<int> retry_after_seconds;         // also the Retry-After header
};

template <class T>
using Answer = Expected<T, Problem>;

[[nodiscard]] Problem problem_of(Rule rule);
[[nodiscard]] Problem problem_of(const CommandError& error);
// An operating failure while answering a query: 503 storage_failed; the detail goes to the log
// only.
[[nodiscard]] Problem problem_of(const StoreError& error);

// For what no rule of the domain says.
[[nodiscard]] Problem not_json(std::string detail);           // 400
[[nodiscard]] Problem bad_request(std::string detail);        // 400
[[nodiscard]] Problem not_authenticated(std::string detail);  // 401
[[nodiscard]] Problem not_allowed(std::string detail);        // 403
[[nodiscard]] Problem scope_is_missing(std::string detail);   // 403: of an API key
// 403: the room shows its members only the spans of their own membership.
[[nodiscard]] Problem not_a_member_then();
[[nodiscard]] Problem not_found(std::string detail);                               // 404
[[nodiscard]] Problem key_not_found();                                             // 404
[[nodiscard]] Problem invalid_field(std::string field, std::string detail);        // 422
[[nodiscard]] Problem rate_limited(std::string limiter, int retry_after_seconds);  // 429
[[nodiscard]] Problem behind();                                                    // 503
[[nodiscard]] Problem not_ready(std::string reason);                               // 503
[[nodiscard]] Problem search_timed_out();                                          // 503
[[nodiscard]] Problem not_the_leader();                                            // 503
// One of the codes that belong to no rule, such as those of uploads. Requires: `code` is listed.
[[nodiscard]] Problem problem_named(std::string_view code, std::string detail);
// Errors of the HTTP layer: 404, 405, 408, 413, 414, 415, 417, 426, 431, 500, 501, 503, 505.
[[nodiscard]] Problem http_problem(int status, std::string detail);

// application/problem+json.
[[nodiscard]] std::string to_json(const Problem& problem, std::string_view request_id);

struct ProblemCode {
    std::string_view code;
    int status;
    std::string_view title;
};
// Every code there is, with its status and title: for documents and tests.
[[nodiscard]] std::span<const ProblemCode> problem_codes();

}  // namespace verbatim
