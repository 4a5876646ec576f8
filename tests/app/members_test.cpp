#include "tests/app/server_test.hpp"

#include <gmock/gmock.h>

namespace verbatim::testing {

namespace {

using nlohmann::json;

class Members : public ServerTest {
protected:
    Person& alice = person("alice");
    Person& bob = person("bob");
    Person& carol = person("carol");

    static std::string invite_path(const std::string& room, const Person& who) {
        return "/rooms/" + room + "/invites/" + who.id();
    }
    static std::string ban_path(const std::string& room, const Person& who) {
        return "/rooms/" + room + "/bans/" + who.id();
    }
};

const json as_member = {{"role", "member"}};
const json as_admin = {{"role", "admin"}};
const json as_owner = {{"role", "owner"}};

TEST_F(Members, AreListedPageByPageWithTheirNamesAndRoles) {
    const std::string room = alice.create_room({{"members", {bob.id(), carol.id()}}});
    const auto members = alice.all_pages("/rooms/" + room + "/members?limit=1");
    ASSERT_EQ(members.size(), 3u);
    for (const json& member : members) {
        EXPECT_EQ(member.at("role"), member.at("user_id") == alice.id() ? "owner" : "member");
        EXPECT_EQ(member.at("display_name"), member.at("username"));
        EXPECT_TRUE(member.at("online").is_boolean());
        EXPECT_EQ(member.at("joined_at").get<std::string>().back(), 'Z');
    }
    Person other = stranger();
    EXPECT_TRUE(is_problem(other.get("/rooms/" + room + "/members"), 403, "actor_is_not_member"))
        << "a public room shows its description, not its members";
}

TEST_F(Members, AreOnlineWhileTheyHaveAFeedOpen) {
    const Person reader = stranger();
    const std::string room = alice.create_room({{"members", {reader.id()}}});
    const auto is_online = [&] {
        for (const json& member : alice.all_pages("/rooms/" + room + "/members"))
            if (member.at("user_id") == reader.id()) return member.at("online").get<bool>();
        return false;
    };
    EXPECT_FALSE(is_online());
    const WsClient feed = reader.live_feed();
    EXPECT_TRUE(is_online());
}

TEST_F(Members, AreAddedChangedAndRemovedByOwnersAndAdmins) {
    const std::string room = alice.create_room({{"visibility", "private"}});
    const HttpAnswer added = alice.put(member_path(room, bob), as_admin);
    ASSERT_EQ(added.status, 200) << added.body;
    EXPECT_EQ(added.json().at("role"), "admin");
    EXPECT_EQ(added.json().at("user_id"), bob.id());
    EXPECT_EQ(added.json().at("receipt").at("room_seq"), added.room_seq());
    EXPECT_EQ(bob.put(member_path(room, carol), as_member).status, 200);

    EXPECT_TRUE(is_problem(carol.del(member_path(room, bob)), 403, "actor_may_not_manage_members"));
    // Only owners make or unmake admins and owners.
    EXPECT_TRUE(is_problem(bob.put(member_path(room, carol), as_admin), 403, "actor_is_not_owner"));
    EXPECT_TRUE(is_problem(bob.del(member_path(room, alice)), 403, "actor_is_not_owner"));
    EXPECT_EQ(alice.put(member_path(room, carol), as_owner).status, 200);
    EXPECT_EQ(carol.put(member_path(room, bob), as_member).status, 200);

    const HttpAnswer removed = carol.del(member_path(room, bob));
    EXPECT_EQ(removed.status, 204);
    EXPECT_GT(removed.room_seq(), 0u);
    EXPECT_EQ(bob.get("/rooms/" + room).status, 404);
    EXPECT_TRUE(is_problem(carol.del(member_path(room, bob)), 404, "user_is_not_member"));
    EXPECT_TRUE(is_invalid(alice.put(member_path(room, bob), {{"role", "king"}}), "role"));
    EXPECT_TRUE(is_problem(
        alice.put("/rooms/" + room + "/members/user_01h455vb4pex5vsknk084sn02q", as_member),
        404,
        "user_not_found"
    ));
}

TEST_F(Members, OfPrivateRoomsComeByInvitation) {
    const std::string room = alice.create_room({{"visibility", "private"}});
    EXPECT_EQ(bob.get("/rooms/" + room).status, 404);
    const HttpAnswer invited = alice.put(invite_path(room, bob));
    ASSERT_EQ(invited.status, 200) << invited.body;
    EXPECT_EQ(alice.put(invite_path(room, bob)).position(), invited.position()) << "already so";
    ASSERT_EQ(alice.all_pages("/rooms/" + room + "/invites").size(), 1u);

    EXPECT_EQ(bob.get("/rooms/" + room).status, 200) << "an invited user sees the room";
    EXPECT_EQ(bob.get(messages_of(room)).status, 403);
    std::vector<std::string> rooms;
    for (const json& invite : bob.all_pages("/users/me/invites?limit=1"))
        rooms.push_back(invite.at("room_id"));
    EXPECT_THAT(rooms, ::testing::Contains(room));
    EXPECT_EQ(join(bob, room).status, 200);
    EXPECT_TRUE(alice.all_pages("/rooms/" + room + "/invites").empty());
}

TEST_F(Members, MayDeclineOrBeUninvited) {
    const std::string room = alice.create_room({{"visibility", "private"}});
    EXPECT_EQ(alice.put(invite_path(room, bob)).status, 200);
    EXPECT_EQ(alice.put(invite_path(room, carol)).status, 200);
    EXPECT_EQ(bob.del(invite_path(room, bob)).status, 204) << "declined";
    EXPECT_EQ(alice.del(invite_path(room, carol)).status, 204) << "revoked";
    EXPECT_TRUE(is_problem(join(bob, room), 404, "room_not_found"));
    EXPECT_TRUE(is_problem(join(carol, room), 404, "room_not_found"));
}

TEST_F(Members, ThatAreBannedAreOutAndStayOut) {
    const std::string room = alice.create_room({{"members", {bob.id(), carol.id()}}});
    EXPECT_TRUE(is_problem(
        bob.put(ban_path(room, carol), json::object()), 403, "actor_may_not_manage_members"
    ));
    const HttpAnswer banned = alice.put(ban_path(room, bob), {{"reason", "spam"}});
    ASSERT_EQ(banned.status, 200) << banned.body;
    EXPECT_EQ(alice.get("/rooms/" + room).json().at("room_seq"), banned.room_seq())
        << "a ban is one event";
    EXPECT_EQ(alice.get("/rooms/" + room).json().at("member_count"), 2);
    EXPECT_TRUE(is_problem(bob.get(messages_of(room)), 403, "actor_is_not_member"));
    EXPECT_TRUE(is_problem(join(bob, room), 403, "banned"));
    EXPECT_TRUE(is_problem(alice.put(member_path(room, bob), as_member), 409, "user_is_banned"));

    const auto bans = alice.all_pages("/rooms/" + room + "/bans");
    ASSERT_EQ(bans.size(), 1u);
    EXPECT_EQ(bans[0].at("user_id"), bob.id());
    EXPECT_EQ(bans[0].at("reason"), "spam");
    EXPECT_EQ(carol.get("/rooms/" + room + "/bans").status, 403);
    EXPECT_TRUE(
        is_invalid(alice.put(ban_path(room, carol), {{"reason", std::string(501, 'r')}}), "reason")
    );

    EXPECT_EQ(alice.del(ban_path(room, bob)).status, 204);
    EXPECT_EQ(join(bob, room).status, 200);
}

}  // namespace

}  // namespace verbatim::testing
