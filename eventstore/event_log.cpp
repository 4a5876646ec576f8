#include "eventstore/event_log.hpp"

#include "domain/invariant.hpp"
#include "eventstore/event_log_state.hpp"
#include "eventstore/log_keys.hpp"

#include <algorithm>
#include <limits>

namespace verbatim {
namespace {

// How much of the end is looked at when a log is opened: the last batches, where a crash would
// have left its trace.
constexpr std::uint64_t tail_records_checked = 64;

StoreResult<void> check_reader(std::uint32_t min_reader) {
    if (min_reader <= log_format) return {};
    return failure(StoreError{
        StoreFault::written_by_newer_build,
        {},
        "reading this log needs format " + std::to_string(min_reader) + "; this build has format " +
            std::to_string(log_format)});
}

StoreResult<LogMeta> begin_log(Storage& storage, const LogOrigin& origin) {
    if (auto readable = check_reader(origin.min_reader); !readable)
        return failure(readable.error());
    const auto records = storage.cursor(EventLog::records);
    records->seek({});
    if (records->valid()) {
        return failure(StoreError{
            StoreFault::corrupt_record, {}, "there are records but no meta record"});
    }
    if (auto status = records->status(); !status) return failure(status.error());

    const LogMeta meta{
        .min_reader = origin.min_reader,
        .epoch = origin.epoch,
        .created_at = origin.created_at,
        .is_replica = origin.is_replica};
    auto batch = storage.new_batch();
    batch->put(EventLog::meta, meta_key, meta_value(meta));
    auto written = storage.write(std::move(batch), Durability::synced);
    if (!written) return failure(written.error());
    return meta;
}

StoreResult<LogMeta> read_or_begin_log(Storage& storage, const LogOrigin& if_new) {
    const auto stored = storage.get(EventLog::meta, meta_key);
    if (!stored) return failure(stored.error());
    if (!*stored) return begin_log(storage, if_new);
    const auto meta = parse_meta_value(**stored);
    if (!meta) {
        return failure(StoreError{StoreFault::corrupt_record, {}, "the meta record is cut off"});
    }
    if (auto readable = check_reader(meta->min_reader); !readable) return failure(readable.error());
    return *meta;
}

// The node's digest; a leaf is computed from its record.
StoreResult<Digest> tree_node(const Storage& storage, NodeId node) {
    if (node.level == 0) {
        const Position position(node.index + 1);
        const auto stored = RecordReader(storage).stored(position);
        if (!stored) return failure(stored.error());
        const auto record = RecordReader::parse(position, *stored);
        if (!record) return failure(record.error());
        return leaf_hash_of(record->leaf);
    }
    const Position last((node.index + 1) << node.level);
    auto stored = storage.get(EventLog::merkle, merkle_key(node));
    if (!stored) return failure_at(last, std::move(stored.error()));
    if (!*stored) {
        return failure_at(last, StoreFault::missing_record, "a node of the tree is missing");
    }
    Digest digest;
    if ((*stored)->size() != digest.size()) {
        return failure_at(last, StoreFault::corrupt_record, "a node of the tree is no digest");
    }
    std::copy((*stored)->begin(), (*stored)->end(), digest.begin());
    return digest;
}

StoreResult<void> check_index_of(const Storage& storage, const RecordView& record) {
    auto stored = storage.get(EventLog::streams, stream_key(record.stream, record.version));
    if (!stored) return failure_at(record.position, std::move(stored.error()));
    const auto entry = *stored ? parse_stream_value(**stored) : std::nullopt;
    if (entry && entry->position == record.position) return {};
    return failure_at(
        record.position, StoreFault::corrupt_record, "the stream index does not lead to this record"
    );
}

StoreResult<LogEnd> check_last(const Storage& storage, Position position, std::string_view stored) {
    const auto record = RecordReader::parse(position, stored);
    if (!record) return failure(record.error());
    auto indexed = check_index_of(storage, *record);
    if (!indexed) return failure(indexed.error());
    return LogEnd{position, record->at, leaf_hash_of(record->leaf), {}};
}

// Walks back from `last`, where the cursor stands.
StoreResult<void> check_tail(StorageCursor& cursor, Position last) {
    const std::uint64_t first =
        last.value() > tail_records_checked ? last.value() - tail_records_checked : 1;
    for (Position position(last.value() - 1); position.value() >= first;
         position = Position(position.value() - 1)) {
        cursor.previous();
        if (!cursor.valid() || position_of_record_key(cursor.key()) != position) {
            auto status = cursor.valid() ? StoreResult<void>() : cursor.status();
            if (!status) return failure_at(position, std::move(status.error()));
            return failure_at(position, StoreFault::missing_record, "the log's end has a gap here");
        }
        const auto record = RecordReader::parse(position, cursor.value());
        if (!record) return failure(record.error());
    }
    return {};
}

// An empty log ends at position 0.
StoreResult<LogEnd> find_end(const Storage& storage) {
    const auto cursor = storage.cursor(EventLog::records);
    cursor->seek_for_previous(record_key(Position(std::numeric_limits<std::uint64_t>::max())));
    if (!cursor->valid()) {
        auto status = cursor->status();
        if (!status) return failure(status.error());
        return LogEnd{};
    }
    const auto last = position_of_record_key(cursor->key());
    if (!last || last->value() == 0) {
        return failure(StoreError{StoreFault::corrupt_record, {}, "a record's key is no position"});
    }
    auto end = check_last(storage, *last, cursor->value());
    if (!end) return end;
    auto checked = check_tail(*cursor, *last);
    if (!checked) return failure(checked.error());
    return end;
}

StoreResult<MerkleFrontier> find_frontier(const Storage& storage, std::uint64_t size) {
    std::vector<Digest> peaks;
    for (const NodeId node : peaks_of(size)) {
        auto digest = tree_node(storage, node);
        if (!digest) return failure(digest.error());
        peaks.push_back(*digest);
    }
    return MerkleFrontier(size, std::move(peaks));
}

StoreResult<std::vector<ReadNote>> find_notes(const Storage& storage) {
    std::vector<ReadNote> notes;
    const auto cursor = storage.cursor(EventLog::meta, end_of_prefix(note_prefix));
    for (cursor->seek(note_prefix); cursor->valid(); cursor->next()) {
        const auto note = parse_note(cursor->key(), cursor->value());
        if (!note) {
            return failure(StoreError{
                StoreFault::corrupt_record, {}, "a noted read marker is cut off"});
        }
        notes.push_back(*note);
    }
    if (auto status = cursor->status(); !status) return failure(status.error());
    return notes;
}

}  // namespace

EventLog::EventLog(std::unique_ptr<State> state) : state_(std::move(state)) {
    head_ = state_->durable.position.value();
}
EventLog::~EventLog() = default;

StoreResult<Position> thinned_up_to(const Storage& log) {
    const auto stored = log.get(EventLog::meta, thinned_key);
    if (!stored) return failure(stored.error());
    if (!*stored) return Position();
    if (const auto position = parse_number_value(**stored)) return Position(*position);
    return failure(StoreError{
        StoreFault::corrupt_record, {}, "the note \"thinned\" has the wrong size"});
}

std::vector<std::string> EventLog::column_names() {
    return {
        "records", "contents", "streams", "claims", "idempotency", "merkle", "snapshots", "meta"};
}

StoreResult<std::unique_ptr<EventLog>> EventLog::open(
    std::unique_ptr<Storage> storage, RandomBytes random, Uuid epoch, Timestamp now
) {
    return open(
        std::move(storage), std::move(random), LogOrigin{.epoch = epoch, .created_at = now}
    );
}

StoreResult<std::unique_ptr<EventLog>> EventLog::open(
    std::unique_ptr<Storage> storage, RandomBytes random, const LogOrigin& if_new
) {
    const auto meta = read_or_begin_log(*storage, if_new);
    if (!meta) return failure(meta.error());
    auto end = find_end(*storage);
    if (!end) return failure(end.error());
    auto frontier = find_frontier(*storage, end->position.value());
    if (!frontier) return failure(frontier.error());
    end->tree = std::move(*frontier);
    auto notes = find_notes(*storage);
    if (!notes) return failure(notes.error());
    auto erased = users_behind(*storage, erased_prefix);
    if (!erased) return failure(erased.error());
    const auto unscrubbed = storage->get(EventLog::meta, unscrubbed_key);
    if (!unscrubbed) return failure(unscrubbed.error());
    const auto rebuilding = storage->get(EventLog::meta, rebuilding_key);
    if (!rebuilding) return failure(rebuilding.error());
    const auto without_secrets = storage->get(EventLog::meta, without_secrets_key);
    if (!without_secrets) return failure(without_secrets.error());
    const auto thinned = thinned_up_to(*storage);
    if (!thinned) return failure(thinned.error());

    std::unique_ptr<EventLog> log(new EventLog(
        std::make_unique<State>(std::move(storage), std::move(*end), std::move(random))
    ));
    log->origin_ = {meta->epoch, meta->created_at, meta->min_reader, meta->is_replica};
    log->state_->reader.expect_contents_after(meta->is_replica ? RecordReader::never : *thinned);
    log->state_->reader.expect_secrets(!without_secrets->has_value());
    log->notes_ = std::move(*notes);
    log->erased_ = std::move(*erased);
    if (*unscrubbed) log->state_->note_unscrubbed(Position(1), log->head());
    if (*rebuilding) {
        auto rebuilt = log->rebuild_indexes();
        if (!rebuilt) return failure(rebuilt.error());
    }
    return log;
}

std::pair<Position, Digest> EventLog::head_and_leaf() const {
    const std::lock_guard lock(state_->durable_mutex);
    return {state_->durable.position, state_->durable.leaf};
}

std::pair<std::uint64_t, Digest> EventLog::tree_head() const {
    const MerkleFrontier tree = state_->durable_end().tree;
    return {tree.size(), tree.root()};
}

Timestamp EventLog::last_at() const {
    const std::lock_guard lock(state_->durable_mutex);
    return state_->durable.at;
}

PreparedBatch EventLog::prepare(const CommitBatch& batch) {
    PreparedBatch prepared;
    stage(prepared, batch);
    return prepared;
}

void EventLog::stage(PreparedBatch& into, const CommitBatch& part) {
    if (into.writes == nullptr) into = state_->encoder.begin(state_->storage->new_batch());
    state_->encoder.stage(into, part);
}

StoreResult<void> EventLog::State::write_locked(
    std::unique_ptr<StorageBatch> batch, Durability durability
) {
    if (write_failed.load()) {
        return failure(StoreError{
            StoreFault::outcome_unknown, {}, "an earlier write failed: reopen the log"});
    }
    auto written = storage->write(std::move(batch), durability);
    write_failed = !written;
    return written;
}

StoreResult<void> EventLog::commit(PreparedBatch batch) {
    invariant(
        head() == batch.after || state_->write_failed.load(),
        "batches are committed in the order in which they were prepared"
    );
    {
        const std::lock_guard lock(state_->write_mutex);
        if (batch.destroys) {
            ++state_->destructions;
            if (batch.destroyed_last > Position())
                state_->note_unscrubbed(batch.destroyed_first, batch.destroyed_last);
        }
        auto written = state_->write_locked(std::move(batch.writes), Durability::synced);
        if (!written) return failure_at(batch.after.next(), std::move(written.error()));
    }
    {
        const std::lock_guard lock(state_->durable_mutex);
        state_->durable = {batch.last, batch.last_at, batch.last_leaf, std::move(batch.tree)};
    }
    head_.store(batch.last.value(), std::memory_order_release);
    return {};
}

NodeSource EventLog::tree_nodes() const {
    return [this](NodeId node) -> StoreResult<Digest> {
        const std::uint64_t leaves = head().value();
        if (node.level >= 64 || node.index >= leaves >> node.level) {
            return failure(StoreError{
                StoreFault::missing_record, {}, "no such complete subtree in the durable tree"});
        }
        return tree_node(*state_->storage, node);
    };
}

std::uint64_t EventLog::disk_bytes() const {
    return state_->storage->disk_bytes();
}

}  // namespace verbatim
