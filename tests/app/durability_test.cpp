#include "tests/support/paths.hpp"
#include "tests/support/server_crowd.hpp"
#include "tests/support/server_process.hpp"
#include "tests/support/temporary_folder.hpp"

#include <cstdlib>
#include <filesystem>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <map>
#include <set>
#include <thread>

namespace verbatim::testing {

namespace {

using nlohmann::json;
using Events = std::map<std::uint64_t, json>;  // by position

constexpr std::size_t crowd_size = 4;

int rounds_wanted() {
    const char* text = std::getenv("VERBATIM_KILL_ROUNDS");
    return text == nullptr ? 20 : std::atoi(text);
}

std::uint64_t seed_wanted() {
    const char* text = std::getenv("VERBATIM_KILL_SEED");
    return text == nullptr ? std::random_device()() : std::strtoull(text, nullptr, 10);
}

class Durability : public ::testing::Test {
protected:
    TemporaryFolder folder;
    ServerProcess server{{.binary = testing::server_binary(), .data = folder.path() / "data"}};

    // One watcher's feed, put together from what it saw live and what it resumed after each kill.
    struct Watcher {
        std::vector<json> seen;
        void take(std::vector<json> events) {
            for (json& event : events) seen.push_back(std::move(event));
        }
        [[nodiscard]] std::string cursor() const {
            if (seen.empty()) return "after=0";
            return "after=" + std::to_string(seen.back().at("position").get<std::uint64_t>());
        }
    };

