#include "tests/app/server_test.hpp"

#include <barrier>
#include <gmock/gmock.h>
#include <set>
#include <thread>

namespace verbatim::testing {

namespace {

using nlohmann::json;

class Concurrency : public ServerTest {
protected:
    // The same people for all tests: each costs two password hashes.
    static std::vector<Person> crowd(std::size_t size) {
        std::vector<Person> people;
        people.reserve(size);
        for (std::size_t i = 0; i < size; ++i)
            people.push_back(person("crowd-" + std::to_string(i)));
        return people;
    }
    // Runs `act` for each of `people` at once, on a thread of its own.
    template <class Act>
    static void all_at_once(std::vector<Person>& people, Act act) {
        std::barrier start(static_cast<std::ptrdiff_t>(people.size()));
        std::vector<std::thread> threads;
        for (std::size_t i = 0; i < people.size(); ++i)
            threads.emplace_back([&, i] {
                people[i].get("/users/me");  // connected
                start.arrive_and_wait();
                act(people[i], i);
            });
        for (std::thread& thread : threads) thread.join();
    }
};

TEST_F(Concurrency, FiftyJoinsGetExactlyTheTenPlacesThereAre) {
    std::vector<Person> people = crowd(50);
    Person& owner = person("owner");
    const std::string room = owner.create_room({{"max_members", 11}});
    std::vector<HttpAnswer> answers(people.size());
    all_at_once(people, [&](Person& who, std::size_t i) { answers[i] = join(who, room); });
    std::set<std::uint64_t> seqs;
    for (const HttpAnswer& answer : answers) {
        if (answer.status == 200)
            seqs.insert(answer.room_seq());
        else
            EXPECT_TRUE(is_problem(answer, 409, "room_is_full"));
    }
    EXPECT_EQ(seqs.size(), 10u);
    EXPECT_EQ(owner.get("/rooms/" + room).json().at("member_count"), 11);
    EXPECT_EQ(owner.all_pages("/rooms/" + room + "/members").size(), 11u);
}

TEST_F(Concurrency, TwentySendersAreSeenByFiveFeedsInOneOrderEachOnce) {
    constexpr std::size_t each = 50;
    std::vector<Person> people = crowd(20);
    Person& owner = person("owner");
    json members = json::array();
    for (const Person& who : people) members.push_back(who.id());
    const std::string room = owner.create_room({{"members", members}});
    const auto first = owner.get("/rooms/" + room).json().at("room_seq").get<std::uint64_t>() + 1;
    const auto wanted = people.size() * each;

    std::vector<std::vector<json>> seen(5);
    std::vector<std::thread> watchers;
    for (std::size_t i = 0; i < seen.size(); ++i)
        watchers.emplace_back([&seen, i, wanted, feed = people[i].live_feed("room=" + room)](
                              ) mutable {
            while (seen[i].size() < wanted) {
                const auto frame = feed.read_until("event");
                if (!frame) return;
                seen[i].push_back(frame->at("event"));
            }
        });
    all_at_once(people, [&](Person& who, std::size_t) {
        for (std::size_t i = 0; i < each; ++i) who.say(room, who.username());
    });
    for (std::thread& watcher : watchers) watcher.join();

    ASSERT_EQ(seen[0].size(), wanted);
    std::map<std::string, std::size_t> by_sender;
    for (std::size_t i = 0; i < wanted; ++i) {
        EXPECT_EQ(seen[0][i].at("room_seq"), first + i) << "contiguous";
        ++by_sender[seen[0][i].at("actor_id")];
    }
    for (const Person& who : people) EXPECT_EQ(by_sender[who.id()], each);
    for (const auto& other : seen) EXPECT_EQ(other, seen[0]);
    const auto kept = owner.all_pages(messages_of(room) + "?after=0&limit=200");
    ASSERT_EQ(kept.size(), wanted);
    for (std::size_t i = 0; i < wanted; ++i)
        EXPECT_EQ(kept[i].at("position"), seen[0][i].at("position"));
}

TEST_F(Concurrency, TheSameKeySentTwentyTimesAtOnceHappensOnce) {
    Person& owner = person("owner");
    const std::string room = owner.create_room();
    std::vector<Person> same(20, owner);
    for (int round = 0; round < 5; ++round) {
        const Headers key = {{"Idempotency-Key", "round-" + std::to_string(round)}};
        std::vector<HttpAnswer> answers(same.size());
        all_at_once(same, [&](Person& who, std::size_t i) {
            answers[i] = who.post(messages_of(room), {{"text", "once"}}, key);
        });
        std::size_t originals = 0;
        for (const HttpAnswer& answer : answers) {
            EXPECT_EQ(answer.status, 201) << answer.body;
            EXPECT_EQ(answer.position(), answers[0].position());
            if (answer.header("idempotency-replayed").empty()) ++originals;
        }
        EXPECT_EQ(originals, 1u);
        EXPECT_EQ(owner.get("/rooms/" + room).json().at("room_seq"), 2 + round);
    }
}

TEST_F(Concurrency, TheSameAliasAndTheSameDirectRoomAreMadeOnce) {
    std::vector<Person> people = crowd(10);
    Person& owner = person("owner");
    std::vector<HttpAnswer> answers(people.size());
    all_at_once(people, [&](Person& who, std::size_t i) {
        answers[i] = who.post("/rooms", {{"name", "raced"}, {"alias", "raced-alias"}});
    });
    int made = 0;
    for (const HttpAnswer& answer : answers) made += answer.status == 201;
    EXPECT_EQ(made, 1);

    std::vector<Person> same(10, owner);
    const json direct = {{"kind", "direct"}, {"members", {people[0].id()}}};
    all_at_once(same, [&](Person& who, std::size_t i) { answers[i] = who.post("/rooms", direct); });
    std::set<std::string> rooms;
    made = 0;
    for (const HttpAnswer& answer : answers) {
        EXPECT_TRUE(answer.status == 200 || answer.status == 201) << answer.body;
        made += answer.status == 201;
        rooms.insert(answer.json().at("room_id").get<std::string>());
    }
    EXPECT_EQ(made, 1);
    EXPECT_EQ(rooms.size(), 1u);
}

TEST_F(Concurrency, TheSameUsernameIsGivenOnce) {
    std::vector<int> statuses(8);
    std::vector<std::thread> threads;
    for (int& status : statuses)
        threads.emplace_back([&status] {
            const json body = {{"username", "wanted"}, {"password", "a good password"}};
            const Headers headers;
            status = ask_once(server(), "POST", "/api/v1/users", headers, body.dump()).status;
        });
    for (std::thread& thread : threads) thread.join();
    // 429: the bounded pool of password workers had no place.
    EXPECT_EQ(std::count(statuses.begin(), statuses.end(), 201), 1);
    for (const int status : statuses) EXPECT_TRUE(status == 201 || status == 409 || status == 429);
}

}  // namespace

}  // namespace verbatim::testing
