#include "api/docs_routes.hpp"

#include <algorithm>
#include <array>
#include <vector>

namespace verbatim::api {

namespace {

struct Advice {
    std::string_view code;
    std::string_view text;
};

// For the codes that stand for no rule of the domain; a rule explains itself.
constexpr auto advices = std::to_array<Advice>({
    {"not_json", "Send one JSON object in UTF-8, nested at most 32 deep."},
    {"bad_request",
     "The request cannot be understood: the path is not percent-encoded UTF-8, or a header is "
     "malformed. The detail says which."},
    {"not_authenticated",
     "Log in, or refresh the session, and send its access token as Authorization: Bearer."},
    {"not_allowed", "You are known, and may not do this. Sending it again will not help."},
    {"scope_is_missing",
     "Use an API key that has the scope which the detail names, or the access token of a session."},
    {"not_a_member_then", "This room shows its members only what was said while they were in it."},
    {"not_found", "There is no such thing, or you may not know of it."},
    {"key_not_found", "You have no API key with this id; GET /api/v1/users/me/keys lists them."},
    {"method_not_allowed", "Use one of the methods that the Allow header names."},
    {"request_timeout", "Send the whole request sooner after its beginning."},
    {"upload_offset_mismatch",
     "Ask for the Upload-Offset with HEAD, and go on with the bytes from there."},
    {"user_has_too_many_uploads", "Finish uploads, or give some up with DELETE."},
    {"upload_expired", "The upload was not gone on with in time. Begin another one."},
    {"tus_version_not_supported", "Send Tus-Resumable: 1.0.0."},
    {"room_has_moved_on",
     "Something else happened in the room since the room_seq of If-Match. Read what, decide again, "
     "and send it with current_room_seq."},
    {"content_too_large", "Send less: GET /api/v1/limits lists every bound."},
    {"uri_too_long", "Send a shorter path or query."},
    {"unsupported_media_type", "Send application/json and say so in Content-Type."},
    {"range_not_satisfiable", "Ask for bytes that the file has; Content-Range says how many."},
    {"expectation_failed", "Send no Expect header but 100-continue."},
    {"invalid_field",
     "The member, parameter or header that `field` names is missing, of the wrong type or out of "
     "bounds."},
    {"idempotency_key_reused",
     "This Idempotency-Key came with another request before. Use a key for one request only."},
    {"upload_is_busy", "Another request works on this upload. Wait for its end, then use HEAD."},
    {"upgrade_required", "This port speaks WebSocket only: open a feed, or use the HTTP port."},
    {"rate_limited", "Wait for the seconds of Retry-After, then send it again."},
    {"headers_too_large", "Send fewer or shorter headers."},
    {"checksum_mismatch", "Nothing of the chunk was kept. Send it again."},
    {"internal_error",
     "A fault of the server. Tell whoever runs it the request_id; a command may be sent again with "
     "the same Idempotency-Key."},
    {"not_implemented", "Use HTTP methods and transfer codings that RFC 9110 and 9112 define."},
    {"not_taking_commands",
     "Nothing was done, and `reason` says why. Send it again after Retry-After, or to another "
     "node."},
    {"outcome_unknown",
     "It may have happened or not. Send it again with the same Idempotency-Key to find out."},
    {"storage_failed",
     "The node cannot read or write what it keeps. Nothing was changed; its operator has to look."},
    {"search_timed_out", "Search for rarer words, in fewer rooms or in a shorter time."},
    {"behind",
     "This node does not show the position of Verbatim-Min-Position yet. Ask again, or another "
     "node."},
    {"not_ready", "The node is starting, and /readyz will say when it is ready."},
    {"http_version_not_supported", "Speak HTTP/1.1."},
    {"overloaded", "The node has more to do than it can. Come back after Retry-After."},
});

std::string_view detail_of_rule(std::string_view code) {
    struct Explained {
        std::string_view code;
        std::string detail;
    };
    static const std::vector<Explained> rules = [] {
        std::vector<Explained> all;
        // The last Rule; problem_of() has a case for each, so none is without one.
        constexpr auto last = static_cast<int>(Rule::read_marker_is_beyond_room);
        for (int rule = 0; rule <= last; ++rule) {
            Problem problem = problem_of(static_cast<Rule>(rule));
            all.push_back({problem.code, std::move(problem.detail)});
        }
        return all;
    }();
    const auto found = std::ranges::find(rules, code, &Explained::code);
    return found == rules.end() ? std::string_view() : found->detail;
}

void append_escaped(std::string& out, std::string_view text) {
    for (const char c : text) {
        switch (c) {
            case '<': out += "&lt;"; break;
            case '>': out += "&gt;"; break;
            case '&': out += "&amp;"; break;
            case '"': out += "&quot;"; break;
            default: out += c;
        }
    }
}

void append_problem(std::string& out, const ProblemCode& problem) {
    out.append("<section id=\"").append(problem.code).append("\">\n<h3>");
    append_escaped(out, problem.title);
    out.append("</h3>\n<p><code>").append(problem.code).append("</code></p>\n<p>");
    append_escaped(out, advice_about(problem.code));
    out += "</p>\n</section>\n";
}

}  // namespace

std::string_view advice_about(std::string_view code) {
    const auto found = std::ranges::find(advices, code, &Advice::code);
    return found == advices.end() ? detail_of_rule(code) : found->text;
}

std::string problem_page() {
    const auto listed = problem_codes();
    std::vector<ProblemCode> codes(listed.begin(), listed.end());
    std::ranges::stable_sort(codes, std::less(), &ProblemCode::status);
    std::string out =
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
        "<title>Verbatim: problems</title>\n"
        "<link rel=\"icon\" type=\"image/png\" href=\"/docs/favicon.png\">\n"
        "<link rel=\"stylesheet\" href=\"/docs/docs.css\">\n</head>\n<body>\n"
        "<nav><a href=\"/docs\">API</a></nav>\n<main class=\"problems\">\n<h1>Problems</h1>\n"
        "<p>What was not done is answered as <code>application/problem+json</code> (RFC 9457). "
        "Programs look at <code>code</code>; this is every code there is.</p>\n";
    int status = 0;
    for (const ProblemCode& problem : codes) {
        if (problem.status != status) {
            status = problem.status;
            out += "<h2>" + std::to_string(status) + "</h2>\n";
        }
        append_problem(out, problem);
    }
    out += "</main>\n</body>\n</html>\n";
    return out;
}

}  // namespace verbatim::api