    static std::vector<json> history_of(const Person& who) {
        return who.feed("after=0").read_until_caught_up();
    }
    static void watch_while_killed(
        Crowd& crowd, Watcher& watcher, std::size_t acks, ServerProcess& process
    ) {
        WsClient feed = crowd.people()[1].feed(watcher.cursor());
        watcher.take(feed.read_until_caught_up());
        std::vector<json> live;
        std::thread reading([&] {
            while (const auto frame = feed.read())
                if (frame->at("type") == "event") live.push_back(frame->at("event"));
        });
        crowd.run_until_killed(acks, [&] { process.kill9(); });
        reading.join();
        watcher.take(std::move(live));
    }
    // Everything that anybody sees, by position; all who see an event see the same.
    static Events union_of_histories(Crowd& crowd) {
        Events all;
        crowd.people()[0].wait_for_feeds();
        for (const Person& who : crowd.people()) {
            std::uint64_t last = 0;
            for (json& event : history_of(who)) {
                const auto position = event.at("position").get<std::uint64_t>();
                EXPECT_GT(position, last) << "in order, each once";
                last = position;
                const auto [known, is_new] = all.emplace(position, event);
                EXPECT_TRUE(is_new || known->second == event) << event << known->second;
            }
        }
        return all;
    }
    void expect_contiguous(const Events& events) const {
        const json ready = ask_once(server, "GET", "/readyz").json();
        EXPECT_EQ(ready.at("position"), ready.at("log_position"));
        EXPECT_EQ(ready.at("log_position"), events.size()) << "somebody sees each event";
        ASSERT_FALSE(events.empty());
        EXPECT_EQ(events.rbegin()->first, events.size());
        std::map<std::string, std::uint64_t> room_seqs;
        for (const auto& [position, event] : events) {
            if (event.at("room_seq").is_null()) continue;
            EXPECT_EQ(event.at("room_seq"), ++room_seqs[event.at("room_id")]) << position;
        }
    }
    static std::string text_of(const json& event) {
        const json& data = event.at("data");
        const json& text = data.contains("text") ? data.at("text") : data.value("name", json(""));
        return text.is_string() ? text.get<std::string>() : std::string();
    }
    // What was acknowledged is in the log, where its receipt said, and no text is there twice.
    static void expect_exactly_once(const Crowd& crowd, const Events& events) {
        std::map<std::string, std::size_t> times;
        for (const auto& [position, event] : events) ++times[text_of(event)];
        for (const CrowdCommand& command : crowd.acknowledged()) {
            const auto found = events.find(command.position);
            ASSERT_NE(found, events.end()) << "lost: " << command.method << command.path;
            if (command.event.empty()) continue;
            EXPECT_EQ(found->second.at("type"), command.event);
            EXPECT_EQ(text_of(found->second), command.text);
            EXPECT_EQ(times[command.text], 1u) << command.text;
        }
        for (const CrowdCommand& command : crowd.unknown()) {
            if (command.event.empty()) continue;
            EXPECT_LE(times[command.text], 1u) << command.text;
        }
    }
    // REST shows each room as its events fold.
    static void expect_pages_agree(Crowd& crowd, const Events& events) {
        for (const std::string& room : crowd.rooms()) {
            std::map<std::uint64_t, std::string> folded;
            for (const auto& [position, event] : events) {
                if (event.at("room_id") != room) continue;
                if (event.at("type") == "message.sent")
                    folded[event.at("room_seq")] = text_of(event);
                if (event.at("type") == "message.edited")
                    folded[event.at("data").at("seq")] = text_of(event);
            }
            std::map<std::uint64_t, std::string> shown;
            const std::string path = "/rooms/" + room + "/messages?after=0&limit=200";
            for (const json& message : crowd.people()[2].all_pages(path))
                shown[message.at("seq")] = message.at("text");
            EXPECT_EQ(shown, folded);
        }
    }
    // Every list and object that queries show these people, but for who is online.
    static std::map<std::string, json> everything(Crowd& crowd) {
        std::map<std::string, json> shown;
        for (Person& who : crowd.people()) {
            const auto keep = [&](const std::string& path) {
                auto items = who.all_pages(path);
                for (json& item : items) item.erase("online");
                shown[who.username() + " " + path] = std::move(items);
            };
            for (const char* path :
                 {"/rooms?scope=mine",
                  "/rooms?scope=public",
                  "/users",
                  "/sessions",
                  "/users/me/invites"})
                keep(path);
            for (const json& room : who.all_pages("/rooms?scope=mine")) {
                const std::string path = "/rooms/" + room.at("room_id").get<std::string>();
                shown[who.username() + " " + path] = who.get(path).json();
                for (const char* list :
                     {"/messages?limit=200", "/members", "/receipts", "/invites"})
                    keep(path + list);
            }
        }
        return shown;
    }
};

TEST_F(Durability, HoldsWhenTheServerIsKilledAtRandomMoments) {
    const std::uint64_t seed = seed_wanted();
    RecordProperty("seed", std::to_string(seed));
    std::printf("VERBATIM_KILL_SEED=%llu\n", static_cast<unsigned long long>(seed));
    Crowd crowd(server, crowd_size, seed);
    std::mt19937_64 random(seed);
    Watcher watcher;
    const int rounds = rounds_wanted();
    for (int round = 0; round < rounds && !HasFailure(); ++round) {
        SCOPED_TRACE("round " + std::to_string(round));
        watch_while_killed(crowd, watcher, 1 + random() % 150, server);
        server.start();
        ASSERT_TRUE(server.is_ready());
        crowd.retry_unanswered();
        const Events events = union_of_histories(crowd);
        expect_contiguous(events);
        expect_exactly_once(crowd, events);
    }
    watcher.take(crowd.people()[1].feed(watcher.cursor()).read_until_caught_up());
    EXPECT_EQ(watcher.seen, history_of(crowd.people()[1]))
        << "a feed resumed after each kill is the one never interrupted";
    expect_pages_agree(crowd, union_of_histories(crowd));

    const auto before = everything(crowd);
    EXPECT_EQ(server.terminate(), 0);
    std::filesystem::rename(server.data() / "views", folder.path() / "old views");
    server.start();
    EXPECT_EQ(everything(crowd), before) << "views equal a fresh fold";
    std::printf("%zu commands acknowledged\n", crowd.acknowledged().size());
}

}  // namespace

}  // namespace verbatim::testing
