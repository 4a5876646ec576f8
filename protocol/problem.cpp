#include "protocol/problem.hpp"

#include "domain/invariant.hpp"
#include "protocol/object_writer.hpp"
#include "protocol/problem_rules.hpp"

#include <algorithm>
#include <array>

namespace verbatim {
namespace {

// For what no rule says.
constexpr auto other_codes = std::to_array<ProblemCode>({
    {"not_json", 400, "Not JSON"},
    {"bad_request", 400, "Bad request"},
    {"not_authenticated", 401, "Not authenticated"},
    {"not_allowed", 403, "Not allowed"},
    {"scope_is_missing", 403, "Scope is missing"},
    {"not_a_member_then", 403, "Not a member then"},
    {"not_found", 404, "Not found"},
    {"key_not_found", 404, "Key not found"},
    {"method_not_allowed", 405, "Method not allowed"},
    {"request_timeout", 408, "Request timeout"},
    {"upload_offset_mismatch", 409, "Upload offset mismatch"},
    {"user_has_too_many_uploads", 409, "User has too many uploads"},
    {"upload_expired", 410, "Upload expired"},
    {"tus_version_not_supported", 412, "Tus version not supported"},
    {"room_has_moved_on", 412, "Room has moved on"},
    {"content_too_large", 413, "Content too large"},
    {"uri_too_long", 414, "URI too long"},
    {"unsupported_media_type", 415, "Unsupported media type"},
    {"range_not_satisfiable", 416, "Range not satisfiable"},
    {"expectation_failed", 417, "Expectation failed"},
    {"invalid_field", 422, "Invalid field"},
    {"idempotency_key_reused", 422, "Idempotency key reused"},
    {"upload_is_busy", 423, "Upload is busy"},
    {"upgrade_required", 426, "Upgrade required"},
    {"rate_limited", 429, "Rate limited"},
    {"headers_too_large", 431, "Headers too large"},
    {"checksum_mismatch", 460, "Checksum mismatch"},
    {"internal_error", 500, "Internal error"},
    {"not_implemented", 501, "Not implemented"},
    {"not_taking_commands", 503, "Not taking commands"},
    {"outcome_unknown", 503, "Outcome unknown"},
    {"storage_failed", 503, "Storage failed"},
    {"behind", 503, "Behind"},
    {"not_ready", 503, "Not ready"},
    {"search_timed_out", 503, "Search timed out"},
    {"overloaded", 503, "Overloaded"},
    {"http_version_not_supported", 505, "HTTP version not supported"},
});

constexpr int draining_retry_seconds = 5;       // another node, or this one after its restart
constexpr int intervention_retry_seconds = 30;  // somebody has to make room, repair or restart
constexpr int behind_retry_seconds = 1;

int status_of(Rule rule) {
    switch (rule) {
        case Rule::credentials_have_changed:
        case Rule::session_is_not_open:
        case Rule::refresh_token_was_used: return 401;
        case Rule::banned:
        case Rule::actor_is_not_member:
        case Rule::actor_may_not_send:
        case Rule::actor_may_not_manage_members:
        case Rule::actor_may_not_manage_room:
        case Rule::actor_is_not_owner:
        case Rule::actor_is_not_sender:
        case Rule::actor_may_not_delete_message:
        case Rule::actor_may_not_pin: return 403;
        case Rule::room_not_found:
        case Rule::user_not_found:
        case Rule::user_is_not_member:
        case Rule::message_not_found:
        case Rule::invite_link_not_found:
        case Rule::reply_target_not_found:
        case Rule::attachment_not_found: return 404;
        case Rule::invite_link_has_ended: return 410;
        case Rule::username_is_taken:
        case Rule::user_has_too_many_keys:
        case Rule::is_held:
        case Rule::server_has_too_many_holds:
        case Rule::room_has_too_many_invite_links:
        case Rule::room_has_too_many_pins:
        case Rule::message_has_too_many_edits:
        case Rule::message_has_too_many_reactions:
        case Rule::account_is_not_active:
        case Rule::room_is_archived:
        case Rule::room_is_direct:
        case Rule::room_is_full:
        case Rule::room_needs_an_owner:
        case Rule::room_already_exists:
        case Rule::room_has_too_many_invites:
        case Rule::room_has_too_many_bans:
        case Rule::max_members_is_below_member_count:
        case Rule::alias_is_taken:
        case Rule::user_is_banned:
        case Rule::message_is_deleted: return 409;
        case Rule::direct_needs_one_other_member:
        case Rule::read_marker_is_beyond_room: return 422;
    }
    broken_invariant("every Rule is listed above");
}

// The member of the request that a rule's 422 is about.
std::optional<std::string> field_of(Rule rule) {
    if (rule == Rule::direct_needs_one_other_member) return "members";
    if (rule == Rule::read_marker_is_beyond_room) return "up_to";
    return std::nullopt;
}

const ProblemCode& listed(std::string_view code) {
    const auto codes = problem_codes();
    const auto found = std::ranges::find(codes, code, &ProblemCode::code);
    invariant(found != codes.end(), "a problem's code is on the list");
    return *found;
}

Problem problem_with(std::string_view code, std::string detail) {
    const ProblemCode& known = listed(code);
    Problem problem;
    problem.status = known.status;
    problem.code = known.code;
    problem.detail = std::move(detail);
    return problem;
}

// Every 503 says why, for programs, and where it helps when to come back.
Problem unavailable(
    std::string_view code, std::string reason, std::string detail, std::optional<int> retry_after
) {
    Problem problem = problem_with(code, std::move(detail));
    problem.reason = std::move(reason);
    problem.retry_after_seconds = retry_after;
    return problem;
}

Problem storage_failed() {
    return unavailable(
        "storage_failed",
        "storage_failed",
        "Reading failed. Nothing was changed.",
        intervention_retry_seconds
    );
}

std::string_view code_of_status(int status) {
    switch (status) {
        case 400: return "bad_request";
        case 404: return "not_found";
        case 405: return "method_not_allowed";
        case 408: return "request_timeout";
        case 413: return "content_too_large";
        case 414: return "uri_too_long";
        case 415: return "unsupported_media_type";
        case 417: return "expectation_failed";
        case 426: return "upgrade_required";
        case 431: return "headers_too_large";
        case 501: return "not_implemented";
        case 503: return "overloaded";
        case 505: return "http_version_not_supported";
        default: return "internal_error";
    }
}

std::vector<ProblemCode> all_codes() {
    std::vector<ProblemCode> codes(other_codes.begin(), other_codes.end());
    for (const RuleText& about : rule_texts)
        codes.push_back({code_of(about.rule), status_of(about.rule), about.title});
    return codes;
}

}  // namespace

Problem problem_of(Rule rule) {
    Problem problem;
    problem.status = status_of(rule);
    problem.code = code_of(rule);
    problem.detail = text_about(rule).detail;
    problem.field = field_of(rule);
    return problem;
}

Problem problem_of(const CommandError& error) {
    switch (error.fault) {
        case CommandFault::refused: return problem_of(error.rule);
        case CommandFault::room_has_moved_on: {
            Problem problem = problem_with(
                "room_has_moved_on", "The room is no longer where If-Match says. Nothing was done."
            );
            problem.current_room_seq = error.current.value();
            return problem;
        }
        case CommandFault::idempotency_key_reused:
            return problem_with(
                "idempotency_key_reused",
                "This Idempotency-Key came with another request before. Nothing was done."
            );
        case CommandFault::queue_is_full:
            return unavailable(
                "not_taking_commands",
                "queue_full",
                "Too many commands are waiting. Nothing was done.",
                1
            );
        case CommandFault::not_taking_commands:
            return unavailable(
                "not_taking_commands",
                error.reason,
                "This node takes no commands at the moment. Nothing was done.",
                error.reason == "draining" ? draining_retry_seconds : intervention_retry_seconds
            );
        case CommandFault::outcome_unknown:
            return unavailable(
                "outcome_unknown",
                "outcome_unknown",
                "It may have happened or not. Send it again with the same Idempotency-Key.",
                std::nullopt
            );
        case CommandFault::storage_failed: return storage_failed();
    }
    broken_invariant("every CommandFault is listed above");
}

Problem problem_of(const StoreError& /*for the log only*/) {
    return storage_failed();
}

Problem problem_named(std::string_view code, std::string detail) {
    return problem_with(code, std::move(detail));
}

Problem not_json(std::string detail) {
    return problem_with("not_json", std::move(detail));
}

Problem bad_request(std::string detail) {
    return problem_with("bad_request", std::move(detail));
}

Problem not_authenticated(std::string detail) {
    return problem_with("not_authenticated", std::move(detail));
}

Problem not_allowed(std::string detail) {
    return problem_with("not_allowed", std::move(detail));
}

Problem scope_is_missing(std::string detail) {
    return problem_with("scope_is_missing", std::move(detail));
}

Problem not_a_member_then() {
    return problem_with(
        "not_a_member_then", "This room shows its members only what was said while they were in it."
    );
}

Problem not_found(std::string detail) {
    return problem_with("not_found", std::move(detail));
}

Problem key_not_found() {
    return problem_with("key_not_found", "You have no API key with this id.");
}

Problem invalid_field(std::string field, std::string detail) {
    Problem problem = problem_with("invalid_field", std::move(detail));
    problem.field = std::move(field);
    return problem;
}

Problem rate_limited(std::string limiter, int retry_after_seconds) {
    Problem problem = problem_with("rate_limited", "Too many requests. Come back later.");
    problem.limiter = std::move(limiter);
    problem.retry_after_seconds = retry_after_seconds;
    return problem;
}

Problem behind() {
    return unavailable(
        "behind", "behind", "This node does not show that position yet.", behind_retry_seconds
    );
}

Problem not_ready(std::string reason) {
    return unavailable(
        "not_ready", std::move(reason), "This node is not ready yet.", draining_retry_seconds
    );
}

Problem search_timed_out() {
    return unavailable(
        "search_timed_out",
        "search_timed_out",
        "The search took too long. Ask for rarer words, or in fewer rooms.",
        behind_retry_seconds
    );
}

Problem not_the_leader() {
    return unavailable(
        "not_taking_commands",
        "not_the_leader",
        "Another process leads this log: nothing of this one's is to be followed.",
        intervention_retry_seconds
    );
}

Problem http_problem(int status, std::string detail) {
    Problem problem = problem_with(code_of_status(status), std::move(detail));
    if (problem.status == 503) {
        problem.reason = "overloaded";
        problem.retry_after_seconds = 1;
    }
    return problem;
}

std::string to_json(const Problem& problem, std::string_view request_id) {
    std::string type("/docs/problems#");
    type += problem.code;
    std::string out;
    ObjectWriter object(out);
    object.put("type", type);
    object.put("title", listed(problem.code).title);
    object.put("status", static_cast<std::uint64_t>(problem.status));
    object.put("detail", problem.detail);
    object.put("code", problem.code);
    object.put("request_id", request_id);
    object.put_if("field", problem.field);
    object.put_if("current_room_seq", problem.current_room_seq);
    object.put_if("limiter", problem.limiter);
    object.put_if("reason", problem.reason);
    if (problem.retry_after_seconds)
        object.put("retry_after", static_cast<std::uint64_t>(*problem.retry_after_seconds));
    object.close();
    return out;
}

std::span<const ProblemCode> problem_codes() {
    static const std::vector<ProblemCode> codes = all_codes();
    return codes;
}

}  // namespace verbatim
