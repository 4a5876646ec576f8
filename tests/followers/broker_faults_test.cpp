#include "tests/followers/cluster.hpp"
#include "tests/support/listeners.hpp"
#include "tests/support/rabbit_broker.hpp"
#include "tests/support/talkers.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <future>
#include <iterator>
#include <set>

namespace verbatim::testing {
namespace {

using nlohmann::json;
using std::chrono::milliseconds;
using std::chrono::seconds;

// Under a sanitizer everything takes many times as long: less of it.
#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
constexpr std::size_t feeds = 30;
constexpr std::size_t people = 10;
constexpr milliseconds answer_time_max{5'000};
#else
constexpr std::size_t feeds = 200;
constexpr std::size_t people = 50;
// Less than the 1.5 s after which a follower takes a broker for silent: what that one does not
// bring of a command is fetched sooner. Some 50 ms are usual.
constexpr milliseconds answer_time_max{1'200};
#endif
constexpr std::size_t nodes = 3;
constexpr milliseconds interval{500};     // between what one person says
constexpr milliseconds pause_max{5'000};  // between acknowledgements of all of them

// One for all tests: it takes seconds to start.
RabbitBroker& shared_broker() {
    static RabbitBroker instance;
    return instance;
}

// The port and the rest of "amqp://user:password@127.0.0.1:PORT/vhost".
std::string with_port(std::string url, std::uint16_t port) {
    const auto colon = url.rfind(':');
    return url.substr(0, colon + 1) + std::to_string(port) + url.substr(url.find('/', colon));
}

// A leader, two followers and a broker, which the followers reach through a proxy.
class Replicated {
public:
    explicit Replicated(RabbitBroker& broker)
        : broker_(broker), url_(broker.url(broker.new_vhost())) {
        to_broker_.aim(broker.port());
        for (const char* const name : {"north", "south"})
            cluster_.follow(name, {"--broker", with_port(url_, to_broker_.port())});
    }

    [[nodiscard]] RabbitBroker& broker() { return broker_; }
    [[nodiscard]] TcpProxy& to_broker() { return to_broker_; }
    [[nodiscard]] Cluster& cluster() { return cluster_; }
    [[nodiscard]] ServerProcess& leader() { return cluster_.leader(); }
    // 0: the leader.
    [[nodiscard]] ServerProcess& node(std::size_t index) { return cluster_.node(index); }

private:
    RabbitBroker& broker_;
    const std::string url_;
    TcpProxy to_broker_;
    Cluster cluster_{{}, {"--broker", url_, "--password-threads", "2"}};
};

// Such a cluster with people who talk in one room through all of its nodes, and feeds that listen
// at all of them.
class Crowded {
public:
    Crowded() {
        for (std::size_t i = 0; i < nodes; ++i) is_up(i);
        sign_up();
        room_ = owner().create_room();
        const std::string path = "/rooms/" + room_;
        HttpAnswer last;
        for (std::size_t i = 1; i < people; ++i) last = people_[i].post(path + "/join");
        EXPECT_EQ(last.status, 200) << last.body;
        seq_ = last.room_seq();
        for (std::size_t i = 0; i < nodes; ++i)
            EXPECT_EQ(ask_at(node(i), owner(), last.position(), path).status, 200);
        std::vector<std::string> tokens;
        for (const Person& person : people_) tokens.push_back(person.token());
        listeners_ = std::make_unique<Listeners>(Listeners::Options{
            .count = feeds,
            .nodes = nodes,
            .port_of = [this](std::size_t i) { return feed_ports_[i].load(); },
            .room = room_,
            .tokens = tokens,
            .room_seq = seq_});
        talkers_ = std::make_unique<Talkers>(Talkers::Options{
            .nodes = nodes,
            .port_of = [this](std::size_t i) { return http_ports_[i].load(); },
            .room = room_,
            .tokens = tokens,
            .interval = interval});
    }

    [[nodiscard]] Replicated& replicated() { return replicated_; }
    [[nodiscard]] ServerProcess& node(std::size_t index) { return replicated_.node(index); }
    [[nodiscard]] Talkers& talkers() { return *talkers_; }
    // Clients are to know which nodes take connections.
    void is_down(std::size_t index) {
        http_ports_[index] = 0;
        feed_ports_[index] = 0;
    }
    void is_up(std::size_t index) {
        feed_ports_[index] = node(index).feed_port();
        http_ports_[index] = node(index).http_port();
    }

    // Lets everybody talk while `fault` happens, and until enough was said after it.
    template <class Fault>
    void talk_through(const Fault& fault) {
        listeners_->go_home();
        talkers_->start();
        talkers_->wait_for(people);
        fault(*this);
        talkers_->wait_for(4 * people);
        talkers_->finish();
    }
    // Of what was said since the last time: every feed heard all of it, once, in one order, and
    // nothing else; it is what was acknowledged, and every node shows the same.
    void expect_all_agree() {
        const auto last = owner().post(messages(), {{"text", "the end"}});
        ASSERT_EQ(last.status, 201) << last.body;
        ASSERT_TRUE(listeners_->hear_until(last.position()));
        for (const std::string& fault : listeners_->faults()) ADD_FAILURE() << fault;
        std::vector<std::string> texts = texts_since(told_);
        EXPECT_EQ(texts.back(), "the end");
        texts.pop_back();
        expect_said_once(texts);
        const auto shown = pages_at(0, last.position());
        for (std::size_t i = 1; i < nodes; ++i)
            EXPECT_TRUE(pages_at(i, last.position()) == shown) << "other pages at node " << i;
        EXPECT_EQ(texts_in(shown), texts_since(told_));
        told_ = listeners_->story().size();
        seq_ = last.room_seq();
    }
    [[nodiscard]] std::size_t resumptions() const { return listeners_->resumptions(); }

private:
    [[nodiscard]] Person& owner() { return people_.front(); }
    [[nodiscard]] std::string messages() const { return "/rooms/" + room_ + "/messages"; }

    // Two at a time: the leader hashes as many passwords.
    void sign_up() {
        const auto every_second = [this](std::size_t first) {
            std::vector<Person> some;
            for (std::size_t i = first; i < people; i += 2)
                some.emplace_back(replicated_.leader(), "person-" + std::to_string(i));
            return some;
        };
        auto others = std::async(std::launch::async, every_second, 1);
        people_ = every_second(0);
        std::ranges::move(others.get(), std::back_inserter(people_));
    }

    [[nodiscard]] std::vector<std::string> texts_since(std::size_t begin) const {
        std::vector<std::string> texts;
        const auto story = listeners_->story();
        for (std::size_t i = begin; i < story.size(); ++i)
            texts.push_back(json::parse(story[i].frame)["event"]["data"]["text"]);
        return texts;
    }
    void expect_said_once(std::vector<std::string> texts) const {
        const auto& acknowledged = talkers_->account().acknowledged;
        std::ranges::sort(texts);
        for (auto twice = texts.begin();;) {
            twice = std::adjacent_find(twice, texts.end());
            if (twice == texts.end()) break;
            ADD_FAILURE() << "said twice: " << *twice++;
        }
        std::vector<std::string> differing;
        std::ranges::set_symmetric_difference(texts, acknowledged, std::back_inserter(differing));
        for (const std::string& text : differing)
            ADD_FAILURE() << text << " was "
                          << (acknowledged.contains(text) ? "acknowledged and not heard"
                                                          : "heard and not acknowledged");
    }
    // The bodies of all pages of messages since the last time, of the room and of its members.
    [[nodiscard]] std::vector<std::string> pages_at(std::size_t index, std::uint64_t position) {
        std::vector<std::string> bodies;
        std::string next = messages() + "?limit=200&after=" + std::to_string(seq_);
        while (!next.empty()) {
            const auto page = ask_at(node(index), owner(), position, next);
            EXPECT_EQ(page.status, 200) << page.body;
            bodies.push_back(page.body);
            const json follows = page.json().value("next", json());
            next = follows.is_string() ? follows.get<std::string>().substr(7) : "";  // "/api/v1"
        }
        bodies.push_back(ask_at(node(index), owner(), position, "/rooms/" + room_).body);
        const std::string members = "/rooms/" + room_ + "/members?limit=200";
        json listed = ask_at(node(index), owner(), position, members).json();
        // Is no part of the log: a node that was just started has yet to hear of it.
        for (json& member : listed["items"]) member.erase("online");
        bodies.push_back(listed.dump());
        return bodies;
    }
    [[nodiscard]] static std::vector<std::string> texts_in(const std::vector<std::string>& pages) {
        std::vector<std::string> texts;
        for (const std::string& page : pages)
            for (const json& item : json::parse(page).value("items", json::array()))
                if (item.contains("text")) texts.push_back(item["text"]);
        return texts;
    }

    Replicated replicated_{shared_broker()};
    std::array<std::atomic<std::uint16_t>, nodes> http_ports_{};
    std::array<std::atomic<std::uint16_t>, nodes> feed_ports_{};
    std::vector<Person> people_;
    std::string room_;
    std::uint64_t seq_ = 0;  // the room's, when all agreed last
    std::size_t told_ = 0;   // of the story, then
    std::unique_ptr<Listeners> listeners_;
    std::unique_ptr<Talkers> talkers_;
};

enum class Hits { the_broker, a_node };
struct Fault {
    const char* name;
    Hits hits;
    void (*happens)(Crowded&);
};

void kill_broker(Crowded& world) {
    world.replicated().broker().kill9();
    world.replicated().broker().start();
}
void wipe_broker(Crowded& world) {
    world.replicated().broker().kill9();
    world.replicated().broker().wipe();
    world.replicated().broker().start();
}
void delete_queues(Crowded& world) {
    world.replicated().broker().delete_queues();
}
void fill_broker(Crowded& world) {
    world.replicated().broker().begin_memory_alarm();
    world.talkers().go_on_for(seconds(10));
    world.replicated().broker().end_memory_alarm();
}
void stop_broker(Crowded& world) {
    world.replicated().broker().pause();
    world.talkers().go_on_for(seconds(20));
    world.replicated().broker().resume();
}
void cut_followers_off(Crowded& world) {
    world.replicated().to_broker().cut();
    world.talkers().go_on_for(seconds(10));
    world.replicated().to_broker().mend();
}
void kill_follower(Crowded& world) {
    world.is_down(1);
    world.node(1).kill9();
    world.node(1).start();
    world.is_up(1);
}
void stop_follower(Crowded& world) {
    world.replicated().cluster().pause(1);
    world.talkers().go_on_for(seconds(20));
    world.replicated().cluster().resume(1);
}
void kill_leader(Crowded& world) {
    world.is_down(0);
    world.node(0).kill9();
    world.replicated().cluster().restart_leader();
    world.is_up(0);
}

TEST(Replication, TellsOtherNodesWhoTypesAndWhoIsOnline) {
    Replicated world(shared_broker());
    Person owner(world.leader(), "owner");
    Person peer(world.leader(), "peer");
    const std::string room = owner.create_room();
    const std::string path = "/rooms/" + room;
    const auto joined = peer.post(path + "/join");
    ASSERT_EQ(joined.status, 200) << joined.body;
    for (const std::size_t node : {1, 2})
        ASSERT_EQ(ask_at(world.node(node), peer, joined.position(), path).status, 200);
    auto heard = feed_at(world.node(1), owner, "room=" + room);
    ASSERT_TRUE(heard.read_until("caught_up"));
    auto opened = feed_at(world.node(2), peer, "room=" + room);
    ASSERT_TRUE(opened.read_until("caught_up"));
    std::set<std::string> told;
    EXPECT_TRUE(comes_true([&] {
        EXPECT_EQ(
            ask(world.node(2), peer, "POST", path + "/typing", {{"typing", true}}).status, 202
        );
        while (const auto frame = heard.read(milliseconds(50)))
            if (frame->value("user_id", "") == peer.id()) told.insert((*frame)["type"]);
        return told.contains("typing") && told.contains("presence");
    }));
}

// One crowd for all of them, which talks on and listens on.
class ReplicationSurvives : public ::testing::TestWithParam<Fault> {
protected:
    static void SetUpTestSuite() { shared() = std::make_unique<Crowded>(); }
    static void TearDownTestSuite() { shared().reset(); }
    static std::unique_ptr<Crowded>& shared() {
        static std::unique_ptr<Crowded> instance;
        return instance;
    }
};

TEST_P(ReplicationSurvives, EveryFeedHearsTheSameOnce) {
    Crowded& world = *shared();
    const std::size_t resumed = world.resumptions();
    world.talk_through(GetParam().happens);
    world.expect_all_agree();
    const Talkers::Account& account = world.talkers().account();
    RecordProperty("acknowledged", std::to_string(account.acknowledged.size()));
    RecordProperty("slowest_ms", std::to_string(account.slowest.count()));
    RecordProperty("longest_pause_ms", std::to_string(account.longest_pause.count()));
    RecordProperty("resumptions", std::to_string(world.resumptions() - resumed));
    if (GetParam().hits == Hits::a_node) return;
    // What happens to the broker is nothing to who sends.
    for (const std::string& refusal : account.refusals) ADD_FAILURE() << refusal;
    EXPECT_LT(account.slowest, answer_time_max);
    EXPECT_LT(account.longest_pause, pause_max);
}

INSTANTIATE_TEST_SUITE_P(
    Faults,
    ReplicationSurvives,
    ::testing::Values(
        Fault{"Nothing", Hits::the_broker, [](Crowded&) {}},
        Fault{"BrokerIsKilled", Hits::the_broker, kill_broker},
        Fault{"BrokerIsWiped", Hits::the_broker, wipe_broker},
        Fault{"QueuesAreDeleted", Hits::the_broker, delete_queues},
        Fault{"BrokerIsOutOfMemory", Hits::the_broker, fill_broker},
        Fault{"BrokerIsStopped", Hits::the_broker, stop_broker},
        Fault{"FollowersAreCutOffFromTheBroker", Hits::the_broker, cut_followers_off},
        Fault{"FollowerIsKilled", Hits::a_node, kill_follower},
        Fault{"FollowerIsStopped", Hits::a_node, stop_follower},
        Fault{"LeaderIsKilled", Hits::a_node, kill_leader}
    ),
    [](const auto& param) { return std::string(param.param.name); }
);

}  // namespace
}  // namespace verbatim::testing
