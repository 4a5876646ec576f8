#pragma once

#include "domain/limits.hpp"
#include "eventstore/event_record.hpp"
#include "eventstore/log_storage.hpp"
#include "eventstore/merkle_tree.hpp"
#include "eventstore/read_note.hpp"
#include "eventstore/record_layout.hpp"
#include "eventstore/store_error.hpp"

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace verbatim {

// A name that only one aggregate can hold. The number is on disk.
enum class ClaimKind : std::uint8_t { username = 1, alias = 2, direct_pair = 3 };
struct ClaimName {
    ClaimKind kind = ClaimKind::username;
    std::string name;  // a direct pair: the two user ids' 32 bytes, smaller first
    friend auto operator<=>(const ClaimName&, const ClaimName&) = default;
};
struct ClaimChange {
    ClaimName name;
    std::optional<Uuid> holder;  // nullopt: released
};

// What a keyed success is remembered by; `first` is 0 where it made no event.
struct IdempotencyRecord {
    RequestFingerprint fingerprint{};
    Position first;  // first event of the command, or 0
    std::uint16_t count = 0;
    std::uint16_t status = 0;
    StreamId stream;    // the stream that the answer speaks of
    Position position;  // the receipt, as it was given
    Version version;
    Timestamp at;

    friend bool operator==(const IdempotencyRecord&, const IdempotencyRecord&) = default;
};

// No event has more: a message's text, its metadata and the names of its files.
inline constexpr std::uint16_t contents_per_event_max = 2 + limits::attachments_per_message_max;

// Whose contents go.
struct ContentsAt {
    Position position;
    std::uint16_t count = contents_per_event_max;  // at least as many as the record commits to
    friend bool operator==(const ContentsAt&, const ContentsAt&) = default;
};
// What goes from beside the records, which stay. An event says so: one of the same batch, or an
// earlier one.
struct Destruction {
    std::vector<ContentsAt> contents;
    std::vector<KeyHash> keys;        // idempotency records
    std::vector<StreamId> snapshots;  // that may hold one of the contents
    // All contents that the room's expiry destroys up to this version are gone (expiry_to()).
    std::vector<std::pair<RoomId, Version>> cleared;

    [[nodiscard]] bool empty() const {
        return contents.empty() && keys.empty() && snapshots.empty() && cleared.empty();
    }
};

// A bounded piece of what is to be destroyed, for those who keep copies of it.
struct Forgotten {
    Destruction destruction;
    std::vector<RecordedEvent> events;  // whose contents go, as they stand without them
};

// What one group commit makes durable, in order. Positions continue the log without a gap.
struct CommitBatch {
    std::vector<RecordedEvent> events;
    std::vector<ClaimChange> claims;
    std::vector<std::pair<KeyHash, IdempotencyRecord>> keys;
    Destruction destroyed;
    std::vector<ReadNoteChange> notes;

    [[nodiscard]] bool empty() const {
        return events.empty() && keys.empty() && destroyed.empty() && notes.empty();
    }
};

// A CommitBatch encoded, committed to and hashed, ready to be written.
struct PreparedBatch {
    std::unique_ptr<StorageBatch> writes;
    Position after;       // of the log before it
    Position last;        // of the log after it
    Timestamp last_at;    // log time of `last`
    Digest last_leaf{};   // leaf hash of `last`
    MerkleFrontier tree;  // after it
    bool destroys = false;
    Position destroyed_first{};  // of whose contents go, if any do
    Position destroyed_last{};
};

// Reads events one by one; holds a bounded piece of the range, never the whole.
class EventCursor {
public:
    virtual ~EventCursor() = default;
    // The next event; nullopt at the end of what was durable when the cursor was made. After an
    // error the cursor stays where it is and says the same again.
    // Errors: those of EventLog::read; missing_record also for a gap in a stream.
    [[nodiscard]] virtual StoreResult<std::optional<RecordedEvent>> next() = 0;
};

// A record as it stands in the store, with its texts as they stand beside it: for proofs.
struct StoredContent {
    Salt salt{};
    std::string bytes;
    friend bool operator==(const StoredContent&, const StoredContent&) = default;
};
struct StoredEvent {
    std::string record;                                  // checksum included
    std::vector<std::optional<StoredContent>> contents;  // by ordinal; nullopt: it is gone
};

// A bounded walk over the log in search of some of its events.
struct LogScan {
    Position after;  // exclusive
    Position up_to;  // inclusive
    // Judges records before they are decoded, which costs a fraction of reading them.
    std::function<bool(const RecordView&)> wants;
    std::size_t events_max = 0;     // ends when so many were found
    std::size_t examined_max = 0;   // or so many were looked at
    std::size_t bytes_max = 0;      // or the records and texts found are so large together
    bool without_contents = false;  // the events as if all of theirs were gone
};
struct ScannedEvents {
    std::vector<RecordedEvent> events;  // in order
    Position reached;                   // the last position that was looked at; `up_to` at the end
};

// What a log's meta record says of where it came from.
struct LogOrigin {
    Uuid epoch;
    Timestamp created_at;
    std::uint32_t min_reader = 1;  // the oldest format whose builds may read it
    // A follower's copy of another node's log: without secrets, and nothing is decided on it.
    bool is_replica = false;
};

struct VerifiedPart;    // eventstore/replica.hpp
struct CommittedBatch;  // eventstore/commit_listener.hpp

// A room whose messages have expired, and whose contents may not all be gone yet.
struct PendingExpiry {
    RoomId room;
    Version after;  // exclusive: what is gone
    Version up_to;  // inclusive
    friend bool operator==(const PendingExpiry&, const PendingExpiry&) = default;
};

// Source of salts. Must be unpredictable; called by the preparing thread only.
using RandomBytes = std::function<void(std::span<std::uint8_t>)>;

// An append-only log of events in one total order, divided into streams. There is no method that
// changes or removes an event.
//
// Threads:    prepare() and stage() by one thread at a time, commit() by one thread at a time, in
// the order of
//             preparation; everything else by any thread at any time.
// Durability: once commit() has returned a value, its events survive a power loss.
// Lifetime:   cursors must not outlive the log.
class EventLog {
public:
    enum Columns : std::size_t {
        records,
        contents,
        streams,
        claims,
        idempotency,
        merkle,
        snapshots,
        meta
    };
    [[nodiscard]] static std::vector<std::string> column_names();

    // Opens what `storage` holds or begins a new log in it, with `epoch` and `now` in its meta
    // record. Checks the last records (checksums, no gap, the stream index) and takes up the tree
    // from its peaks, in time that does not grow with the log.
    // Errors: written_by_newer_build, corrupt_record, missing_record, io_failed, outcome_unknown (a
    // new log's first write, or indexes that had to be made again).
    [[nodiscard]] static StoreResult<std::unique_ptr<EventLog>> open(
        std::unique_ptr<Storage> storage, RandomBytes random, Uuid epoch, Timestamp now
    );
    // The same; a new log begins as `if_new` says. Errors: written_by_newer_build also where it
    // asks for a newer reader than this build.
    [[nodiscard]] static StoreResult<std::unique_ptr<EventLog>> open(
        std::unique_ptr<Storage> storage, RandomBytes random, const LogOrigin& if_new
    );

    // Last durable position; 0 for an empty log.
    [[nodiscard]] Position head() const { return Position(head_.load(std::memory_order_acquire)); }
    // Hash of the record at head(); zeros for an empty log. Consistent with head() when taken
    // together by head_and_leaf().
    [[nodiscard]] std::pair<Position, Digest> head_and_leaf() const;
    // Size (= position) and root of the durable tree, taken together.
    [[nodiscard]] std::pair<std::uint64_t, Digest> tree_head() const;
    // The notes that were durable when the log was opened.
    [[nodiscard]] const std::vector<ReadNote>& notes_at_opening() const { return notes_; }
    [[nodiscard]] Uuid epoch() const { return origin_.epoch; }
    [[nodiscard]] Timestamp created_at() const { return origin_.created_at; }
    // The oldest format whose builds may read this log: docs/event_format.md, `meta`.
    [[nodiscard]] std::uint32_t min_reader() const { return origin_.min_reader; }
    [[nodiscard]] const LogOrigin& origin() const { return origin_; }
    // Log time of the last event, so that the next is never before it.
    [[nodiscard]] Timestamp last_at() const;

    // Requires: the events' positions continue the last prepared batch; each stream's versions
    // continue too; at most limits::commands_per_batch_max * events_per_command_max events.
    [[nodiscard]] PreparedBatch prepare(const CommitBatch& batch);
    // prepare() in pieces, by the same thread: adds `part` to `into`, which is new or what was
    // staged into last and is not committed yet.
    void stage(PreparedBatch& into, const CommitBatch& part);
    // Requires: the batch follows the last committed one.
    // Errors: outcome_unknown. Every later commit answers the same until the log is reopened;
    // reading goes on, as of the last batch that succeeded.
    [[nodiscard]] StoreResult<void> commit(PreparedBatch batch);

    // Appends records as they were stored elsewhere, with their contents and salts: byte for byte
    // the same log, with the same tree. Makes the indexes as commit() does; claims and idempotency
    // as far as records and contents tell them (rebuild_indexes). What the events destroy is
    // destroyed here too. Instead of prepare() and commit(), by one thread. Returns the events.
    // Errors: does_not_follow   `part` does not begin after head(), or a stream's versions have a
    //                           gap. Nothing was written.
    //         log_diverged      the tree before `part` is not this log's. Nothing was written.
    //         corrupt_record    log time goes back. Nothing was written.
    //         io_failed, corrupt_record of what is in the log already, outcome_unknown: all up to
    //                           head() is durable and the rest may be there; as for commit().
    [[nodiscard]] StoreResult<std::shared_ptr<const CommittedBatch>> replicate(VerifiedPart part);
    // From now on the log is a replica. Offline. Errors: outcome_unknown.
    [[nodiscard]] StoreResult<void> mark_replica();

    // Contents up to head() may be gone from now on though no event here destroys them: they were
    // destroyed after the end of what was copied. Offline. Errors: outcome_unknown.
    [[nodiscard]] StoreResult<void> mark_thinned();

    // That a text matches its commitment is not checked by reading, here or below, but by the
    // audit. In a replica, a text may be gone before the event that destroyed it has come.
    // Errors: missing_record (also beyond head()), corrupt_record, missing_content,
    // written_by_newer_build, io_failed.
    [[nodiscard]] StoreResult<RecordedEvent> read(Position position) const;
    [[nodiscard]] StoreResult<std::string> read_record(Position position) const;  // as stored
    [[nodiscard]] StoreResult<StoredEvent> read_stored(Position position) const;
    // The records behind `after` (exclusive) in order, as they stand: as many as there are and fit
    // both bounds, the first whatever its size. Requires: after <= head(). Checks layout and
    // checksum of each. Keeps nothing when it returns. Errors: those of read_stored().
    [[nodiscard]] StoreResult<std::vector<StoredEvent>> read_stored_after(
        Position after, std::size_t events_max, std::size_t bytes_max
    ) const;
    [[nodiscard]] StoreResult<Digest> leaf_hash(Position position) const;

    // `after` exclusive. Keeps a snapshot of the store while it lives: for readers who don't wait
    // between events. The streams' cursors below keep nothing and may be read at any pace.
    [[nodiscard]] std::unique_ptr<EventCursor> read_all(Position after) const;
    [[nodiscard]] std::unique_ptr<EventCursor> read_stream(const StreamId& stream, Version after)
        const;
    // Keeps nothing when it returns. Requires: up_to <= head(). Errors: those of read().
    [[nodiscard]] StoreResult<ScannedEvents> scan(const LogScan& scan) const;
    // Only the events that bear on the stream's aggregate (bears_on_room): what folding needs.
    [[nodiscard]] std::unique_ptr<EventCursor> read_stream_for_fold(
        const StreamId& stream, Version after
    ) const;
    // The events that hold texts of the room's messages with a seq in (after, up_to]: sendings
    // and edits, also later ones. Costs a look at each of the room's events in that span.
    [[nodiscard]] StoreResult<std::vector<Position>> texts_of_messages(
        const RoomId& room, Version after, Version up_to
    ) const;
    // A message's sending and every later event that names it, in order; of them those after
    // `after` (exclusive). Empty where `seq` is no sending.
    [[nodiscard]] std::unique_ptr<EventCursor> read_message(
        const RoomId& room, Version seq, Version after = {}
    ) const;

    // 0 for a stream that does not exist.
    [[nodiscard]] StoreResult<Version> version_of(const StreamId& stream) const;
    // nullopt: no such version.
    [[nodiscard]] StoreResult<std::optional<Position>> position_of(
        const StreamId& stream, Version version
    ) const;
    // The first version of `stream` whose position is greater than `after`, or version_of() + 1.
    // Costs a binary search.
    [[nodiscard]] StoreResult<Version> first_version_after(const StreamId& stream, Position after)
        const;

    // The first position whose log time is not before `at`, or head() + 1. Costs a binary search.
    [[nodiscard]] StoreResult<Position> first_position_since(Timestamp at) const;

    [[nodiscard]] StoreResult<std::optional<Uuid>> holder_of(const ClaimName& name) const;
    [[nodiscard]] StoreResult<std::optional<IdempotencyRecord>> remembered(const KeyHash& key
    ) const;

    // Whose erasure has begun and is not complete; in a replica: not complete here. Costs what they
    // are.
    [[nodiscard]] StoreResult<std::vector<UserId>> erasures_pending() const;
    // The position at which the user's erasure began; nullopt: it has not.
    [[nodiscard]] StoreResult<std::optional<Position>> erased_at(const UserId& user) const;
    // All who were erased, or whose erasure has begun, when the log was opened.
    [[nodiscard]] const std::vector<UserId>& erased_at_opening() const { return erased_; }
    // Costs a look at each room that ever had an expiry.
    [[nodiscard]] StoreResult<std::vector<PendingExpiry>> expiries_pending() const;
    [[nodiscard]] StoreResult<PendingExpiry> expiry_of(const RoomId& room) const;

    // Notes that these erasures and expiries are complete in this replica: nothing of them is left
    // in it nor in what is made of it. Any thread. Errors: outcome_unknown.
    [[nodiscard]] StoreResult<void> note_forgotten(
        std::span<const UserId> users, std::span<const PendingExpiry> expiries
    );

    // Whether what was destroyed may still stand in the store's files. Remembered over a restart.
    [[nodiscard]] bool needs_scrub() const;
    // Leaves no byte there of what was destroyed before the call. Slow: the store rewrites its
    // contents from the oldest destroyed one to the newest. Any thread, beside commits, but one at
    // a time. Errors: io_failed; call again.
    [[nodiscard]] StoreResult<void> scrub();
    // Has it end soon, as failed, now and whenever it is called again. Any thread.
    void cancel_scrub();

    // A cache of folded state: versioned by its writer, rebuildable, not synced. Never survives a
    // power loss that the events before keep_snapshot() did not.
    [[nodiscard]] StoreResult<std::optional<std::string>> snapshot_of(const StreamId& stream) const;
    // How many commits have destroyed something: asked before a snapshot is folded.
    [[nodiscard]] std::uint64_t destructions() const;
    // Called from any thread; goes through commit's lock. Requires: `state` was folded from durable
    // events only. Does nothing where something was destroyed since destructions() was
    // `destructions`: the state may hold it. Errors: outcome_unknown, then as for commit().
    [[nodiscard]] StoreResult<void> keep_snapshot(
        const StreamId& stream, std::string_view state, std::uint64_t destructions
    );

    [[nodiscard]] NodeSource tree_nodes() const;
    // Makes `claims` and `idempotency` again from the records. Keys of commands that made no event
    // are forgotten. Offline: while nothing commits. When it is interrupted, open() does it again.
    // Errors: those of read(), outcome_unknown.
    [[nodiscard]] StoreResult<void> rebuild_indexes();
    [[nodiscard]] std::uint64_t disk_bytes() const;

    ~EventLog();

private:
    struct State;
    explicit EventLog(std::unique_ptr<State> state);
    [[nodiscard]] StoreResult<void> commit_copies(PreparedBatch& batch);

    std::unique_ptr<State> state_;
    std::atomic<std::uint64_t> head_{0};
    LogOrigin origin_;
    std::vector<ReadNote> notes_;
    std::vector<UserId> erased_;
};

// What mark_thinned() has noted in a log's store; 0: nothing. Errors: corrupt_record, io_failed.
[[nodiscard]] StoreResult<Position> thinned_up_to(const Storage& log);

// The claims that an event takes and releases; `previous` is the name that its stream held before
// it: a room's alias, an account's username.
[[nodiscard]] std::vector<ClaimChange> claims_of(
    const RecordedEvent& event, const std::optional<std::string>& previous
);
[[nodiscard]] ClaimName direct_pair(const UserId& one, const UserId& other);

[[nodiscard]] StoreResult<std::unique_ptr<EventLog>> open_rocks_event_log(
    const std::string& directory, RandomBytes random, Uuid epoch, Timestamp now
);
[[nodiscard]] StoreResult<std::unique_ptr<EventLog>> open_rocks_event_log(
    const std::string& directory, RandomBytes random, const LogOrigin& if_new
);
[[nodiscard]] StoreResult<std::unique_ptr<EventLog>> open_memory_event_log(
    RandomBytes random, Uuid epoch, Timestamp now
);
[[nodiscard]] StoreResult<std::unique_ptr<EventLog>> open_memory_event_log(
    RandomBytes random, const LogOrigin& if_new
);

}  // namespace verbatim
