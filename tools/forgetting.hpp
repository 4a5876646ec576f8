#pragma once

#include "eventstore/commands/sequencer.hpp"
#include "eventstore/forgetting.hpp"
#include "projections/search_index.hpp"
#include "projections/views.hpp"
#include "protocol/uploads.hpp"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <unordered_set>
#include <vector>

namespace verbatim {

// What forgetting changes next, each step durable before the following one.
enum class ForgettingStep {
    expire,           // a room's old messages are declared expired
    end_memberships,  // one of an erased user ends
    destroy,          // a piece of the contents goes from the log, and from the views
    forget_uploads,   // what the user has uploaded and not posted goes
    sweep_blobs,      // files that no message shows any more go
    scrub_search,     // nothing of it is left in the bytes of the search index,
    scrub_log,        // of the log,
    scrub_views,      // and of the views
    complete,         // which is noted, for a user as user.erased
};
[[nodiscard]] std::string_view name_of(ForgettingStep step);

struct ForgettingOptions {
    std::optional<std::uint32_t> retention_days;  // of rooms that say nothing; nullopt: for ever
    // A follower's: events say what is destroyed, who copies them destroys it and tells
    // destroyed_copies(), bytes are left.
    bool is_of_copy = false;
    std::function<Timestamp()> clock;
    std::function<Uuid()> new_uuid;                   // UUIDv7
    std::function<void(const std::string&)> report;   // operating failures, for people
    std::function<void(ForgettingStep)> before_step;  // tests stop here; may be empty
};

// What retention would destroy in a room.
struct DueExpiry {
    PendingExpiry span;
    std::uint64_t messages = 0;  // that have not been destroyed yet
    std::uint64_t bytes = 0;     // of their contents
    Timestamp oldest{};          // log time of the first and the last of them
    Timestamp newest{};
};

// Erasures and expiries whose contents are gone from a copy of the log, and from its views.
struct DestroyedCopies {
    std::vector<UserId> users;
    std::vector<PendingExpiry> expiries;

    [[nodiscard]] bool empty() const { return users.empty() && expiries.empty(); }
};

// All that those wrote whose erasure has begun, from the first registration on: nobody writes
// before. Requires: `users` is not empty; the parts outlive the walk. Errors: those of reading.
[[nodiscard]] StoreResult<std::unique_ptr<ForgettingWalk>> walk_of_erased(
    const EventLog& log, const Views& views, const std::vector<UserId>& users
);

// Carries out what is to be forgotten: the erasures that were begun, what has reached its room's
// age, and what deletions have left in files. All of it is found in the log, so a run that is
// interrupted anywhere, by a crash or otherwise, is begun anew and comes to the same end. What
// takes long happens here, in pieces that are no longer than a batch of commands.
//
// Threads:  start, stop and the destructor by one. wake(), found_destroyed() and
//           destroyed_copies() by any. run() and
//           due_expiries() by one, where start() was not called.
// Lifetime: the parts outlive it.
class Forgetting {
public:
    struct Parts {
        EventLog& log;
        Views& views;  // never behind what was answered
        Sequencer& sequencer;
        Uploads& uploads;
        SearchIndex* search;  // null: there is no index, nor a file of one
    };
    Forgetting(Parts parts, ForgettingOptions options);
    ~Forgetting();
    Forgetting(const Forgetting&) = delete;
    Forgetting& operator=(const Forgetting&) = delete;

    // From now on a thread does it: at once what was left, then what comes, and retention once an
    // hour. What fails is reported and tried again.
    void start();
    // An erasure was begun. Does not block.
    void wake();
    // A deletion has destroyed something: its bytes go within limits::scrub_interval_seconds.
    void found_destroyed();
    // A copy's: run() takes the bytes out of all files, and notes in the log that it is done.
    void destroyed_copies(DestroyedCopies destroyed);
    // Ends the thread, and a run() of another soon.
    void stop();

    // All that there is to do now. Errors: what went wrong first; the rest is not done.
    [[nodiscard]] StoreResult<void> run();
    // What run() would expire now, by room id. Errors: those of reading.
    [[nodiscard]] StoreResult<std::vector<DueExpiry>> due_expiries() const;

private:
    using Clock = std::chrono::steady_clock;

    void work();
    [[nodiscard]] Clock::time_point next_due(const StoreResult<void>& done);

    [[nodiscard]] StoreResult<std::vector<PendingExpiry>> find_due() const;
    [[nodiscard]] StoreResult<std::optional<PendingExpiry>> due_in(
        const RoomRow& room, Timestamp now
    ) const;
    [[nodiscard]] StoreResult<std::unordered_set<RoomId>> held_rooms() const;
    [[nodiscard]] StoreResult<DueExpiry> measure(const PendingExpiry& span) const;

    [[nodiscard]] StoreResult<void> run_of_copy();
    [[nodiscard]] StoreResult<void> expire_what_is_due();
    [[nodiscard]] StoreResult<void> end_memberships(const UserId& user);
    [[nodiscard]] StoreResult<void> drop(const RoomId& room, const UserId& user);
    [[nodiscard]] StoreResult<void> destroy_writings(const std::vector<UserId>& users);
    [[nodiscard]] StoreResult<void> destroy_all(ForgettingWalk& walk);
    [[nodiscard]] StoreResult<void> destroy(Forgotten piece);
    [[nodiscard]] StoreResult<void> forget_uploads(const UserId& user);
    [[nodiscard]] StoreResult<void> scrub();
    [[nodiscard]] StoreResult<void> scrub_search();
    [[nodiscard]] StoreResult<void> complete(
        const std::vector<UserId>& users, const std::vector<PendingExpiry>& expiries
    );
    // Errors: refused by a rule is `refused`; else nothing is known to have happened.
    [[nodiscard]] StoreResult<std::optional<Rule>> submit(StreamId stream, Command command);

    [[nodiscard]] StoreResult<void> begin(ForgettingStep step);

    const Parts parts_;
    const ForgettingOptions options_;
    std::atomic<bool> is_stopping_{false};
    std::mutex mutex_;
    std::condition_variable changed_;
    bool is_awake_ = false;
    std::optional<Clock::time_point> scrub_due_;
    DestroyedCopies destroyed_copies_;  // the newest last
    std::string reported_;
    std::thread thread_;
};

}  // namespace verbatim
