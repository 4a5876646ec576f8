#include "tests/followers/cluster.hpp"
#include "tests/support/rabbit_broker.hpp"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <thread>

namespace verbatim::testing {
namespace {

using nlohmann::json;

// How long a fault lasts: VERBATIM_FAULT_SECONDS, which CI sets higher.
std::chrono::milliseconds fault_time() {
    const char* const set = std::getenv("VERBATIM_FAULT_SECONDS");
    return std::chrono::milliseconds(set == nullptr ? 1'500 : 1'000 * std::atoi(set));
}

// The port and the rest of "amqp://user:password@127.0.0.1:PORT/vhost".
std::string with_port(std::string url, std::uint16_t port) {
    const auto colon = url.rfind(':');
    return url.substr(0, colon + 1) + std::to_string(port) + url.substr(url.find('/', colon));
}

// A leader, two followers and a broker, with people who talk in one room through all of them and
// feeds that listen at all of them.
class Replicated {
public:
    explicit Replicated(RabbitBroker& broker)
        : broker_(broker), url_(broker.url(broker.new_vhost())) {
        to_broker_.aim(broker.port());
        for (const char* const name : {"north", "south"})
            cluster_.follow(name, {"--broker", with_port(url_, to_broker_.port())});
        room_ = owner_.create_room();
        for (std::size_t i = 0; i < 3; ++i)
            EXPECT_TRUE(comes_true([&] {
                return ask(node(i), owner_, "GET", "/rooms/" + room_).status == 200;
            }));
        for (std::size_t i = 0; i < listeners_max; ++i)
            listeners_.push_back(std::make_unique<Listener>(*this, i));
    }
    ~Replicated() { stop(); }

    [[nodiscard]] RabbitBroker& broker() { return broker_; }
    [[nodiscard]] TcpProxy& to_broker() { return to_broker_; }
    [[nodiscard]] Cluster& cluster() { return cluster_; }
    [[nodiscard]] ServerProcess& node(std::size_t index) { return cluster_.node(index); }
    [[nodiscard]] Person& owner() { return owner_; }
    [[nodiscard]] const std::string& room() const { return room_; }

    // Lets everybody talk while `fault` happens, and until enough was said after it.
    void talk_through(const std::function<void()>& fault) {
        for (std::size_t i = 0; i < senders_max; ++i) senders_.emplace_back([this, i] { talk(i); });
        wait_for_more(20);
        fault();
        wait_for_more(20);
        stop();
    }

    // Every feed heard all that was acknowledged, once, in one order, and nothing else but what
    // nobody was answered about; every node shows the same.
    void expect_all_agree() {
        Person& who = owner_;
        const auto last = ask(
            cluster_.leader(), who, "POST", "/rooms/" + room_ + "/messages", {{"text", "the end"}}
        );
        ASSERT_EQ(last.status, 201) << last.body;
        for (auto& listener : listeners_) listener->hear_until(last.position());
        const auto& heard = listeners_.front()->heard();
        for (auto& listener : listeners_) EXPECT_EQ(listener->heard(), heard);
        std::map<std::string, int> times;
        std::uint64_t seq = heard.empty() ? 0 : heard.front().first;
        for (const auto& [room_seq, text] : heard) {
            EXPECT_EQ(room_seq, seq++) << "a gap, or another order";
            ++times[text];
        }
        for (const auto& [text, count] : times) EXPECT_EQ(count, 1) << text;
        for (const std::string& text : acknowledged_) EXPECT_EQ(times[text], 1) << text;
        const std::string page = "/rooms/" + room_ + "/messages?limit=200";
        const std::string shown = ask(cluster_.leader(), who, "GET", page).body;
        for (std::size_t i = 1; i < 3; ++i)
            EXPECT_EQ(ask_at(node(i), who, last.position(), page).body, shown);
    }

private:
    static constexpr std::size_t senders_max = 6;
    static constexpr std::size_t listeners_max = 6;

    // A feed that goes to the next node when its own ends, with its cursor.
    class Listener {
    public:
        Listener(Replicated& world, std::size_t index)
            : world_(world), node_(index % 3), feed_(world.feed(node_, {})) {
            const auto welcome = feed_.read_until("welcome");
            EXPECT_TRUE(welcome);
            if (!welcome) return;
            epoch_ = (*welcome)["epoch"];
            position_ = (*welcome)["position"];
        }
        void hear_until(std::uint64_t position) {
            const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(60);
            while (!epoch_.empty() && position_ < position &&
                   std::chrono::steady_clock::now() < until) {
                const auto frame = feed_.read(std::chrono::seconds(10));
                if (!frame && !feed_.is_open()) {
                    node_ = (node_ + 1) % 3;
                    feed_ = world_.feed(
                        node_, "after=" + std::to_string(position_) + "&epoch=" + epoch_
                    );
                    continue;
                }
                if (!frame || (*frame)["type"] != "event") continue;
                const json& event = (*frame)["event"];
                EXPECT_GT(event["position"], position_);
                position_ = event["position"];
                if (event["type"] == "message.sent")
                    heard_.emplace_back(event["room_seq"], event["data"]["text"]);
            }
            EXPECT_EQ(position_, position) << "at node " << node_;
        }
        [[nodiscard]] const std::vector<std::pair<std::uint64_t, std::string>>& heard() const {
            return heard_;
        }

    private:
        Replicated& world_;
        std::size_t node_;
        WsClient feed_;
        std::string epoch_;
        std::uint64_t position_ = 0;
        std::vector<std::pair<std::uint64_t, std::string>> heard_;
    };

