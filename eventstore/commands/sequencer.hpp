#pragma once

#include "domain/account.hpp"
#include "domain/limits.hpp"
#include "domain/reader.hpp"
#include "domain/room.hpp"
#include "domain/server.hpp"
#include "eventstore/commit_listener.hpp"
#include "eventstore/event_log.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <variant>

namespace verbatim {

using Command = std::variant<AccountCommand, RoomCommand, ReaderCommand, ServerCommand>;

// One command on its way to a decision.
struct Submission {
    StreamId stream;  // the aggregate it is addressed to; for RegisterUser and CreateRoom a new id
    Command command;
    UserId actor;
    CommandId id;
    std::optional<CommandKey> key;         // its status is the one that success is answered with
    std::optional<Version> if_match;       // the room must stand at exactly this version
    std::optional<Timestamp> occurred_at;  // imports only
};

// The command happened, now or (replayed) before; durable and readable on this node.
struct Accepted {
    StreamId stream;    // may differ from the submission's: the room that a direct pair already has
    Position position;  // last event of the command, or of the state where none was needed
    Version version;    // the same in `stream`
    Position first;     // its first event; 0 where it made none
    std::uint16_t count = 0;
    bool replayed = false;
    bool already_so = false;   // no event was needed
    std::uint16_t status = 0;  // of the first success, when replayed by key
    // The events, when it happened now; empty when replayed or already so.
    std::shared_ptr<const CommittedBatch> batch;
    std::size_t batch_index = 0;

    [[nodiscard]] std::span<const RecordedEvent> events() const;
};

enum class CommandFault {
    refused,                 // `rule` says why
    room_has_moved_on,       // If-Match; `current` is the room's version
    idempotency_key_reused,  // with another request
    queue_is_full,           // try again in a second
    not_taking_commands,     // `reason`
    outcome_unknown,         // the write or its fsync failed: it may have happened
    storage_failed,          // a read failed before the decision; nothing was written
};
struct CommandError {
    CommandFault fault = CommandFault::refused;
    Rule rule = Rule::room_not_found;
    Version current;
    std::string reason;  // closed: the ones of docs/operations.md, "When something goes wrong"
};
using CommandResult = Expected<Accepted, CommandError>;
// Called once, on the sequencer's writer thread (or inside submit() when refused at the door). Must
// not block.
using CommandCallback = std::function<void(CommandResult)>;

// Times of one batch, in microseconds, for metrics.
struct BatchTiming {
    std::size_t commands = 0;
    std::size_t events = 0;
    std::size_t bytes = 0;
    std::int64_t queue_us = 0;   // the oldest command's wait before it was decided
    std::int64_t decide_us = 0;  // deciding and preparing
    std::int64_t fsync_us = 0;   // the log's write and fsync
    std::int64_t project_us = 0;
};

struct SequencerOptions {
    std::function<Timestamp()> clock;
    RandomBytes random;  // for event ids; called on the decide thread only
    std::function<void(const BatchTiming&)> observer;  // may be empty; on the writer thread
    // May be empty: why an answer was storage_failed or outcome_unknown. On the decide or the
    // writer thread; must not block.
    std::function<void(const StoreError&)> on_store_error;
    std::size_t queue_max = limits::command_queue_max;
    std::size_t batch_commands_max = limits::commands_per_batch_max;
    std::size_t cached_rooms_max = 20'000;
    std::size_t cached_members_max = 4'000'000;  // over all cached rooms
    std::size_t cached_accounts_max = 100'000;
    std::size_t cached_messages_max = 65'536;
    bool destroy_deleted = false;  // server option `deletion = destroy`
};

// The single writer: takes waiting commands as a batch, recalls the aggregates that they need, lets
// the domain decide, stages the events with their positions, writes the batch with one fsync, has
// it projected, and answers.
//
// Threads:  submit() from any. Decides on one thread, writes on another, one batch deep; cold
//           aggregates are folded on a third, so that a cold room stalls nobody else. Commands to
//           one stream are decided in the order of their submission.
// Promise:  no answer, refusals and "already so" included, leaves before every batch that its
//           decision read is durable and projected.
// Failure:  when a write fails every caller that waits gets outcome_unknown, and from then on
//           everybody gets not_taking_commands/restart_required until the process is restarted.
class Sequencer {
public:
    // `log` and `listener` must outlive the sequencer.
    Sequencer(EventLog& log, CommitListener& listener, SequencerOptions options);
    // Stops as stop() does.
    ~Sequencer();
    Sequencer(const Sequencer&) = delete;
    Sequencer& operator=(const Sequencer&) = delete;

    void submit(Submission submission, CommandCallback callback);

    // Destroys what `forgotten` names, in the log with one fsync and then in the views, between
    // batches of commands as if it were one; `callback` gets an Accepted without a place.
    // Requires: durable events say that it is destroyed; nothing of it is on its way.
    void destroy(std::shared_ptr<const Forgotten> forgotten, CommandCallback callback);

    // Has the noted read markers recorded whose interval is over. To be called about every second.
    void record_due_reads();

    // From now on submit() answers not_taking_commands with `reason`; what was taken goes on.
    void pause(std::string reason);
    // Undoes pause(); has no effect after a failed write.
    void resume();
    [[nodiscard]] std::optional<std::string> pause_reason() const;  // set too after a failed write

    // Refuses new commands, records all noted read markers (unless paused), decides, writes and
    // answers those that were taken, joins the threads.
    void stop();

    [[nodiscard]] std::size_t queued() const;

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace verbatim
