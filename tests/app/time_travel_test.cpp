#include "domain/type_id.hpp"
#include "eventstore/event_log.hpp"
#include "tests/app/server_test.hpp"
#include "tests/support/log_scribe.hpp"

#include <gmock/gmock.h>

namespace verbatim::testing {

namespace {

using nlohmann::json;
using ::testing::HasSubstr;

const std::vector<std::string> routes = {"", "/members", "/messages", "/receipts"};

std::string as_of(const std::string& path, const auto& moment) {
    std::string text;
    if constexpr (std::is_integral_v<std::decay_t<decltype(moment)>>)
        text = std::to_string(moment);
    else
        text = moment;
    return path + (path.find('?') == std::string::npos ? "?" : "&") + "as_of=" + text;
}

std::vector<json> texts_of(const json& page) {
    std::vector<json> texts;
    for (const json& message : page.at("items")) texts.push_back(message.at("text"));
    return texts;
}

class TimeTravel : public ServerTest {
protected:
    Person& alice = person("alice");
    Person& bob = person("bob");
    Person& carol = person("carol");

    static std::string room_path(const std::string& room) { return "/rooms/" + room; }
    // What all four routes answer now; who is online does not count.
    static json picture(Person& who, const std::string& room, const std::string& query) {
        json shown;
        for (const std::string& route : routes) {
            const HttpAnswer answer = who.get(room_path(room) + route + query);
            EXPECT_EQ(answer.status, 200) << route << query << answer.body;
            shown[route] = answer.json();
        }
        for (json& member : shown["/members"]["items"]) member.erase("online");
        return shown;
    }
};

TEST_F(TimeTravel, ShowsWhatWasShownThen) {
    const std::string room = alice.create_room({{"name", "Before"}, {"description", "first"}});
    const std::string messages = messages_of(room);
    const auto path_of = [&](std::uint64_t seq) { return messages + "/" + std::to_string(seq); };
    std::vector<std::pair<std::uint64_t, json>> pictures;
    const auto picture_after = [&](const HttpAnswer& answer) {
        ASSERT_TRUE(answer.status == 200 || answer.status == 201 || answer.status == 204)
            << answer.body;
        pictures.emplace_back(answer.position(), picture(alice, room, ""));
    };

    const HttpAnswer first = alice.post(messages, {{"text", "one"}});
    const auto one = first.room_seq();
    picture_after(first);
    picture_after(join(bob, room));
    const HttpAnswer second =
        bob.post(messages, {{"text", "two"}, {"reply_to", one}, {"metadata", {{"n", 1.5}}}});
    picture_after(second);
    picture_after(alice.patch(path_of(one), {{"text", "one, edited"}, {"mentions", {bob.id()}}}));
    picture_after(bob.put(path_of(one) + "/reactions/%F0%9F%91%8D"));
    picture_after(alice.put(path_of(one) + "/reactions/%F0%9F%91%8D"));
    picture_after(alice.put(room_path(room) + "/pins/" + std::to_string(one)));
    picture_after(alice.patch(room_path(room), {{"name", "After"}, {"visibility", "private"}}));
    picture_after(alice.patch(room_path(room), {{"description", nullptr}}));
    picture_after(alice.put(member_path(room, bob), {{"role", "admin"}}));
    picture_after(alice.put(room_path(room) + "/read", {{"up_to", second.room_seq() + 3}}));
    picture_after(alice.patch(path_of(one), {{"text", "one, edited again"}}));
    picture_after(alice.del(path_of(one) + "/reactions/%F0%9F%91%8D"));
    picture_after(bob.post("/rooms/" + room + "/leave"));

    for (const auto& [position, shown] : pictures) {
        EXPECT_EQ(picture(alice, room, as_of("", position)), shown) << position;
        const HttpAnswer answer = alice.get(as_of(room_path(room), position));
        EXPECT_EQ(answer.header("verbatim-as-of"), std::to_string(position));
    }
    const auto past = alice.get(as_of(room_path(room) + "/members", pictures[2].first)).json();
    for (const json& member : past.at("items")) EXPECT_TRUE(member.at("online").is_null());
}

TEST_F(TimeTravel, ShowsTheDisplayNamesOfTheTime) {
    Person dora = stranger();
    const std::string room = dora.create_room();
    const auto before = dora.post(messages_of(room), {{"text", "hi"}}).position();
    const HttpAnswer renamed = dora.patch("/users/me", {{"display_name", "Dora the Second"}});
    ASSERT_EQ(renamed.status, 200);
    const auto name_at = [&](std::uint64_t position) {
        return dora.get(as_of(room_path(room) + "/members", position))
            .json()
            .at("items")
            .at(0)
            .at("display_name");
    };
    EXPECT_EQ(name_at(before), dora.username());
    EXPECT_EQ(name_at(renamed.position()), "Dora the Second");
}

TEST_F(TimeTravel, KeepsFromMembersWhatWasDeletedSince) {
    const std::string room = alice.create_room();
    const auto gone = alice.say(room, "to be regretted");
    const auto then = alice.post(messages_of(room), {{"text", "kept"}}).position();
    const std::string message = messages_of(room) + "/" + std::to_string(gone);
    ASSERT_EQ(alice.del(message).status, 204);
    const json page = alice.get(as_of(messages_of(room), then)).json();
    EXPECT_EQ(texts_of(page), (std::vector<json>{nullptr, "kept"}));
    EXPECT_TRUE(page.at("items").at(0).at("deleted_at").is_null()) << "it was not deleted yet";
    const json shown = alice.get(as_of(room_path(room), then - 1)).json();
    EXPECT_TRUE(shown.at("last_message").at("text").is_null());
    EXPECT_EQ(shown.at("my").at("unread_count"), 0);
}

TEST_F(TimeTravel, GoesPageByPageThroughOneMoment) {
    const std::string room = alice.create_room({{"members", {bob.id(), carol.id()}}});
    for (int i = 0; i < 5; ++i) alice.say(room, "message " + std::to_string(i));
    const json newest = alice.get(messages_of(room) + "?limit=1").json().at("items").at(0);
    const std::string sent_at = newest.at("sent_at");

    const HttpAnswer first = alice.get(as_of(messages_of(room) + "?limit=2", sent_at));
    ASSERT_EQ(first.status, 200) << first.body;
    const std::string fixed = first.header("verbatim-as-of");
    EXPECT_EQ(fixed, std::to_string(newest.at("position").get<std::uint64_t>()));
    const std::string next = first.json().at("next");
    EXPECT_THAT(next, HasSubstr("as_of=" + fixed));
    EXPECT_THAT(next, HasSubstr("limit=2"));
    alice.say(room, "later");
    EXPECT_EQ(texts_of(alice.get(next).json()), (std::vector<json>{"message 1", "message 2"}));

    const std::string before = as_of(messages_of(room), fixed);
    EXPECT_EQ(alice.all_pages(before + "&limit=2").size(), 5u);
    const auto third = newest.at("seq").get<std::uint64_t>() - 2;
    const std::string anchor = std::to_string(third);
    EXPECT_EQ(
        texts_of(alice.get(before + "&limit=2&before=" + anchor).json()),
        (std::vector<json>{"message 0", "message 1"})
    );
    const json after = alice.get(before + "&limit=9&after=" + anchor).json();
    EXPECT_EQ(texts_of(after), (std::vector<json>{"message 3", "message 4"}));
    EXPECT_TRUE(after.at("next").is_null()) << "nothing was said later";
    EXPECT_EQ(
        texts_of(alice.get(before + "&limit=3&around=" + anchor).json()),
        (std::vector<json>{"message 1", "message 2", "message 3"})
    );
    EXPECT_TRUE(is_invalid(alice.get(before + "&before=3&after=3"), "after"));

    for (const std::string route : {"/members", "/receipts"}) {
        const auto people = alice.all_pages(as_of(room_path(room) + route + "?limit=1", fixed));
        ASSERT_EQ(people.size(), 3u) << route;
        for (std::size_t i = 1; i < people.size(); ++i)
            EXPECT_LT(people[i - 1].at("user_id"), people[i].at("user_id"));
    }
}

TEST_F(TimeTravel, TakesTimesWithTheirLastMoment) {
    const std::string room = alice.create_room();
    const HttpAnswer first = alice.post(messages_of(room), {{"text", "first"}});
    const HttpAnswer second = alice.post(messages_of(room), {{"text", "second"}});
    const std::string time = first.json().at("sent_at");
    ASSERT_LT(time, second.json().at("sent_at"));
    const HttpAnswer at_that_time = alice.get(as_of(messages_of(room), time));
    EXPECT_EQ(texts_of(at_that_time.json()), std::vector<json>{"first"});
    EXPECT_EQ(at_that_time.header("verbatim-as-of"), std::to_string(first.position()));
    // The same time as clocks an hour ahead say it.
    const std::string elsewhere = time.substr(0, time.size() - 1) + "%2B00:00";
    EXPECT_EQ(alice.get(as_of(messages_of(room), elsewhere)).body, at_that_time.body);
    EXPECT_TRUE(is_problem(
        alice.get(as_of(room_path(room), std::string("2001-01-01T00:00:00Z"))),
        404,
        "room_not_found"
    ));
    EXPECT_TRUE(
        is_invalid(alice.get(as_of(room_path(room), std::string("2999-01-01T00:00:00Z"))), "as_of")
    );
}

TEST_F(TimeTravel, RefusesWhatIsNoMomentOfTheRoom) {
    const HttpAnswer created = alice.post("/rooms", {{"name", "Late"}});
    const std::string room = created.json().at("room_id");
    for (const std::string& route : routes) {
        const std::string path = room_path(room) + route;
        for (const std::string bad :
             {"soon", "", "-1", "1.5", "18446744073709551615", "2020-02-30"})
            EXPECT_TRUE(is_invalid(alice.get(as_of(path, bad)), "as_of")) << path << bad;
        EXPECT_TRUE(
            is_problem(alice.get(as_of(path, created.position() - 1)), 404, "room_not_found")
        );
        EXPECT_TRUE(is_problem(alice.get(as_of(path, 0)), 404, "room_not_found"));
        EXPECT_EQ(alice.get(as_of(path, created.position())).status, 200);
    }
    const HttpAnswer sent = alice.post(messages_of(room), {{"text", "read what you wrote"}});
    const HttpAnswer read = alice.get(
        as_of(messages_of(room), sent.position()),
        {{"Verbatim-Min-Position", std::to_string(sent.position())}}
    );
    EXPECT_EQ(texts_of(read.json()), std::vector<json>{"read what you wrote"});
}

TEST_F(TimeTravel, ShowsMembersAllOfASharedRoom) {
    const std::string room = alice.create_room();
    const auto before = alice.post(messages_of(room), {{"text", "before you came"}}).position();
    for (const std::string& route : routes)
        EXPECT_TRUE(
            is_problem(bob.get(as_of(room_path(room) + route, before)), 403, "actor_is_not_member")
        ) << route;
    ASSERT_EQ(join(bob, room).status, 200);
    EXPECT_EQ(
        texts_of(bob.get(as_of(messages_of(room), before)).json()),
        std::vector<json>{"before you came"}
    );
    const json shown = bob.get(as_of(room_path(room), before)).json();
    EXPECT_TRUE(shown.at("my").is_null()) << "bob was no member then";
    EXPECT_EQ(shown.at("member_count"), 1);
    EXPECT_EQ(shown.at("last_message").at("text"), "before you came");
}

TEST_F(TimeTravel, ShowsTheirOwnStaysAloneWhereTheRoomSaysSo) {
    const std::string room = alice.create_room({{"history", "since_join"}});
    const auto say = [&](const std::string& text) {
        return alice.post(messages_of(room), {{"text", text}}).position();
    };
    const auto before = say("before");
    const auto came = join(bob, room).position();
    const auto first = say("first stay");
    const auto left = bob.post(room_path(room) + "/leave").position();
    const auto between = say("between");
    ASSERT_EQ(join(bob, room).status, 200);
    const auto second = say("second stay");

    for (const std::string& route : routes) {
        const std::string path = room_path(room) + route;
        for (const auto hidden : {before, came - 1, left, between})
            EXPECT_TRUE(is_problem(bob.get(as_of(path, hidden)), 403, "not_a_member_then"))
                << path << hidden;
        for (const auto visible : {came, first, left - 1, second})
            EXPECT_EQ(bob.get(as_of(path, visible)).status, 200) << path << visible;
        EXPECT_EQ(alice.get(as_of(path, before)).status, 200) << "she was there from the beginning";
    }
    const auto texts_at = [&](std::uint64_t position) {
        return texts_of(bob.get(as_of(messages_of(room), position)).json());
    };
    EXPECT_EQ(texts_at(came), std::vector<json>{});
    EXPECT_EQ(texts_at(first), std::vector<json>{"first stay"});
    EXPECT_EQ(texts_at(second), (std::vector<json>{"first stay", "second stay"}));
}

TEST_F(TimeTravel, ShowsNothingToTheBanned) {
    const std::string room = alice.create_room({{"members", {bob.id()}}});
    const auto then = bob.post(messages_of(room), {{"text", "hi"}}).position();
    ASSERT_EQ(alice.put(room_path(room) + "/bans/" + bob.id(), {{"reason", "x"}}).status, 200);
    for (const std::string& route : routes)
        EXPECT_TRUE(
            is_problem(bob.get(as_of(room_path(room) + route, then)), 403, "actor_is_not_member")
        ) << route;
}

// A server of its own, on which somebody was made an auditor.
class AuditorsTimeTravel : public ::testing::Test {
protected:
    void make_auditor(const Person& person) {
        EXPECT_EQ(server.terminate(), 0);
        {
            auto log = open_rocks_event_log(
                (server.data() / "log").string(), counted_bytes(), Uuid(), Timestamp(1)
            );
            ASSERT_TRUE(log.has_value()) << describe(log.error());
            const auto user = parse_id<UserId>(person.id());
            LogScribe scribe(**log);
            scribe.write(
                stream_of(*user), *user, {AccountEvent(RoleGranted{.role = ServerRole::auditor})}
            );
            ASSERT_TRUE(scribe.commit().has_value());
        }
        server.start();
    }

