#include "broker/amqp/publisher.hpp"

#include "broker/amqp/delivery_stream.hpp"
#include "broker/amqp/names.hpp"
#include "broker/amqp/publish_cursor.hpp"
#include "eventstore/delivery.hpp"
#include "tests/rabbit/rabbit_test.hpp"
#include "tests/support/log_scribe.hpp"
#include "tests/support/moments.hpp"
#include "tests/support/temporary_folder.hpp"

#include <condition_variable>
#include <gmock/gmock.h>
#include <mutex>
#include <thread>

namespace verbatim::testing {
namespace {

using namespace amqp;
using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;
using ::testing::HasSubstr;

const auto ada = numbered_id<UserId>(1);
const auto harbour = numbered_id<RoomId>(2);

// A log in memory that grows when it is told to, and who publishes it.
class LeaderNode {
public:
    LeaderNode(const ConnectionOptions& connection, std::uint64_t instance, EventLog& shared)
        : log(shared),
          options{
              .connection = connection,
              .cursor_file = folder.path() / "publisher",
              .report = [this](const std::string& what) { note(what); },
              .heartbeat = milliseconds(200),
              .unconfirmed_max = 128,
              .seed = instance},
          id(numbered_uuid(instance)) {}
    ~LeaderNode() { stop(); }

    void start() {
        publisher = std::make_unique<Publisher>(
            log, std::make_unique<DeliveryStream>(log, id, leadership), options
        );
        publisher->start();
    }
    void stop() { publisher.reset(); }
    [[nodiscard]] std::string reports() const {
        const std::lock_guard lock(mutex);
        return told;
    }
    // Waits until `holds` does; fails after a while.
    template <class Condition>
    void wait_until(const char* what, Condition holds) const {
        EXPECT_TRUE(comes_true(holds)) << what << "; " << reports();
    }
    void wait_until_confirmed(Position position) const {
        wait_until("confirmed", [&] { return publisher->figures().confirmed >= position; });
    }
    void wait_for_report(const std::string& text) const {
        wait_until(text.c_str(), [&] { return reports().find(text) != std::string::npos; });
    }

    EventLog& log;
    TemporaryFolder folder;
    PublisherOptions options;
    const Uuid id;
    Leadership leadership{[](Leadership::State) {}};
    std::unique_ptr<Publisher> publisher;

private:
    void note(const std::string& what) {
        const std::lock_guard lock(mutex);
        told += what + "\n";
    }
    mutable std::mutex mutex;
    std::string told;
};

// What a follower would receive.
class Listener {
public:
    Listener(const ConnectionOptions& options, const EventLog& log)
        : log_(log), connection_(Connection::open(patient(options)).value()) {
        const std::string exchange = log_exchange(log.epoch());
        EXPECT_TRUE(connection_->declare_exchange(exchange, ExchangeKind::fanout, true));
        const auto queue = connection_->declare_queue({.name = {}, .exclusive = true}).value();
        EXPECT_TRUE(connection_->bind(queue, exchange, ""));
        EXPECT_TRUE(connection_->consume(queue));
    }
    // Nobody looks at it while a test waits for rabbitmqctl, which may take longer than a
    // heartbeat.
    static ConnectionOptions patient(ConnectionOptions options) {
        options.heartbeat = std::chrono::minutes(2);  // as the broker's own
        return options;
    }
    // nullopt: none came in time, or the connection has ended.
    std::optional<Delivery> next(milliseconds patience = seconds(20)) {
        const auto until = steady_clock::now() + patience;
        while (steady_clock::now() < until) {
            const auto notice = connection_->next(milliseconds(100));
            if (!notice) return std::nullopt;
            const auto* message = *notice ? std::get_if<Incoming>(&**notice) : nullptr;
            if (message != nullptr) return parse_delivery(message->body).value();
        }
        return std::nullopt;
    }
    // Receives up to `last`; fails unless each delivery continues the one before, or repeats what
    // there was, and says what stands in the log. Returns how many had events.
    std::size_t receive_up_to(Position last, Position& reached) {
        std::size_t received = 0;
        while (reached < last) {
            const auto delivery = next();
            if (!delivery) {
                ADD_FAILURE() << "no delivery came behind " << reached.value();
                return received;
            }
            check(*delivery);
            EXPECT_LE(delivery->after, reached);
            reached = std::max(reached, delivery->last());
            received += delivery->events.empty() ? 0 : 1;
        }
        return received;
    }
    void check(const Delivery& delivery) const {
        EXPECT_EQ(delivery.epoch, log_.epoch());
        EXPECT_EQ(delivery.root_before, root_at(delivery.after.value(), log_.tree_nodes()).value());
        EXPECT_LE(delivery.events.size(), 64u);
        Position at = delivery.after;
        for (const DeliveredEvent& event : delivery.events) {
            at = at.next();
            ASSERT_EQ(event.record, log_.read_record(at).value());
        }
    }

private:
    const EventLog& log_;
    std::unique_ptr<Connection> connection_;
};

class Publishing : public RabbitTest {
protected:
    std::unique_ptr<EventLog> log =
        open_memory_event_log(counted_bytes(), numbered_uuid(100), Timestamp(1)).value();
    LeaderNode leader{options(), 1, *log};

