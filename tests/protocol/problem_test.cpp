#include "protocol/problem.hpp"

#include "domain/rejection.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <set>

namespace verbatim::testing {
namespace {

constexpr auto last_rule = Rule::read_marker_is_beyond_room;

std::vector<Rule> all_rules() {
    std::vector<Rule> rules;
    for (int i = 0; i <= static_cast<int>(last_rule); ++i) rules.push_back(static_cast<Rule>(i));
    return rules;
}

const ProblemCode* listed(std::string_view code) {
    for (const ProblemCode& known : problem_codes())
        if (known.code == code) return &known;
    return nullptr;
}

void expect_listed(const Problem& problem) {
    const ProblemCode* known = listed(problem.code);
    ASSERT_NE(known, nullptr) << problem.code;
    EXPECT_EQ(known->status, problem.status) << problem.code;
    EXPECT_FALSE(known->title.empty()) << problem.code;
    EXPECT_FALSE(problem.detail.empty()) << problem.code;
}

CommandError fault(CommandFault fault) {
    return {.fault = fault, .rule = {}, .current = {}, .reason = {}};
}

TEST(ProblemCodes, AreUnique) {
    std::set<std::string_view> codes;
    for (const ProblemCode& known : problem_codes())
        EXPECT_TRUE(codes.insert(known.code).second) << known.code;
    EXPECT_GT(codes.size(), all_rules().size());
}

TEST(ProblemOfRule, IsListedForEachRuleUnderItsOwnName) {
    for (const Rule rule : all_rules()) {
        const Problem problem = problem_of(rule);
        expect_listed(problem);
        EXPECT_EQ(problem.code, code_of(rule));
    }
}

TEST(ProblemOfRule, HasTheStatusThatTheContractGivesItsKind) {
    const std::pair<Rule, int> expected[] = {
        {Rule::credentials_have_changed, 401},
        {Rule::session_is_not_open, 401},
        {Rule::refresh_token_was_used, 401},
        {Rule::banned, 403},
        {Rule::actor_is_not_member, 403},
        {Rule::actor_is_not_owner, 403},
        {Rule::actor_may_not_send, 403},
        {Rule::room_not_found, 404},
        {Rule::user_is_not_member, 404},
        {Rule::message_not_found, 404},
        {Rule::attachment_not_found, 404},
        {Rule::username_is_taken, 409},
        {Rule::room_is_full, 409},
        {Rule::room_needs_an_owner, 409},
        {Rule::room_is_archived, 409},
        {Rule::user_is_banned, 409},
        {Rule::message_is_deleted, 409},
        {Rule::read_marker_is_beyond_room, 422},
        {Rule::direct_needs_one_other_member, 422},
    };
    for (const auto& [rule, status] : expected)
        EXPECT_EQ(problem_of(rule).status, status) << code_of(rule);
}

TEST(ProblemOfRule, NamesTheMemberThatA422IsAbout) {
    EXPECT_EQ(problem_of(Rule::read_marker_is_beyond_room).field, "up_to");
    EXPECT_EQ(problem_of(Rule::direct_needs_one_other_member).field, "members");
    for (const Rule rule : all_rules())
        EXPECT_EQ(problem_of(rule).field.has_value(), problem_of(rule).status == 422)
            << code_of(rule);
}

TEST(ProblemOfCommandError, IsTheRulesWhereARuleRefused) {
    CommandError error = fault(CommandFault::refused);
    error.rule = Rule::room_is_full;
    EXPECT_EQ(problem_of(error).code, "room_is_full");
}

TEST(ProblemOfCommandError, SaysWhereTheRoomIsNowWhenIfMatchFailed) {
    CommandError error = fault(CommandFault::room_has_moved_on);
    error.current = Version(42);
    const Problem problem = problem_of(error);
    expect_listed(problem);
    EXPECT_EQ(problem.status, 412);
    EXPECT_EQ(problem.current_room_seq, 42U);
}

TEST(ProblemOfCommandError, RefusesAReusedKeyWith422) {
    const Problem problem = problem_of(fault(CommandFault::idempotency_key_reused));
    expect_listed(problem);
    EXPECT_EQ(problem.status, 422);
    EXPECT_EQ(problem.code, "idempotency_key_reused");
}

TEST(ProblemOfCommandError, SaysWhyNoCommandsAreTakenAndWhenToComeBack) {
    const Problem full = problem_of(fault(CommandFault::queue_is_full));
    expect_listed(full);
    EXPECT_EQ(full.status, 503);
    EXPECT_EQ(full.reason, "queue_full");
    EXPECT_EQ(full.retry_after_seconds, 1);

    CommandError error = fault(CommandFault::not_taking_commands);
    error.reason = "disk_almost_full";
    const Problem paused = problem_of(error);
    expect_listed(paused);
    EXPECT_EQ(paused.status, 503);
    EXPECT_EQ(paused.reason, "disk_almost_full");
    EXPECT_GE(paused.retry_after_seconds.value_or(0), 1);
}

TEST(ProblemOfCommandError, AdmitsThatAnOutcomeIsUnknown) {
    const Problem problem = problem_of(fault(CommandFault::outcome_unknown));
    expect_listed(problem);
    EXPECT_EQ(problem.status, 503);
    EXPECT_EQ(problem.code, "outcome_unknown");
    EXPECT_EQ(problem.reason, "outcome_unknown");
}

TEST(ProblemOfStoreError, KeepsTheDetailForTheLog) {
    const Problem problem = problem_of(StoreError{
        .fault = StoreFault::io_failed, .position = {}, .detail = "/srv/data/log: EIO"});
    expect_listed(problem);
    EXPECT_EQ(problem.status, 503);
    EXPECT_EQ(problem.code, "storage_failed");
    EXPECT_EQ(to_json(problem, "r1").find("/srv"), std::string::npos);
}

TEST(Problem, IsListedHoweverItIsMade) {
    for (const Problem& problem :
         {not_json("x"),
          bad_request("x"),
          not_authenticated("x"),
          not_allowed("x"),
          scope_is_missing("x"),
          not_a_member_then(),
          key_not_found(),
          not_found("x"),
          invalid_field("text", "x"),
          rate_limited("commands_per_user", 3),
          behind(),
          not_ready("rebuilding"),
          problem_of(fault(CommandFault::storage_failed))})
        expect_listed(problem);
    for (const int status :
         {400, 404, 405, 408, 413, 414, 415, 417, 426, 431, 500, 501, 503, 505}) {
        expect_listed(http_problem(status, "x"));
        EXPECT_EQ(http_problem(status, "x").status, status);
    }
    EXPECT_EQ(http_problem(418, "x").status, 500);
}

TEST(Problem, OfTheHttpLayerHasTheCodeOfItsStatus) {
    const std::pair<int, std::string_view> expected[] = {
        {417, "expectation_failed"},
        {426, "upgrade_required"},
        {501, "not_implemented"},
        {505, "http_version_not_supported"},
    };
    for (const auto& [status, code] : expected) EXPECT_EQ(http_problem(status, "x").code, code);
}

TEST(Problem, SaysWhyWheneverItIs503) {
    for (const Problem& problem :
         {behind(),
          not_ready("rebuilding"),
          http_problem(503, "x"),
          problem_of(fault(CommandFault::storage_failed)),
          problem_of(fault(CommandFault::outcome_unknown))})
        EXPECT_TRUE(problem.reason.has_value()) << problem.code;
}

TEST(ProblemJson, HoldsWhatTheContractAsksFor) {
    EXPECT_EQ(
        to_json(problem_of(Rule::room_is_full), "req-1"),
        R"({"type":"/docs/problems#room_is_full","title":"Room is full","status":409,)"
        R"("detail":"The room has as many members as it may have.","code":"room_is_full",)"
        R"("request_id":"req-1"})"
    );
}

TEST(ProblemJson, AddsTheMembersThatThereAre) {
    const auto field =
        nlohmann::json::parse(to_json(invalid_field("te\"xt", "is \n missing"), "r"));
    EXPECT_EQ(field.at("field"), "te\"xt");
    EXPECT_EQ(field.at("detail"), "is \n missing");
    EXPECT_EQ(field.count("limiter"), 0U);

    const auto limited = nlohmann::json::parse(to_json(rate_limited("logins_per_address", 7), "r"));
    EXPECT_EQ(limited.at("limiter"), "logins_per_address");
    EXPECT_EQ(limited.at("retry_after"), 7);

    CommandError error = fault(CommandFault::room_has_moved_on);
    error.current = Version(9);
    EXPECT_EQ(nlohmann::json::parse(to_json(problem_of(error), "r")).at("current_room_seq"), 9);
}

}  // namespace
}  // namespace verbatim::testing
