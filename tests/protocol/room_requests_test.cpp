#include "domain/type_id.hpp"
#include "protocol/request_json.hpp"
#include "tests/domain/scenario.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace verbatim::testing {
namespace {

using nlohmann::json;

template <class T>
void expect_422(const Answer<T>& answer, std::string_view field) {
    ASSERT_FALSE(answer.has_value()) << field;
    EXPECT_EQ(answer.error().status, 422) << field;
    EXPECT_EQ(answer.error().field, std::string(field));
}

json group() {
    return {{"name", "Hall"}};
}

json with(json body, const char* name, json value) {
    body[name] = std::move(value);
    return body;
}

json user_ids(std::uint32_t count) {
    json ids = json::array();
    for (std::uint32_t i = 1; i <= count; ++i) ids.push_back(to_text(numbered<UserId>(i)));
    return ids;
}

// A member with what it may hold at its bounds, and what not.
struct Bounds {
    const char* name;
    std::vector<json> good;
    std::vector<json> bad;
};

std::vector<Bounds> settings() {
    return {
        {"name",
         {"x", std::string(100, 'x')},
         {"", std::string(101, 'x'), "a\rb", 7, json::array()}},
        {"description",
         {"", std::string(1'000, 'x'), "two\nlines"},
         {std::string(1'001, 'x'), false}},
        {"alias",
         {"abc", std::string(64, 'a'), "the.hall-2_"},
         {"ab", std::string(65, 'a'), "a b", "#hall", 1}},
        {"visibility", {"public", "private"}, {"Public", "", "hidden", 0}},
        {"history", {"shared", "since_join"}, {"all", true}},
        {"max_members", {2, 100'000}, {1, 100'001, 0, -5, 2.0, "10", 1e30, false}},
    };
}

TEST(ReadCreateRoom, FillsInTheDefaults) {
    const auto room = read_create_room(group()).value();
    EXPECT_EQ(room.kind, RoomKind::group);
    EXPECT_EQ(room.name, "Hall");
    EXPECT_EQ(room.description, std::nullopt);
    EXPECT_EQ(room.alias, std::nullopt);
    EXPECT_EQ(room.visibility, Visibility::public_);
    EXPECT_EQ(room.history, History::shared);
    EXPECT_EQ(room.max_members, 1'000U);
    EXPECT_TRUE(room.members.empty());
}

TEST(ReadCreateRoom, TakesEveryMember) {
    const auto room = read_create_room({{"kind", "channel"},
                                        {"name", "News"},
                                        {"description", "What is new"},
                                        {"alias", "The.News"},
                                        {"visibility", "private"},
                                        {"history", "since_join"},
                                        {"max_members", 50},
                                        {"members", user_ids(2)},
                                        {"unknown", json::object()}}
    ).value();
    EXPECT_EQ(room.kind, RoomKind::channel);
    EXPECT_EQ(room.name, "News");
    EXPECT_EQ(room.description, "What is new");
    EXPECT_EQ(room.alias, "the.news");
    EXPECT_EQ(room.visibility, Visibility::private_);
    EXPECT_EQ(room.history, History::since_join);
    EXPECT_EQ(room.max_members, 50U);
    EXPECT_EQ(room.members, (std::vector{alice, bob}));
}

TEST(ReadCreateRoom, HoldsEverySettingToItsBounds) {
    for (const Bounds& setting : settings()) {
        for (const json& good : setting.good)
            EXPECT_TRUE(read_create_room(with(group(), setting.name, good)).has_value())
                << setting.name << " " << good;
        for (const json& bad : setting.bad)
            expect_422(read_create_room(with(group(), setting.name, bad)), setting.name);
    }
}

TEST(ReadCreateRoom, NeedsANameUnlessDirect) {
    expect_422(read_create_room(json::object()), "name");
    expect_422(read_create_room({{"name", nullptr}}), "name");
    EXPECT_TRUE(read_create_room({{"kind", "direct"}, {"members", user_ids(1)}}).has_value());
}

TEST(ReadCreateRoom, RefusesAnUnknownKind) {
    expect_422(read_create_room(with(group(), "kind", "party")), "kind");
    expect_422(read_create_room(with(group(), "kind", 1)), "kind");
}

TEST(ReadCreateRoom, TakesAHundredMembersAndRefusesOneMore) {
    EXPECT_EQ(
        read_create_room(with(group(), "members", user_ids(100))).value().members.size(), 100U
    );
    expect_422(read_create_room(with(group(), "members", user_ids(101))), "members");
}

TEST(ReadCreateRoom, RefusesMembersThatAreNoUserIds) {
    for (const json& bad :
         {json("user_1"),
          json(json::array({7})),
          json(json::array({"bob"})),
          json(json::array({to_text(numbered<RoomId>(1))}))})
        expect_422(read_create_room(with(group(), "members", bad)), "members");
}

TEST(ReadCreateRoom, CountsAMemberNamedTwiceOnce) {
    const std::string one = to_text(alice);
    EXPECT_EQ(
        read_create_room(with(group(), "members", {one, one})).value().members, std::vector{alice}
    );
}

TEST(ReadCreateRoom, NeedsExactlyOneMemberWhenDirect) {
    for (const std::uint32_t count : {0U, 2U}) {
        const auto refused = read_create_room({{"kind", "direct"}, {"members", user_ids(count)}});
        expect_422(refused, "members");
        EXPECT_EQ(refused.error().code, "direct_needs_one_other_member");
    }
}

TEST(ReadUpdateRoom, ChangesNothingThatIsNotNamed) {
    const auto update = read_update_room(json::object()).value();
    EXPECT_FALSE(update.name);
    EXPECT_FALSE(update.description);
    EXPECT_FALSE(update.alias);
    EXPECT_FALSE(update.visibility);
    EXPECT_FALSE(update.history);
    EXPECT_FALSE(update.max_members);
}

TEST(ReadUpdateRoom, HoldsEverySettingToItsBounds) {
    for (const Bounds& setting : settings()) {
        for (const json& good : setting.good)
            EXPECT_TRUE(read_update_room({{setting.name, good}}).has_value())
                << setting.name << " " << good;
        for (const json& bad : setting.bad)
            expect_422(read_update_room({{setting.name, bad}}), setting.name);
    }
}

TEST(ReadUpdateRoom, ClearsByNullWhatARoomCanBeWithout) {
    const auto update = read_update_room({{"description", nullptr}, {"alias", nullptr}}).value();
    ASSERT_TRUE(update.description);
    EXPECT_FALSE(*update.description);
    ASSERT_TRUE(update.alias);
    EXPECT_FALSE(*update.alias);
    for (const char* name : {"name", "visibility", "history", "max_members"})
        expect_422(read_update_room({{name, nullptr}}), name);
}

TEST(ReadPutMember, TakesARoleOrNone) {
    EXPECT_EQ(read_put_member(json::object(), bob).value().role, std::nullopt);
    EXPECT_EQ(read_put_member({{"role", "admin"}}, bob).value().role, MemberRole::admin);
    EXPECT_EQ(read_put_member({{"role", "owner"}}, bob).value().user, bob);
    expect_422(read_put_member({{"role", "king"}}, bob), "role");
    expect_422(read_put_member({{"role", 1}}, bob), "role");
}

TEST(ReadBan, TakesAReasonOrNone) {
    EXPECT_EQ(read_ban(json::object(), bob).value().reason, std::nullopt);
    EXPECT_EQ(read_ban({{"reason", "spam"}}, bob).value().reason, "spam");
    EXPECT_TRUE(read_ban({{"reason", std::string(500, 'x')}}, bob).has_value());
    expect_422(read_ban({{"reason", std::string(501, 'x')}}, bob), "reason");
}

}  // namespace
}  // namespace verbatim::testing