    [[nodiscard]] WsClient feed(std::size_t index, const std::string& more) {
        return feed_at(node(index), owner_, "room=" + room_ + (more.empty() ? "" : "&" + more));
    }

    // Says one text after the other, each again under its key until somebody has answered.
    void talk(std::size_t who) {
        for (int count = 0; !is_over_; ++count) {
            const std::string text = std::to_string(who) + "." + std::to_string(count);
            const Headers key = {{"Idempotency-Key", text}};
            for (std::size_t attempt = who; !is_over_; ++attempt) {
                // A node that is down has no port.
                const ServerProcess& asked = node(attempt % 3);
                if (!asked.is_ready()) continue;
                const auto answer = ask(
                    asked, owner_, "POST", "/rooms/" + room_ + "/messages", {{"text", text}}, key
                );
                if (answer.status != 201) continue;
                const std::lock_guard lock(mutex_);
                acknowledged_.insert(text);
                break;
            }
        }
    }
    void wait_for_more(std::size_t count) {
        const auto said = [this] {
            const std::lock_guard lock(mutex_);
            return acknowledged_.size();
        };
        const std::size_t wanted = said() + count;
        EXPECT_TRUE(comes_true([&] { return said() >= wanted; })) << "commands were not answered";
    }
    void stop() {
        is_over_ = true;
        for (std::thread& sender : senders_) sender.join();
        senders_.clear();
    }

    RabbitBroker& broker_;
    const std::string url_;
    TcpProxy to_broker_;
    Cluster cluster_{{}, {"--broker", url_}};
    Person owner_{cluster_.leader(), "owner"};
    std::string room_;
    std::vector<std::unique_ptr<Listener>> listeners_;
    std::vector<std::thread> senders_;
    std::atomic<bool> is_over_{false};
    std::mutex mutex_;
    std::set<std::string> acknowledged_;  // under mutex_
};

void let_it_last() {
    std::mutex alone;
    std::condition_variable nobody;
    std::unique_lock lock(alone);
    nobody.wait_for(lock, fault_time());
}

struct Fault {
    const char* name;
    void (*happens)(Replicated&);
};

void kill_broker(Replicated& world) {
    world.broker().kill9();
    let_it_last();
    world.broker().start();
}
void wipe_broker(Replicated& world) {
    world.broker().kill9();
    world.broker().wipe();
    world.broker().start();
}
void delete_queues(Replicated& world) {
    world.broker().delete_queues();
}
void fill_broker(Replicated& world) {
    world.broker().begin_memory_alarm();
    let_it_last();
    world.broker().end_memory_alarm();
}
void stop_broker(Replicated& world) {
    world.broker().pause();
    let_it_last();
    world.broker().resume();
}
void cut_followers_off(Replicated& world) {
    world.to_broker().cut();
    let_it_last();
    world.to_broker().mend();
}
void kill_follower(Replicated& world) {
    world.node(1).kill9();
    let_it_last();
    world.node(1).start();
}
void stop_follower(Replicated& world) {
    world.cluster().pause(1);
    let_it_last();
    world.cluster().resume(1);
}
void kill_leader(Replicated& world) {
    world.cluster().leader().kill9();
    world.cluster().restart_leader();
}

// One for all tests: it takes seconds to start.
RabbitBroker& shared_broker() {
    static RabbitBroker instance;
    return instance;
}

TEST(Replication, TellsOtherNodesWhoTypesAndWhoIsOnline) {
    Replicated world(shared_broker());
    Person peer(world.cluster().leader(), "peer");
    const std::string path = "/rooms/" + world.room();
    const auto joined = peer.post(path + "/join");
    ASSERT_EQ(joined.status, 200) << joined.body;
    for (const std::size_t node : {1, 2})
        ASSERT_EQ(ask_at(world.node(node), peer, joined.position(), path).status, 200);
    auto heard = feed_at(world.node(1), world.owner(), "room=" + world.room());
    ASSERT_TRUE(heard.read_until("caught_up"));
    auto opened = feed_at(world.node(2), peer, "room=" + world.room());
    ASSERT_TRUE(opened.read_until("caught_up"));
    std::set<std::string> told;
    EXPECT_TRUE(comes_true([&] {
        EXPECT_EQ(
            ask(world.node(2), peer, "POST", path + "/typing", {{"typing", true}}).status, 202
        );
        while (const auto frame = heard.read(std::chrono::milliseconds(50)))
            if (frame->value("user_id", "") == peer.id()) told.insert((*frame)["type"]);
        return told.contains("typing") && told.contains("presence");
    }));
}

class ReplicationSurvives : public ::testing::TestWithParam<Fault> {};

TEST_P(ReplicationSurvives, EveryFeedHearsTheSameOnce) {
    Replicated world(shared_broker());
    world.talk_through([&] { GetParam().happens(world); });
    world.expect_all_agree();
}

INSTANTIATE_TEST_SUITE_P(
    Faults,
    ReplicationSurvives,
    ::testing::Values(
        Fault{"Nothing", [](Replicated&) {}},
        Fault{"BrokerIsKilled", kill_broker},
        Fault{"BrokerIsWiped", wipe_broker},
        Fault{"QueuesAreDeleted", delete_queues},
        Fault{"BrokerIsOutOfMemory", fill_broker},
        Fault{"BrokerIsStopped", stop_broker},
        Fault{"FollowersAreCutOffFromTheBroker", cut_followers_off},
        Fault{"FollowerIsKilled", kill_follower},
        Fault{"FollowerIsStopped", stop_follower},
        Fault{"LeaderIsKilled", kill_leader}
    ),
    [](const auto& param) { return std::string(param.param.name); }
);

}  // namespace
}  // namespace verbatim::testing