    void SetUp() override {
        LogScribe scribe(*log);
        scribe.write(stream_of(ada), ada, {registered("ada")})
            .write(stream_of(harbour), ada, {room_created()});
        ASSERT_TRUE(scribe.commit().has_value());
    }
    void write(int messages, std::size_t bytes = 20) {
        LogScribe scribe(*log);
        for (int i = 0; i < messages; ++i)
            scribe.write(stream_of(harbour), ada, {sent(std::string(bytes, 'x'))});
        ASSERT_TRUE(scribe.commit().has_value());
        if (leader.publisher) leader.publisher->wake();
    }
    // Commits on, a little at a time, as long as it lives.
    class Traffic {
    public:
        explicit Traffic(Publishing& test)
            : thread_([this, &test] {
                  std::unique_lock lock(mutex_);
                  do test.write(3);
                  while (!ended_.wait_for(lock, milliseconds(2), [this] { return stop_; }));
              }) {}
        ~Traffic() {
            {
                const std::lock_guard lock(mutex_);
                stop_ = true;
            }
            ended_.notify_all();
            thread_.join();
        }

    private:
        std::mutex mutex_;
        std::condition_variable ended_;
        bool stop_ = false;
        std::thread thread_;
    };
};

TEST_F(Publishing, CoversTheLogExactlyAndInOrder) {
    Listener listener(options(), *log);
    leader.start();
    Position reached;
    listener.receive_up_to(log->head(), reached);
    for (int i = 0; i < 50; ++i) write(i, 100);
    Position before = reached;
    while (before < log->head()) {
        const auto delivery = listener.next();
        ASSERT_TRUE(delivery.has_value());
        listener.check(*delivery);
        EXPECT_EQ(delivery->after, before);
        EXPECT_EQ(delivery->instance, leader.id);
        before = delivery->last();
    }
    leader.wait_until_confirmed(log->head());
}

TEST_F(Publishing, PutsManyEventsIntoOneDeliveryWithinItsBounds) {
    write(1'000);
    write(40, 20'000);
    Listener listener(options(), *log);
    leader.start();
    Position reached;
    const std::size_t small = listener.receive_up_to(Position(1'002), reached);
    EXPECT_LE(small, 1'002u / 64 + 3);
    EXPECT_GE(listener.receive_up_to(log->head(), reached), 40u / 3);  // 64 KiB: three of them
}

TEST_F(Publishing, SaysItsHeadAlsoWhenNothingHappens) {
    Listener listener(options(), *log);
    leader.start();
    Position reached;
    listener.receive_up_to(log->head(), reached);
    for (int beats = 0; beats < 3;) {
        const auto delivery = listener.next();
        ASSERT_TRUE(delivery.has_value());
        EXPECT_TRUE(delivery->events.empty());
        EXPECT_EQ(delivery->head, log->head());
        EXPECT_EQ(delivery->after, log->head());
        listener.check(*delivery);
        ++beats;
    }
}

TEST_F(Publishing, RingsADoorbellInsteadWhenItIsFarBehind) {
    for (int i = 0; i < 101; ++i) write(1'000, 1);
    Listener listener(options(), *log);
    leader.start();
    const auto bell = listener.next();
    ASSERT_TRUE(bell.has_value());
    EXPECT_TRUE(bell->events.empty());
    EXPECT_EQ(bell->after, log->head());
    EXPECT_EQ(bell->head, log->head());
    leader.wait_until_confirmed(log->head());
    write(1);
    Position reached = bell->head;
    EXPECT_EQ(listener.receive_up_to(log->head(), reached), 1u);
}

TEST_F(Publishing, GoesOnWhereItWasAfterARestart) {
    leader.start();
    write(500);
    leader.wait_until_confirmed(log->head());
    leader.stop();
    const Position published = log->head();
    Listener listener(options(), *log);
    write(10);
    leader.start();
    const auto first = listener.next();
    ASSERT_TRUE(first.has_value());
    EXPECT_EQ(first->after, published);
    EXPECT_EQ(first->last(), log->head());
}

TEST_F(Publishing, SaysTheRestBeforeItStops) {
    Listener listener(options(), *log);
    leader.start();
    leader.wait_until_confirmed(log->head());
    write(5'000);
    leader.stop();
    Position reached;
    listener.receive_up_to(log->head(), reached);
    EXPECT_EQ(PublishCursor(leader.options.cursor_file, log->epoch()).position(), log->head());
}

TEST_F(Publishing, SaysThatTheLogWasPutBack) {
    ASSERT_TRUE(PublishCursor(leader.options.cursor_file, log->epoch()).move_to(Position(90)));
    Listener listener(options(), *log);
    leader.start();
    leader.wait_for_report("positions 3 to 90 were published and are not in the log");
    EXPECT_EQ(listener.next().value().after, Position(2));
}

TEST_F(Publishing, LosesNothingWhenTheBrokerIsKilled) {
    Position reached;
    {
        Listener listener(options(), *log);
        leader.start();
        const Traffic traffic(*this);
        listener.receive_up_to(Position(200), reached);
        broker().kill9();
        while (listener.next(seconds(1))) {
        }
        broker().start();
        Listener again(options(), *log);
        // What it missed it reads from the log, as a follower does.
        const auto first = again.next();
        ASSERT_TRUE(first.has_value());
        reached = std::max(reached, first->last());
        again.receive_up_to(Position(reached.value() + 200), reached);
    }
    leader.wait_until_confirmed(log->head());
    EXPECT_GE(leader.publisher->figures().connects, 2u);
    EXPECT_THAT(leader.reports(), HasSubstr("the broker is there again"));
    EXPECT_TRUE(leader.leadership.leads());
}

TEST_F(Publishing, RepeatsWhatABrokerHadNotConfirmed) {
    leader.start();
    leader.wait_until_confirmed(log->head());
    const Position confirmed = log->head();
    broker().pause();
    write(100);
    broker().kill9();
    broker().wipe();
    broker().start();
    Listener listener(options(), *log);
    leader.wait_until_confirmed(log->head());
    const auto first = listener.next();
    ASSERT_TRUE(first.has_value());
    EXPECT_GE(first->head, log->head());
    EXPECT_GE(first->after, confirmed);
    EXPECT_TRUE(leader.leadership.leads());
}

TEST_F(Publishing, SurvivesThatAllQueuesAreDeleted) {
    leader.start();
    leader.wait_until_confirmed(log->head());
    const auto connects = leader.publisher->figures().connects;
    broker().delete_queues();
    leader.wait_until("connected anew", [&] {
        return leader.publisher->figures().connects > connects;
    });
    Listener listener(options(), *log);
    write(10);
    Position reached(2);
    listener.receive_up_to(log->head(), reached);
    EXPECT_TRUE(leader.leadership.leads());
}

TEST_F(Publishing, WaitsOutAMemoryAlarm) {
    Listener listener(options(), *log);
    leader.start();
    Position reached;
    listener.receive_up_to(log->head(), reached);
    broker().begin_memory_alarm();
    leader.wait_until("blocked", [&] { return leader.publisher->figures().blocked; });
    EXPECT_EQ(leader.publisher->figures().state, "blocked");
    write(100);
    EXPECT_LT(leader.publisher->figures().confirmed, log->head());
    broker().end_memory_alarm();
    listener.receive_up_to(log->head(), reached);
    leader.wait_until_confirmed(log->head());
    EXPECT_EQ(leader.publisher->figures().state, "connected");
}

TEST_F(Publishing, OutlivesABrokerThatIsStopped) {
    leader.start();
    leader.wait_until_confirmed(log->head());
    broker().pause();
    for (int i = 0; i < 100; ++i) write(64, 1'000);  // more than sockets hold
    leader.wait_until("cut off", [&] { return !leader.publisher->figures().connected; });
    broker().resume();
    leader.wait_until_confirmed(log->head());
    EXPECT_TRUE(leader.leadership.leads());
}

TEST_F(Publishing, StopsInTimeWhileABrokerIsStopped) {
    leader.start();
    leader.wait_until_confirmed(log->head());
    broker().pause();
    for (int i = 0; i < 100; ++i) write(64, 1'000);
    const auto begun = steady_clock::now();
    leader.stop();
    EXPECT_LT(steady_clock::now() - begun, seconds(9));
    broker().resume();
}

TEST_F(Publishing, NamesWhatTheBrokerRefusesAndLeadsNonetheless) {
    const std::pair<std::string, const char*> refusals[] = {
        {broker().url(vhost, "guest:wrong"), "wrong_credentials"},
        {broker().url("no-such-vhost"), "wrong_vhost"},
        {broker().url(vhost, RabbitBroker::powerless_user), "no_permission"},
        {"amqp://127.0.0.1:1/", "unreachable"}};
    for (const auto& [url, name] : refusals) {
        LeaderNode refused(options_for(url), 7, *log);
        refused.start();
        refused.leadership.wait_for_decision(seconds(60));
        EXPECT_TRUE(refused.leadership.leads()) << name;
        refused.wait_for_report(name);
        EXPECT_EQ(refused.publisher->figures().state, name);
    }
}

TEST_F(Publishing, LetsOneOfTwoProcessesFeedFollowers) {
    leader.start();
    leader.wait_until_confirmed(log->head());
    LeaderNode copy(options(), 2, *log);
    copy.start();
    copy.leadership.wait_for_decision(seconds(60));
    copy.wait_until("fenced", [&] { return copy.leadership.is_fenced(); });
    EXPECT_TRUE(leader.leadership.leads());
    Listener listener(options(), *log);
    write(50);
    Position reached(2);
    while (reached < log->head()) {
        const auto delivery = listener.next();
        ASSERT_TRUE(delivery.has_value());
        EXPECT_EQ(delivery->instance, leader.id);
        reached = std::max(reached, delivery->last());
    }
    copy.wait_for_report("another process leads this log");
}

TEST_F(Publishing, StopsLeadingWhenItComesBackAndAnotherLeads) {
    leader.start();
    leader.wait_until_confirmed(log->head());
    leader.stop();  // as by a long pause: the broker has given it up
    LeaderNode other(options(), 2, *log);
    other.start();
    other.wait_until("led", [&] { return other.leadership.leads(); });
    EXPECT_TRUE(leader.leadership.leads());
    leader.start();
    leader.wait_until("fenced", [&] { return leader.leadership.is_fenced(); });
    other.stop();
    leader.wait_for_report("another process leads this log");
    EXPECT_TRUE(leader.leadership.is_fenced());
}

TEST_F(Publishing, WaitsForItsOwnDeadConnectionAndLeadsMeanwhile) {
    leader.start();
    leader.wait_until_confirmed(log->head());
    leader.stop();
    auto dead = connect();  // holds the queue, says nothing
    const auto queue = leader_queue(log->epoch());
    ASSERT_TRUE(dead->declare_queue({.name = queue, .exclusive = true, .auto_delete = true}));
    leader.start();
    leader.wait_for_report("held_elsewhere");
    EXPECT_TRUE(leader.leadership.leads());
    write(1);
    EXPECT_LT(leader.publisher->figures().confirmed, log->head());
    dead.reset();
    leader.wait_until_confirmed(log->head());
}

TEST_F(Publishing, IsNotFencedByTheLastWordsOfAProcessThatHasEnded) {
    LeaderNode killed(options(), 2, *log);
    auto its_connection = connect();
    const auto queue = leader_queue(log->epoch());
    ASSERT_TRUE(
        its_connection->declare_exchange(log_exchange(log->epoch()), ExchangeKind::fanout, true)
    );
    ASSERT_TRUE(
        its_connection->declare_queue({.name = queue, .exclusive = true, .auto_delete = true})
    );
    leader.start();
    DeliveryStream words(*log, killed.id, killed.leadership);
    const auto say_something = [&] {
        const auto piece = words.heartbeat(log->head()).value().value();
        return its_connection
            ->publish(
                {.exchange = piece.messages[0].exchange,
                 .routing_key = "",
                 .content_type = "",
                 .body = piece.messages[0].body}
            )
            .has_value();
    };
    for (int i = 0; i < 20; ++i) {
        ASSERT_TRUE(say_something());
        (void)its_connection->next(milliseconds(50)).value();
    }
    its_connection.reset();
    leader.wait_until("leads", [&] { return leader.leadership.leads(); });
    leader.wait_until_confirmed(log->head());
}

TEST_F(Publishing, StandsByWhereTheQueueIsHeldFromTheStart) {
    auto holder = connect();
    const auto queue = leader_queue(log->epoch());
    ASSERT_TRUE(holder->declare_queue({.name = queue, .exclusive = true, .auto_delete = true}));
    leader.start();
    leader.leadership.wait_for_decision(seconds(60));
    EXPECT_EQ(leader.leadership.state(), Leadership::State::standing_by);
    holder.reset();
    leader.wait_until("leads", [&] { return leader.leadership.leads(); });
    leader.wait_until_confirmed(log->head());
}

}  // namespace
}  // namespace verbatim::testing
