#include "tests/app/server_test.hpp"

namespace verbatim::testing {

namespace {

using nlohmann::json;

// A route below /rooms/{room_id}, with a body that it would take.
struct RoomRoute {
    std::string method;
    std::string path;
    json body;
};

class PrivateRooms : public ServerTest {
protected:
    Person alice = stranger();
    Person bob = stranger();

    // Every route of the contract that a room's id stands in, about `who` and `seq`.
    static std::vector<RoomRoute> room_routes(const std::string& who, std::uint64_t seq) {
        const std::string message = "/messages/" + std::to_string(seq);
        const json none = nullptr;
        return {
            {"GET", "", none},
            {"PATCH", "", {{"name", "mine"}}},
            {"DELETE", "", none},
            {"POST", "/join", none},
            {"POST", "/leave", none},
            {"GET", "/members", none},
            {"PUT", "/members/" + who, {{"role", "member"}}},
            {"DELETE", "/members/" + who, none},
            {"GET", "/invites", none},
            {"PUT", "/invites/" + who, none},
            {"DELETE", "/invites/" + who, none},
            {"GET", "/bans", none},
            {"PUT", "/bans/" + who, {{"reason", "none"}}},
            {"DELETE", "/bans/" + who, none},
            {"POST", "/messages", {{"text", "x"}}},
            {"POST", "/messages", {{"text", "x"}, {"reply_to", seq}}},
            {"GET", "/messages", none},
            {"GET", "/messages?around=" + std::to_string(seq), none},
            {"GET", message, none},
            {"PATCH", message, {{"text", "x"}}},
            {"DELETE", message, none},
            {"GET", message + "/history", none},
            {"GET", message + "/thread", none},
            {"PUT", message + "/reactions/%F0%9F%91%8D", none},
            {"DELETE", message + "/reactions/%F0%9F%91%8D", none},
            {"PUT", "/pins/" + std::to_string(seq), none},
            {"DELETE", "/pins/" + std::to_string(seq), none},
            {"PUT", "/read", {{"up_to", 1}}},
            {"GET", "/receipts", none},
            {"POST", "/typing", {{"typing", true}}},
        };
    }
    static HttpAnswer ask(
        Person& who, const RoomRoute& route, const std::string& room, const Headers& headers = {}
    ) {
        return who.ask(
            route.method,
            "/rooms/" + room + route.path,
            headers,
            route.body.is_null() ? std::string() : route.body.dump()
        );
    }
    // What an answer says, without what names the request.
    static json said(const HttpAnswer& answer) {
        json body = answer.json();
        body.erase("request_id");
        return {{"status", answer.status}, {"body", body}, {"position", answer.position()}};
    }
};

TEST_F(PrivateRooms, AreToStrangersWhatDoesNotExist) {
    const std::string room =
        alice.create_room({{"visibility", "private"}, {"alias", "the-hidden-room"}});
    const auto seq = alice.say(room, "secret @" + bob.username());
    EXPECT_EQ(alice.put("/rooms/" + room + "/pins/" + std::to_string(seq)).status, 200);
    const std::string nowhere = "room_01h455vb4pex5vsknk084sn02q";
    for (const RoomRoute& route : room_routes(alice.id(), seq)) {
        const HttpAnswer answer = ask(bob, route, room);
        EXPECT_TRUE(is_problem(answer, 404, "room_not_found")) << route.method << route.path;
        EXPECT_EQ(said(answer), said(ask(bob, route, nowhere))) << route.method << route.path;
        // Not by a condition that would tell where the room stands, either.
        const HttpAnswer conditional = ask(bob, route, room, {{"If-Match", "\"999\""}});
        EXPECT_EQ(said(conditional), said(answer)) << route.method << route.path;
    }
    EXPECT_TRUE(is_problem(bob.get("/aliases/the-hidden-room"), 404, "room_not_found"));
}

TEST_F(PrivateRooms, StandInNoListOfStrangers) {
    const std::string room = alice.create_room({{"visibility", "private"}});
    alice.say(room, "secret @" + bob.username());
    for (const std::string list :
         {"/rooms?limit=200", "/rooms?scope=public&limit=200", "/messages", "/users/me/invites"})
        for (const json& item : bob.all_pages(list))
            EXPECT_NE(item.value("room_id", ""), room) << list;
}

TEST_F(PrivateRooms, AreGoneForThoseWhoLeft) {
    const std::string room =
        alice.create_room({{"visibility", "private"}, {"members", {bob.id()}}});
    const auto seq = bob.say(room, "mine");
    EXPECT_EQ(bob.post("/rooms/" + room + "/leave").status, 200);
    for (const RoomRoute& route : room_routes(alice.id(), seq))
        EXPECT_TRUE(is_problem(ask(bob, route, room), 404, "room_not_found"))
            << route.method << route.path;
    EXPECT_EQ(bob.all_pages("/messages").size(), 0u);
}

TEST_F(PrivateRooms, MentionNobodyWhoIsNotInThem) {
    const std::string room = alice.create_room({{"visibility", "private"}});
    const std::string text = "@" + bob.username() + " and @" + alice.username();
    const HttpAnswer sent = alice.post(messages_of(room), {{"text", text}});
    EXPECT_EQ(sent.json().at("mentions"), json({alice.id()}));
    EXPECT_EQ(alice.put(member_path(room, bob), {{"role", "member"}}).status, 200);
    const std::string path = messages_of(room) + "/" + std::to_string(sent.room_seq());
    const HttpAnswer edited = alice.patch(path, {{"text", text}});
    EXPECT_EQ(edited.json().at("mentions"), json({bob.id(), alice.id()})) << "at the edit";
}

}  // namespace

}  // namespace verbatim::testing
