#include "tests/app/server_test.hpp"

#include <barrier>
#include <gmock/gmock.h>
#include <thread>

namespace verbatim::testing {

namespace {

using nlohmann::json;
using ::testing::MatchesRegex;

class InviteLinks : public ServerTest {
protected:
    Person& owner = person("owner");
    Person& guest = person("guest");
    std::string room = owner.create_room({{"visibility", "private"}});

    [[nodiscard]] std::string links() const { return "/rooms/" + room + "/invite-links"; }
    json make_link(const json& body = json::object()) {
        const HttpAnswer made = owner.post(links(), body);
        EXPECT_EQ(made.status, 201) << made.body;
        return made.json();
    }
    static HttpAnswer use(Person& who, const json& link) {
        return who.post("/invite-links/" + link.at("code").get<std::string>() + "/join");
    }
    json listed() { return owner.get(links()).json().at("items"); }
};

TEST_F(InviteLinks, ShowTheirCodeOnceAndAreListedWithoutIt) {
    const HttpAnswer made = owner.post(links(), {{"max_uses", 3}, {"expires_in", 3600}});
    ASSERT_EQ(made.status, 201) << made.body;
    json link = made.json();
    EXPECT_THAT(link.at("link_id").get<std::string>(), MatchesRegex("link_[0-9a-z]{26}"));
    EXPECT_THAT(link.at("code").get<std::string>(), MatchesRegex("[-_0-9A-Za-z]{22}"));
    EXPECT_EQ(link.at("max_uses"), 3);
    EXPECT_EQ(link.at("uses"), 0);
    EXPECT_EQ(link.at("created_by"), owner.id());
    EXPECT_TRUE(link.at("ended").is_null());
    EXPECT_GT(link.at("expires_at"), link.at("created_at"));
    EXPECT_EQ(link.at("receipt").at("room_seq"), made.room_seq());
    const json second = make_link();
    EXPECT_TRUE(second.at("max_uses").is_null());
    EXPECT_TRUE(second.at("expires_at").is_null());

    link.erase("code");
    link.erase("receipt");
    const json all = owner.all_pages(links() + "?limit=1");
    ASSERT_EQ(all.size(), 2u);
    EXPECT_EQ(all[0].at("link_id"), second.at("link_id")) << "the newest first";
    EXPECT_EQ(all[1], link);
}

TEST_F(InviteLinks, ShowNoCodeWhenTheirMakingIsRepeated) {
    const Headers once = {{"Idempotency-Key", "link-" + room}};
    json first = owner.post(links(), {{"max_uses", 1}}, once).json();
    const HttpAnswer again = owner.post(links(), {{"max_uses", 1}}, once);
    EXPECT_EQ(again.header("idempotency-replayed"), "true");
    first["code"] = nullptr;
    EXPECT_EQ(again.json(), first);
}

TEST_F(InviteLinks, LetWhoeverHasTheCodeIntoAPrivateRoom) {
    EXPECT_EQ(join(guest, room).status, 404);
    const json link = make_link();
    WsClient feed = owner.live_feed("room=" + room);
    const HttpAnswer joined = use(guest, link);
    ASSERT_EQ(joined.status, 200) << joined.body;
    EXPECT_EQ(joined.json().at("room_id"), room);
    EXPECT_EQ(joined.json().at("user_id"), guest.id());
    EXPECT_EQ(joined.json().at("role"), "member");
    EXPECT_EQ(joined.json().at("receipt").at("room_seq"), joined.room_seq());
    const auto event = feed.read_until("event");
    ASSERT_TRUE(event.has_value());
    EXPECT_EQ(event->at("event").at("type"), "member.joined");
    EXPECT_EQ(event->at("event").at("data").at("link_id"), link.at("link_id"));
    EXPECT_EQ(listed().at(0).at("uses"), 1);

    const HttpAnswer again = use(guest, link);
    EXPECT_EQ(again.status, 200) << "already a member: no use";
    EXPECT_EQ(listed().at(0).at("uses"), 1);
}

TEST_F(InviteLinks, ThatNobodyMadeAreNotFound) {
    for (const char* code : {"nonsense", "AAAAAAAAAAAAAAAAAAAAAA"})
        EXPECT_TRUE(is_problem(use(guest, {{"code", code}}), 404, "invite_link_not_found"));
}

TEST_F(InviteLinks, ThatAreUsedUpOrRevokedOrExpiredAreGone) {
    const json single = make_link({{"max_uses", 1}});
    EXPECT_EQ(use(guest, single).status, 200);
    EXPECT_TRUE(is_problem(use(person("late"), single), 410, "invite_link_has_ended"));
    EXPECT_EQ(listed().at(0).at("ended"), "used_up");

    const json revoked = make_link();
    const std::string path = links() + "/" + revoked.at("link_id").get<std::string>();
    EXPECT_EQ(owner.del(path).status, 204);
    EXPECT_TRUE(is_problem(use(person("late"), revoked), 410, "invite_link_has_ended"));
    EXPECT_EQ(listed().at(0).at("ended"), "revoked");
    EXPECT_EQ(owner.del(path).status, 204) << "already so";
    EXPECT_TRUE(is_problem(owner.del(links() + "/nonsense"), 404, "invite_link_not_found"));
    const std::string elsewhere = owner.create_room();
    EXPECT_TRUE(is_problem(
        owner.del(
            "/rooms/" + elsewhere + "/invite-links/" + revoked.at("link_id").get<std::string>()
        ),
        404,
        "invite_link_not_found"
    ));
}

TEST_F(InviteLinks, AreForOwnersAndAdminsOnly) {
    EXPECT_EQ(use(guest, make_link()).status, 200);
    const std::string path = links() + "/" + listed().at(0).at("link_id").get<std::string>();
    for (const HttpAnswer& refused : {guest.post(links()), guest.get(links()), guest.del(path)})
        EXPECT_TRUE(is_problem(refused, 403, "actor_may_not_manage_members"));
    Person& outsider = person("outsider");
    for (const HttpAnswer& refused :
         {outsider.post(links()), outsider.get(links()), outsider.del(path)})
        EXPECT_TRUE(is_problem(refused, 404, "room_not_found"));
    ASSERT_EQ(owner.put(member_path(room, guest), {{"role", "admin"}}).status, 200);
    EXPECT_EQ(guest.post(links()).status, 201);
    EXPECT_EQ(guest.get(links()).json().at("items").size(), 2u);
    EXPECT_EQ(guest.del(path).status, 204);
}

TEST_F(InviteLinks, DoNotLiftABan) {
    const json link = make_link();
    EXPECT_EQ(owner.put("/rooms/" + room + "/bans/" + guest.id(), json::object()).status, 200);
    EXPECT_TRUE(is_problem(use(guest, link), 403, "banned"));
}

TEST_F(InviteLinks, AreRefusedBeyondTheBoundsNamingTheMember) {
    const std::pair<json, std::string> refused[] = {
        {{{"max_uses", 0}}, "max_uses"},
        {{{"max_uses", 100'001}}, "max_uses"},
        {{{"max_uses", "3"}}, "max_uses"},
        {{{"expires_in", 0}}, "expires_in"},
        {{{"expires_in", 31'622'401}}, "expires_in"},
        {{{"expires_in", 1.5}}, "expires_in"},
    };
    for (const auto& [body, field] : refused)
        EXPECT_TRUE(is_invalid(owner.post(links(), body), field)) << body;
    EXPECT_EQ(make_link({{"max_uses", 100'000}, {"expires_in", 31'622'400}}).at("uses"), 0);
}

TEST_F(InviteLinks, OfFiveUsesLetFiveOfTwentyInWhoComeAtOnce) {
    const json link = make_link({{"max_uses", 5}});
    std::vector<Person> people;
    people.reserve(20);
    for (int i = 0; i < 20; ++i) people.push_back(person("racer-" + std::to_string(i)));
    std::vector<HttpAnswer> answers(people.size());
    std::barrier start(static_cast<std::ptrdiff_t>(people.size()));
    std::vector<std::thread> threads;
    for (std::size_t i = 0; i < people.size(); ++i)
        threads.emplace_back([&, i] {
            people[i].get("/users/me");  // connected
            start.arrive_and_wait();
            answers[i] = use(people[i], link);
        });
    for (std::thread& thread : threads) thread.join();
    int in = 0;
    for (const HttpAnswer& answer : answers) {
        if (answer.status == 200)
            ++in;
        else
            EXPECT_TRUE(is_problem(answer, 410, "invite_link_has_ended"));
    }
    EXPECT_EQ(in, 5);
    EXPECT_EQ(owner.get("/rooms/" + room).json().at("member_count"), 6);
    EXPECT_EQ(listed().at(0).at("uses"), 5);
}

}  // namespace

}  // namespace verbatim::testing
