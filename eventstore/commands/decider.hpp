#pragma once

#include "eventstore/commands/aggregates.hpp"
#include "eventstore/commands/batch.hpp"
#include "eventstore/commands/claims.hpp"
#include "eventstore/commands/event_ids.hpp"
#include "eventstore/commands/idempotency.hpp"
#include "eventstore/commands/parking.hpp"
#include "eventstore/commands/read_notes.hpp"
#include "eventstore/commands/recent_joins.hpp"

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <unordered_set>
#include <utility>
#include <vector>

namespace verbatim {

// What the decide thread does with a command: it recalls the aggregates, decides and stages the
// events into the batch being formed, with the answer. Threads: the decide thread alone.
class Decider {
public:
    // They must outlive it.
    Decider(EventLog& log, Loader& loader, const SequencerOptions& options);

    // Commands that came, in their order. Requires: !has_work().
    void receive(std::vector<Job> jobs);
    // What the loader brought.
    void receive(std::vector<Loaded> loaded);
    // The batch that was offered and not taken. Requires: none is being formed.
    void resume(std::unique_ptr<Batch> batch) { batch_ = std::move(batch); }
    // Batches up to this number are durable.
    void forget_durable(std::uint64_t batch);

    // Decides some commands, until none can be or the batch is full, and has their events encoded.
    void decide_some();
    // Noted read markers are turned into commands of our own, to be decided: those that are due, or
    // all. Returns how many.
    std::size_t take_up_due_notes();
    std::size_t take_up_all_notes() { return take_up(notes_.all()); }
    // A write failed: from now on whatever was or is received is answered outcome_unknown by
    // decide_some(), and nothing is remembered.
    void fail();

    [[nodiscard]] bool has_work() const {
        return next_job_ < jobs_.size() || !again_.empty() || parking_.has_released();
    }
    [[nodiscard]] bool has_parked() const { return !parking_.empty(); }
    [[nodiscard]] bool has_batch() const { return batch_ != nullptr; }
    [[nodiscard]] bool batch_is_full() const {
        return batch_ != nullptr && batch_->answers.size() >= options_.batch_commands_max;
    }
    // Requires: has_batch().
    [[nodiscard]] std::unique_ptr<Batch> release_batch() { return std::move(batch_); }
    // An empty vector with memory. Requires: !has_work().
    [[nodiscard]] std::vector<Job> spare_jobs();

private:
    void take_up_next();
    void take_up(Job job);
    void take_up_released();
    // Whether the command's key settled it: it is answered, or waits for the first with that key.
    [[nodiscard]] bool settle_by_key(Job& job);
    // Whether it was decided; otherwise it is parked.
    bool recall_and_decide(Job job);
    void decide(Job job, const std::optional<Uuid>& holder);
    void record_note(Job job);
    void destroy(Job job);
    void drop_stale_rooms();
    [[nodiscard]] bool is_by_erased(const Submission& submission) const;
    [[nodiscard]] bool add_later_rooms(Submission& submission) const;
    void forget_notes_of(const UserId& user);
    void hold_back(const Submission& submission, std::vector<Event>& events);
    void forget_note(const RecordedEvent& event);
    [[nodiscard]] std::size_t take_up(const std::vector<ReadNote>& notes);

    [[nodiscard]] Accepted stage(const Submission& submission, std::vector<Event> events);
    [[nodiscard]] bool destroys(const StreamId& room, const MessageDeleted& deletion) const;
    void stage_event(RecordedEvent event);
    [[nodiscard]] Accepted already_so(const Submission& submission, const StreamId& stream) const;
    void remember(const Submission& submission, const Accepted& accepted);
    void encode();
    void give_up();

    // The answer goes with the batch being formed.
    void answer(Job job, CommandResult result);
    // The same for a command that was decided: its duplicates can be.
    void conclude(Job job, CommandResult result);
    void conclude_failed_read(Job job, const StoreError& error);
    [[nodiscard]] Batch& batch();

    EventLog& log_;
    Loader& loader_;
    const SequencerOptions& options_;
    Aggregates aggregates_;
    Claims claims_;
    Idempotency keys_;
    ReadNotes notes_;
    RecentJoins joins_;
    Parking parking_;
    EventIds ids_;

    std::unordered_set<UserId> erased_;  // whose erasure has begun
    // Rooms that are remembered with texts that went with a batch: to be dropped after it.
    std::vector<std::pair<std::uint64_t, StreamId>> stale_rooms_;

    std::vector<Job> jobs_;
    std::size_t next_job_ = 0;
    std::deque<Job> again_;  // duplicates whose first was decided
    std::unique_ptr<Batch> batch_;
    std::uint64_t batches_ = 0;
    std::uint64_t durable_batch_ = 0;
    Position last_position_;  // staged
    Timestamp now_;           // log time
    std::chrono::steady_clock::time_point begun_at_;
    bool failed_ = false;
};

}  // namespace verbatim