    TemporaryFolder folder;
    ServerProcess server{{.binary = server_binary(), .data = folder.path() / "data"}};
};

TEST_F(AuditorsTimeTravel, SeesWhatWasDeletedAndNeedsNoMembership) {
    Person alice(server, "alice");
    Person auditor(server, "auditor");
    const std::string room =
        alice.create_room({{"visibility", "private"}, {"history", "since_join"}});
    const std::string messages = "/rooms/" + room + "/messages";
    const HttpAnswer sent = alice.post(messages, {{"text", "said"}, {"metadata", {{"a", 1}}}});
    const std::string message = messages + "/" + std::to_string(sent.room_seq());
    const auto edited = alice.patch(message, {{"text", "said better"}}).position();
    const auto deleted = alice.del(message).position();
    make_auditor(auditor);

    const auto at = [&](std::uint64_t position) {
        return auditor.get(as_of(messages, position)).json().at("items").at(0);
    };
    EXPECT_EQ(at(sent.position()).at("text"), "said");
    EXPECT_EQ(at(sent.position()).at("metadata"), json({{"a", 1}}));
    EXPECT_TRUE(at(sent.position()).at("edited_at").is_null());
    EXPECT_EQ(at(edited).at("text"), "said better");
    EXPECT_TRUE(at(edited).at("deleted_at").is_null());
    EXPECT_TRUE(at(deleted).at("text").is_null()) << "then it was deleted";
    EXPECT_FALSE(at(deleted).at("deleted_at").is_null());

    const json shown = auditor.get(as_of("/rooms/" + room, edited)).json();
    EXPECT_TRUE(shown.at("my").is_null());
    EXPECT_EQ(shown.at("last_message").at("text"), "said better");
    for (const std::string route : {"/members", "/receipts"}) {
        const HttpAnswer answer = auditor.get(as_of("/rooms/" + room + route, edited));
        ASSERT_EQ(answer.status, 200) << answer.body;
        EXPECT_EQ(answer.json().at("items").at(0).at("user_id"), alice.id());
    }
    EXPECT_TRUE(is_problem(auditor.get("/rooms/" + room), 404, "room_not_found"))
        << "the past is an auditor's, the present is the members'";
    EXPECT_TRUE(is_problem(auditor.get(as_of("/rooms/" + room, 1)), 404, "room_not_found"));
    EXPECT_TRUE(
        is_problem(auditor.get(as_of("/rooms/" + alice.id(), edited)), 404, "room_not_found")
    );
}

}  // namespace

}  // namespace verbatim::testing
