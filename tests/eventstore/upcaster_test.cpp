#include "eventstore/upcaster.hpp"

#include <array>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace verbatim {
namespace {

using Json = nlohmann::json;

// v2 says how loud it was. Before v2 nothing was.
Json bell_rung_v1_to_v2(Json facts) {
    facts["loudness"] = 0;
    return facts;
}
// v3 names the tower by a member of its own.
Json bell_rung_v2_to_v3(Json facts) {
    facts["tower"] = facts.at("place").at("tower");
    facts.erase("place");
    return facts;
}
Json clock_struck_v1_to_v2(Json facts) {
    facts["hour"] = 12;
    return facts;
}

constexpr auto steps = std::to_array<UpcastStep>({
    {"bell.rung", 1, &bell_rung_v1_to_v2},
    {"clock.struck", 1, &clock_struck_v1_to_v2},
    {"bell.rung", 2, &bell_rung_v2_to_v3},
});
constexpr auto newest =
    std::to_array<EventType>({{"bell.rung", 3}, {"clock.struck", 2}, {"crow.flew", 1}});
static_assert(is_gapless(steps, newest));

TEST(Upcaster, LiftsTheOldestSchemaThroughEveryStep) {
    const auto facts = upcast(steps, "bell.rung", 1, Json::parse(R"({"place":{"tower":"north"}})"));
    ASSERT_TRUE(facts.has_value());
    EXPECT_EQ(*facts, Json::parse(R"({"loudness":0,"tower":"north"})"));
}

TEST(Upcaster, LiftsALaterSchemaThroughTheStepsThatAreLeft) {
    const auto facts =
        upcast(steps, "bell.rung", 2, Json::parse(R"({"loudness":7,"place":{"tower":"north"}})"));
    ASSERT_TRUE(facts.has_value());
    EXPECT_EQ(*facts, Json::parse(R"({"loudness":7,"tower":"north"})"));
}

TEST(Upcaster, LeavesTheNewestSchemaAsItIs) {
    const Json facts = Json::parse(R"({"loudness":7,"tower":"north"})");
    EXPECT_EQ(upcast(steps, "bell.rung", 3, facts).value(), facts);
    EXPECT_EQ(upcast(steps, "crow.flew", 1, facts).value(), facts);
}

TEST(Upcaster, RefusesFactsThatAreNotWhatTheirSchemaSays) {
    const auto facts = upcast(steps, "bell.rung", 1, Json::parse(R"({"place":"north"})"));
    ASSERT_FALSE(facts.has_value());
    EXPECT_EQ(facts.error().fault, StoreFault::corrupt_record);
    EXPECT_EQ(facts.error().detail, "the facts of bell.rung are not those of schema 2");
}

TEST(UpcastTable, IsRefusedWhenAStepIsMissing) {
    EXPECT_FALSE(is_gapless(std::span(steps).first<2>(), newest));
    EXPECT_FALSE(is_gapless(std::span(steps).last<2>(), newest));
}

TEST(UpcastTable, IsRefusedWhenItLeadsBeyondTheNewestSchema) {
    constexpr auto older = std::to_array<EventType>({{"bell.rung", 2}, {"clock.struck", 2}});
    EXPECT_FALSE(is_gapless(steps, older));
}

TEST(UpcastTable, IsRefusedWhenStepsAreOutOfOrder) {
    constexpr auto reversed = std::to_array<UpcastStep>({steps[2], steps[1], steps[0]});
    EXPECT_FALSE(is_gapless(reversed, newest));
}

TEST(UpcastTable, IsRefusedWhenAStepBelongsToNoType) {
    constexpr auto bells = std::to_array<EventType>({{"bell.rung", 3}});
    EXPECT_FALSE(is_gapless(steps, bells));
}

TEST(UpcastTable, OfThisBuildLeadsToTheSchemasThatItWrites) {
    EXPECT_TRUE(is_gapless(upcast_steps(), event_types()));
}

}  // namespace
}  // namespace verbatim
