#pragma once

#include "eventstore/commit_listener.hpp"
#include "eventstore/delivery.hpp"
#include "eventstore/event_log.hpp"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

namespace verbatim {

// Why a piece of the leader's log could not be had.
enum class FetchFault {
    leader_away,        // now; it may be back
    refused,            // it does not give its log to this node, or is no leader
    needs_newer_build,  // it speaks of its log in a way that this build cannot read
};
struct FetchError {
    FetchFault fault = FetchFault::leader_away;
    std::string detail;
};
// Asks the leader for what follows a position: GET /internal/log. Where its log ends before that, a
// delivery that tells its head.
using FetchDelivery = std::function<Expected<Delivery, FetchError>(Position after)>;

// How a follower stands to its leader.
struct FollowState {
    enum class Phase {
        following,    // nothing is known to be missing, or it is being fetched
        leader_away,  // the last attempt to reach it failed; what was copied is served
        refused,      // this log and the leader's are not the same: nothing may be served
    };
    Phase phase = Phase::following;
    std::string reason;    // refused: log_diverged, written_by_newer_build, …
    std::string detail;    // for people
    Position leader_head;  // as last heard
    // When the newest request was sent that the leader has answered: its log did not reach beyond
    // leader_head then.
    std::chrono::steady_clock::time_point asked_at{};
};

// Keeps a log the copy of a leader's. What comes from the broker is taken as it comes; what it did
// not bring, or brought out of order, is fetched from the leader, whose head is also asked for
// every now and then. Each piece must go on where the log ends, belong to the leader that is
// followed, and stand on the same tree; while a broker speaks, its speaker is who is followed. If
// not, nothing is repaired: it stops and says so.
//
// Threads:  deliver(), look_now(), look_unless_told() and state() from any; the listener, `fetch`
// and
//           `refused` are called on the replicator's own thread, or by bootstrap()'s caller.
// Lifetime: the log and the listener outlive it.
class Replicator {
public:
    struct Options {
        std::chrono::milliseconds poll_interval{5'000};
        // Where nothing came from a broker for this long (a leader speaks every second), or there
        // is none, the leader is asked more often.
        std::chrono::milliseconds silence{1'500};
        std::chrono::milliseconds silent_poll_interval{100};
        std::chrono::milliseconds away_poll_interval{500};
        std::size_t deliveries_waiting_max = 1'024;  // beyond: dropped, and fetched later
        std::uint32_t newest_format = 1;             // what this build can read
        FetchDelivery fetch;
        std::function<bool()> has_room;  // on the disk; empty: always
        // Told once when it refuses to go on.
        std::function<void(const FollowState&)> refused;
        // Operating failures, for the log.
        std::function<void(const std::string&)> report;
    };
    Replicator(EventLog& log, CommitListener& listener, Options options);
    ~Replicator();
    Replicator(const Replicator&) = delete;
    Replicator& operator=(const Replicator&) = delete;

    // Fetches until the log has what the leader has, without telling the listener: for a log that
    // is not served yet. `progress` is given the copied and the leader's head, and says whether to
    // go on. Before start(). False: state() says why, unless `progress` ended it.
    [[nodiscard]] bool bootstrap(const std::function<bool(Position, Position)>& progress);
    void start();
    void stop();

    // A delivery from the broker. Does not block.
    void deliver(Delivery delivery);
    // The broker's connection was made again, or lost something: asks the leader now.
    void look_now();
    // Somebody waits for news: asks the leader now, unless a broker brings them.
    void look_unless_told();
    [[nodiscard]] FollowState state() const;

private:
    using Clock = std::chrono::steady_clock;
    struct Piece;

    void run();
    void take(Delivery delivery);
    // Fetches until there is nothing more.
    void pull();
    // What belongs to this log and follows `after`.
    [[nodiscard]] std::optional<Delivery> fetch(Position after);
    [[nodiscard]] bool belongs(const Delivery& delivery);
    [[nodiscard]] bool is_another(const Uuid& instance) const;
    [[nodiscard]] std::shared_ptr<const CommittedBatch> append(Delivery delivery);
    [[nodiscard]] bool has_room();
    void publish(const std::shared_ptr<const CommittedBatch>& batch);
    void refuse(std::string reason, std::string detail);
    // `asked_at`: when, if it was asked.
    void leader_answers(Position head, Clock::time_point asked_at = {});
    void leader_is_away(const std::string& detail);
    [[nodiscard]] bool has_refused() const;
    // Requires: mutex_ is held.
    [[nodiscard]] bool is_told() const { return Clock::now() - heard_at_ < options_.silence; }
    [[nodiscard]] std::chrono::milliseconds pause() const;

    EventLog& log_;
    CommitListener& listener_;
    const Options options_;
    mutable std::mutex mutex_;
    std::condition_variable wake_;
    std::deque<Delivery> deliveries_;  // under mutex_, as are those below
    FollowState state_;
    bool look_now_ = true;
    Clock::time_point heard_at_{};   // the last delivery of a broker
    Uuid speaker_;                   // whose it was
    Clock::time_point polled_at_{};  // the leader was asked last
    bool stopping_ = false;
    bool disk_is_full_ = false;  // the replicating thread's
    std::thread thread_;
};

}  // namespace verbatim
