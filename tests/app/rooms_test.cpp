#include "tests/app/server_test.hpp"

#include <gmock/gmock.h>

namespace verbatim::testing {

namespace {

using nlohmann::json;
using ::testing::MatchesRegex;

class Rooms : public ServerTest {
protected:
    Person& alice = person("alice");
    Person& bob = person("bob");

    static std::vector<std::string> ids_of(const std::vector<json>& rooms) {
        std::vector<std::string> ids;
        for (const json& room : rooms) ids.push_back(room.at("room_id"));
        return ids;
    }
};

TEST_F(Rooms, AreMadeWithTheContractsDefaults) {
    const HttpAnswer made = alice.post("/rooms", {{"name", "Defaults"}});
    ASSERT_EQ(made.status, 201) << made.body;
    json room = made.json();
    EXPECT_THAT(room.at("room_id").get<std::string>(), MatchesRegex("room_[0-9a-z]{26}"));
    const json wanted = {
        {"kind", "group"},
        {"name", "Defaults"},
        {"description", nullptr},
        {"alias", nullptr},
        {"visibility", "public"},
        {"history", "shared"},
        {"max_members", 1000},
        {"member_count", 1},
        {"created_by", alice.id()},
        {"archived", false},
        {"pinned", json::array()},
        {"last_message", nullptr}};
    for (const auto& [name, value] : wanted.items()) EXPECT_EQ(room.at(name), value) << name;
    EXPECT_EQ(room.at("my").at("role"), "owner");
    EXPECT_EQ(room.at("my").at("unread_count"), 0);
    EXPECT_EQ(room.at("receipt").at("position"), made.position());
    EXPECT_EQ(room.at("receipt").at("room_seq"), made.room_seq());
    EXPECT_EQ(room.at("room_seq"), made.room_seq());

    room.erase("receipt");
    EXPECT_EQ(alice.get("/rooms/" + room.at("room_id").get<std::string>()).json(), room);
}

TEST_F(Rooms, AreMadeWithMembersNamedAtOnce) {
    const std::string room = alice.create_room({{"members", {bob.id(), bob.id(), alice.id()}}});
    const auto members = alice.all_pages("/rooms/" + room + "/members");
    ASSERT_EQ(members.size(), 2u);
    EXPECT_EQ(bob.get("/rooms/" + room).json().at("my").at("role"), "member");
}

TEST_F(Rooms, AreRefusedBeyondTheBoundsNamingTheMember) {
    const std::pair<json, std::string> refused[] = {
        {json::object(), "name"},
        {{{"name", ""}}, "name"},
        {{{"name", std::string(101, 'n')}}, "name"},
        {{{"name", "line\u0007bell"}}, "name"},
        {{{"name", "x"}, {"description", std::string(1001, 'd')}}, "description"},
        {{{"name", "x"}, {"alias", "ab"}}, "alias"},
        {{{"name", "x"}, {"alias", "no spaces"}}, "alias"},
        {{{"name", "x"}, {"kind", "forum"}}, "kind"},
        {{{"name", "x"}, {"visibility", "secret"}}, "visibility"},
        {{{"name", "x"}, {"history", "none"}}, "history"},
        {{{"name", "x"}, {"max_members", 1}}, "max_members"},
        {{{"name", "x"}, {"max_members", 100001}}, "max_members"},
        {{{"name", "x"}, {"max_members", "10"}}, "max_members"},
        {{{"name", "x"}, {"members", {"nobody"}}}, "members"},
        {{{"kind", "direct"}}, "members"},
        {{{"kind", "direct"}, {"members", json::array()}}, "members"},
    };
    for (const auto& [body, field] : refused)
        EXPECT_TRUE(is_invalid(alice.post("/rooms", body), field));
}

TEST_F(Rooms, AreFoundByTheirAliasWhichIsUnique) {
    const std::string room = alice.create_room({{"alias", "The-Alias"}});
    const HttpAnswer found = bob.get("/aliases/the-alias");
    ASSERT_EQ(found.status, 200);
    EXPECT_EQ(found.json().at("room_id"), room);
    EXPECT_EQ(found.json().at("alias"), "the-alias");
    EXPECT_TRUE(found.json().at("my").is_null());
    const json taken = {{"name", "x"}, {"alias", "THE-ALIAS"}};
    EXPECT_TRUE(is_problem(bob.post("/rooms", taken), 409, "alias_is_taken"));
    EXPECT_TRUE(is_problem(bob.get("/aliases/no-such-alias"), 404, "room_not_found"));
    // Given up, it is free again.
    EXPECT_EQ(alice.patch("/rooms/" + room, {{"alias", nullptr}}).status, 200);
    EXPECT_EQ(bob.get("/aliases/the-alias").status, 404);
    EXPECT_EQ(bob.post("/rooms", taken).status, 201);
}

TEST_F(Rooms, AreListedPageByPageAsMineAndAsPublic) {
    Person carol = stranger();
    std::vector<std::string> made;
    for (int i = 0; i < 5; ++i)
        made.push_back(carol.create_room({{"name", "listed " + std::to_string(i)}}));
    const std::string hidden =
        carol.create_room({{"name", "listed no more"}, {"visibility", "private"}});

    auto mine = ids_of(carol.all_pages("/rooms?scope=mine&limit=2"));
    auto all = made;
    all.push_back(hidden);
    EXPECT_THAT(mine, ::testing::UnorderedElementsAreArray(all));
    EXPECT_EQ(ids_of(carol.all_pages("/rooms")), mine) << "mine is the default";
    const auto open = ids_of(bob.all_pages("/rooms?scope=public&q=listed&limit=2"));
    EXPECT_THAT(open, ::testing::UnorderedElementsAreArray(made));
    EXPECT_TRUE(is_invalid(bob.get("/rooms?scope=theirs"), "scope"));
}

TEST_F(Rooms, AreChangedByOwnersAndAdminsOnly) {
    Person carol = stranger();
    const std::string room = alice.create_room({{"members", {bob.id(), carol.id()}}});
    const std::string path = "/rooms/" + room;
    const json change = {{"name", "New name"}, {"description", "About"}, {"max_members", 3}};
    EXPECT_TRUE(is_problem(bob.patch(path, change), 403, "actor_may_not_manage_room"));
    EXPECT_EQ(alice.put(member_path(room, bob), {{"role", "admin"}}).status, 200);
    const HttpAnswer changed = bob.patch(path, change);
    ASSERT_EQ(changed.status, 200) << changed.body;
    EXPECT_EQ(changed.json().at("name"), "New name");
    EXPECT_EQ(changed.json().at("description"), "About");
    EXPECT_EQ(changed.json().at("max_members"), 3);
    EXPECT_GT(changed.json().at("updated_at"), changed.json().at("created_at"));

    const HttpAnswer already = bob.patch(path, change);
    EXPECT_EQ(already.room_seq(), changed.room_seq()) << "no event was needed";
    EXPECT_TRUE(is_invalid(alice.patch(path, {{"name", nullptr}}), "name"));
    EXPECT_TRUE(is_problem(
        alice.patch(path, {{"max_members", 2}}), 409, "max_members_is_below_member_count"
    ));
    EXPECT_EQ(alice.patch(path, {{"description", nullptr}}).json().at("description"), nullptr);
}

TEST_F(Rooms, OnceArchivedAreReadableAndNothingMore) {
    const std::string room = alice.create_room({{"members", {bob.id()}}});
    const auto seq = alice.say(room, "last words");
    EXPECT_TRUE(is_problem(bob.del("/rooms/" + room), 403, "actor_is_not_owner"));
    const HttpAnswer archived = alice.del("/rooms/" + room);
    EXPECT_EQ(archived.status, 204);
    EXPECT_EQ(archived.room_seq(), seq + 1);

    EXPECT_EQ(bob.get("/rooms/" + room).json().at("archived"), true);
    EXPECT_EQ(bob.get(messages_of(room)).json().at("items").size(), 1u);
    const json text = {{"text", "more"}};
    EXPECT_TRUE(is_problem(alice.post(messages_of(room), text), 409, "room_is_archived"));
    EXPECT_TRUE(is_problem(alice.patch("/rooms/" + room, {{"name", "x"}}), 409, "room_is_archived")
    );
    EXPECT_TRUE(is_problem(join(person("carol"), room), 409, "room_is_archived"));
}

TEST_F(Rooms, AreJoinedAndLeftAndJoiningTwiceIsNoEvent) {
    const std::string room = alice.create_room();
    const HttpAnswer joined = join(bob, room);
    ASSERT_EQ(joined.status, 200) << joined.body;
    const json body = joined.json();
    EXPECT_EQ(body.at("room_id"), room);
    EXPECT_EQ(body.at("user_id"), bob.id());
    EXPECT_EQ(body.at("role"), "member");
    EXPECT_EQ(body.at("receipt").at("room_seq"), joined.room_seq());
    const HttpAnswer again = join(bob, room);
    EXPECT_EQ(again.status, 200);
    EXPECT_EQ(again.room_seq(), joined.room_seq());
    EXPECT_EQ(again.position(), joined.position());

    EXPECT_EQ(bob.post("/rooms/" + room + "/leave").status, 200);
    EXPECT_TRUE(is_problem(bob.post("/rooms/" + room + "/leave"), 403, "actor_is_not_member"));
    EXPECT_TRUE(is_problem(bob.get(messages_of(room)), 403, "actor_is_not_member"));
}

TEST_F(Rooms, CannotLoseTheirLastOwnerExceptByTheLastMember) {
    const std::string room = alice.create_room({{"members", {bob.id()}}});
    EXPECT_TRUE(is_problem(alice.post("/rooms/" + room + "/leave"), 409, "room_needs_an_owner"));
    EXPECT_TRUE(is_problem(
        alice.put(member_path(room, alice), {{"role", "member"}}), 409, "room_needs_an_owner"
    ));
    EXPECT_EQ(bob.post("/rooms/" + room + "/leave").status, 200);
    EXPECT_EQ(alice.post("/rooms/" + room + "/leave").status, 200);
    EXPECT_EQ(alice.get("/rooms/" + room).json().at("archived"), true);
}

TEST_F(Rooms, ThatAreFullRefuseOneMore) {
    const std::string room = alice.create_room({{"max_members", 2}});
    EXPECT_EQ(join(bob, room).status, 200);
    EXPECT_TRUE(is_problem(join(person("carol"), room), 409, "room_is_full"));
    EXPECT_TRUE(is_problem(
        alice.put(member_path(room, person("carol")), {{"role", "member"}}), 409, "room_is_full"
    ));
}

TEST_F(Rooms, ThatArePrivateAreNotThereForStrangers) {
    Person& carol = person("carol");
    const std::string room =
        alice.create_room({{"visibility", "private"}, {"alias", "hidden-room"}});
    const auto seq = std::to_string(alice.say(room, "secret"));
    const std::string path = "/rooms/" + room;
    const json text = {{"text", "x"}};
    const HttpAnswer answers[] = {
        carol.get(path),
        carol.get("/aliases/hidden-room"),
        carol.get(path + "/members"),
        carol.get(path + "/invites"),
        carol.get(path + "/bans"),
        carol.get(path + "/messages"),
        carol.get(path + "/messages/" + seq),
        carol.get(path + "/receipts"),
        join(carol, room),
        carol.post(path + "/leave"),
        carol.post(path + "/messages", text),
        carol.patch(path + "/messages/" + seq, text),
        carol.del(path + "/messages/" + seq),
        carol.patch(path, {{"name", "x"}}),
        carol.del(path),
        carol.put(path + "/read", {{"up_to", 1}}),
        carol.post(path + "/typing", {{"typing", true}}),
        carol.put(member_path(room, bob), {{"role", "member"}}),
        carol.del(member_path(room, bob)),
        carol.put(path + "/invites/" + bob.id()),
        carol.put(path + "/bans/" + bob.id())};
    for (const HttpAnswer& answer : answers) {
        EXPECT_TRUE(is_problem(answer, 404, "room_not_found")) << &answer - answers;
        // No word of it that a room that never was would not give.
        json body = answer.json();
        json other = carol.get("/rooms/room_01h455vb4pex5vsknk084sn02q").json();
        body.erase("request_id");
        other.erase("request_id");
        EXPECT_EQ(body, other);
    }
}

TEST_F(Rooms, ThatAreDirectAreMadeOnceForTwoPeople) {
    Person carol = stranger();
    const json with_bob = {{"kind", "direct"}, {"members", {bob.id()}}};
    const HttpAnswer made = carol.post("/rooms", with_bob);
    ASSERT_EQ(made.status, 201) << made.body;
    const json room = made.json();
    EXPECT_EQ(room.at("kind"), "direct");
    EXPECT_EQ(room.at("visibility"), "private");
    EXPECT_EQ(room.at("member_count"), 2);

    const HttpAnswer again = carol.post("/rooms", with_bob);
    EXPECT_EQ(again.status, 200);
    EXPECT_EQ(again.json().at("room_id"), room.at("room_id"));
    const HttpAnswer from_bob = bob.post("/rooms", {{"kind", "direct"}, {"members", {carol.id()}}});
    EXPECT_EQ(from_bob.status, 200);
    EXPECT_EQ(from_bob.json().at("room_id"), room.at("room_id"));
    const std::string id = room.at("room_id");
    EXPECT_TRUE(is_problem(bob.post("/rooms/" + id + "/leave"), 409, "room_is_direct"));
    EXPECT_GT(bob.say(id, "between us"), 0u);
    EXPECT_EQ(alice.get("/rooms/" + id).status, 404);
    const json two = {{"kind", "direct"}, {"members", {bob.id(), alice.id()}}};
    EXPECT_TRUE(is_invalid(carol.post("/rooms", two), "members"));
}

TEST_F(Rooms, ThatAreChannelsLetOnlyOwnersAndAdminsSend) {
    const std::string room = alice.create_room({{"kind", "channel"}, {"members", {bob.id()}}});
    EXPECT_GT(alice.say(room, "news"), 0u);
    const json text = {{"text", "may I?"}};
    EXPECT_TRUE(is_problem(bob.post(messages_of(room), text), 403, "actor_may_not_send"));
    EXPECT_EQ(alice.put(member_path(room, bob), {{"role", "admin"}}).status, 200);
    EXPECT_EQ(bob.post(messages_of(room), text).status, 201);
}

}  // namespace

}  // namespace verbatim::testing
