// The reading side of EventLog: single events, and the cursors.
#include "eventstore/event_log.hpp"
#include "eventstore/event_log_state.hpp"
#include "eventstore/log_keys.hpp"

#include <deque>
#include <utility>

namespace verbatim {
namespace {

using Next = StoreResult<std::optional<RecordedEvent>>;

// Entries taken from an index before its cursor is let go: a reader that pauses keeps no snapshot.
constexpr std::size_t entries_per_chunk = 64;

// Once next() failed it stays failed: what a cursor stood on may be half consumed.
class StickyCursor : public EventCursor {
public:
    [[nodiscard]] Next next() final {
        if (error_) return failure(*error_);
        auto event = advance();
        if (!event) error_ = event.error();
        return event;
    }

private:
    [[nodiscard]] virtual Next advance() = 0;

    std::optional<StoreError> error_;
};

// Walks records and contents side by side.
class LogCursor final : public StickyCursor {
public:
    LogCursor(const Storage& storage, const RecordReader& reader, Position after, Position end)
        : reader_(reader),
          at_(after),
          end_(end),
          records_(storage.cursor(EventLog::records, record_key(end.next()))),
          contents_(storage.cursor(EventLog::contents, record_key(end.next()))) {
        if (at_ >= end_) return;
        records_->seek(record_key(after.next()));
        contents_->seek(content_key(after.next(), 0));
    }

    // The next event, or nullopt where the record is not wanted or at the end.
    [[nodiscard]] Next next_if(
        const std::function<bool(const RecordView&)>& wants, bool without_contents = false
    ) {
        if (at_ >= end_) return std::optional<RecordedEvent>();
        const Position position = at_.next();
        if (!records_->valid() || position_of_record_key(records_->key()) != position) {
            auto status = records_->valid() ? StoreResult<void>() : records_->status();
            if (!status) return failure_at(position, std::move(status.error()));
            return failure_at(position, StoreFault::missing_record, "no record at this position");
        }
        const auto record = RecordReader::parse(position, records_->value());
        if (!record) return failure(record.error());
        if (wants && !wants(*record)) {
            records_->next();
            at_ = position;
            return std::optional<RecordedEvent>();
        }
        bytes_given_ += record->leaf.size();
        auto event = without_contents ? RecordReader::bare(*record) : join(*record);
        if (!event) return failure(event.error());
        records_->next();
        at_ = position;
        return std::optional<RecordedEvent>(std::move(*event));
    }
    [[nodiscard]] Position at() const { return at_; }
    // Of the records and texts of the events that were given.
    [[nodiscard]] std::size_t bytes_given() const { return bytes_given_; }

private:
    [[nodiscard]] Next advance() override { return next_if({}); }

    [[nodiscard]] StoreResult<RecordedEvent> join(const RecordView& record) {
        auto contents = take_contents(record);
        if (!contents) return failure(contents.error());
        return reader_.join(record, std::move(*contents));
    }

    [[nodiscard]] StoreResult<std::vector<FoundContent>> take_contents(const RecordView& record) {
        std::vector<FoundContent> contents;
        contents.reserve(record.commitments.size());
        for (const Commitment& commitment : record.commitments) {
            const ContentPlace place{record.position, static_cast<std::uint16_t>(contents.size())};
            contents.push_back({commitment.field, std::nullopt});
            if (!contents_stand_at(place)) continue;
            auto text = RecordReader::content(record.position, contents_->value());
            if (!text) return failure(text.error());
            bytes_given_ += text->size();
            contents.back().bytes = std::move(*text);
            contents_->next();
        }
        if (!contents_->valid()) {
            auto status = contents_->status();
            if (!status) return failure_at(record.position, std::move(status.error()));
        }
        return contents;
    }

    // Passes over what no commitment speaks of, and, at once, over those of records not wanted.
    [[nodiscard]] bool contents_stand_at(const ContentPlace& place) {
        constexpr int steps_before_seek = 8;
        for (int step = 0; contents_->valid() && step < steps_before_seek; ++step) {
            const auto found = place_of_content_key(contents_->key());
            if (found && *found >= place) return *found == place;
            contents_->next();
        }
        if (contents_->valid()) contents_->seek(content_key(place.position, place.ordinal));
        while (contents_->valid()) {
            const auto found = place_of_content_key(contents_->key());
            if (found && *found >= place) return *found == place;
            contents_->next();
        }
        return false;
    }

    const RecordReader& reader_;
    Position at_;  // the last record looked at
    std::size_t bytes_given_ = 0;
    const Position end_;
    std::unique_ptr<StorageCursor> records_;
    std::unique_ptr<StorageCursor> contents_;
};

enum class StreamEvents { all, for_fold };

// Walks one stream's index a chunk at a time, then its records.
class StreamCursor final : public StickyCursor {
public:
    StreamCursor(
        const Storage& storage,
        const RecordReader& reader,
        const StreamId& stream,
        StreamEvents which,
        Version after,
        Position end
    )
        : storage_(storage),
          reader_(reader),
          stream_(stream),
          which_(which),
          indexed_(after),
          end_(end) {}

private:
    [[nodiscard]] Next advance() override {
        if (waiting_.empty() && !index_ended_) {
            auto filled = fill();
            if (!filled) return failure(filled.error());
        }
        if (waiting_.empty()) return std::optional<RecordedEvent>();
        const auto [version, position] = waiting_.front();
        auto event = reader_.event(position);
        if (!event) return failure(event.error());
        if (event->stream != stream_ || event->version != version) {
            return failure_at(
                position,
                StoreFault::corrupt_record,
                "the stream index leads to a record of another stream or version"
            );
        }
        waiting_.pop_front();
        return std::optional<RecordedEvent>(std::move(*event));
    }

    // Folding a room of a million messages passes over them here, without touching a record.
    [[nodiscard]] StoreResult<void> fill() {
        const Key prefix = stream_prefix(stream_);
        const auto cursor = storage_.cursor(EventLog::streams, end_of_prefix(prefix));
        cursor->seek(stream_key(stream_, indexed_.next()));
        for (; cursor->valid() && waiting_.size() < entries_per_chunk; cursor->next()) {
            const auto entry = parse_stream_value(cursor->value());
            if (!entry) {
                return failure(StoreError{
                    StoreFault::corrupt_record, {}, "an entry of the stream index is cut off"});
            }
            if (entry->position > end_) break;
            if (version_of_stream_key(cursor->key()) != indexed_.next()) {
                return failure_at(
                    entry->position,
                    StoreFault::missing_record,
                    "version " + std::to_string(indexed_.value() + 1) +
                        " of the stream is not in its index, a later one is"
                );
            }
            indexed_ = indexed_.next();
            if (which_ == StreamEvents::for_fold && !entry->bears_on_aggregate) continue;
            waiting_.emplace_back(indexed_, entry->position);
        }
        if (!cursor->valid()) {
            auto status = cursor->status();
            if (!status) return status;
        }
        index_ended_ = waiting_.size() < entries_per_chunk;
        return {};
    }

    const Storage& storage_;
    const RecordReader& reader_;
    const StreamId stream_;
    const StreamEvents which_;
    Version indexed_;  // the last version taken from the index
    const Position end_;
    bool index_ended_ = false;
    std::deque<std::pair<Version, Position>> waiting_;
};

// A message's sending, then what its index leads to.
class MessageCursor final : public StickyCursor {
public:
    MessageCursor(
        const Storage& storage,
        const RecordReader& reader,
        const RoomId& room,
        Version seq,
        Version after,
        Position end
    )
        : storage_(storage),
          reader_(reader),
          room_(room),
          seq_(seq),
          end_(end),
          indexed_(after),
          sending_was_given_(seq <= after) {}

private:
    [[nodiscard]] Next advance() override {
        if (!sending_was_given_) return sending();
        if (waiting_.empty() && !index_ended_) {
            auto filled = fill();
            if (!filled) return failure(filled.error());
        }
        if (waiting_.empty()) return std::optional<RecordedEvent>();
        auto event = reader_.event(waiting_.front());
        if (!event) return failure(event.error());
        waiting_.pop_front();
        return std::optional<RecordedEvent>(std::move(*event));
    }

    [[nodiscard]] Next sending() {
        auto stored = storage_.get(EventLog::streams, stream_key(stream_of(room_), seq_));
        if (!stored) return failure(stored.error());
        sending_was_given_ = true;
        const auto entry = *stored ? parse_stream_value(**stored) : std::nullopt;
        if (!entry || entry->position > end_) return nothing();
        auto event = reader_.event(entry->position);
        if (!event) return failure(event.error());
        const auto* const room_event = std::get_if<RoomEvent>(&event->event);
        if (room_event == nullptr || !std::holds_alternative<MessageSent>(*room_event)) {
            return nothing();
        }
        return std::optional<RecordedEvent>(std::move(*event));
    }

    [[nodiscard]] Next nothing() {
        index_ended_ = true;
        return std::optional<RecordedEvent>();
    }

    [[nodiscard]] StoreResult<void> fill() {
        const auto cursor =
            storage_.cursor(EventLog::streams, end_of_prefix(message_prefix(room_, seq_)));
        cursor->seek(message_key(room_, seq_, indexed_.next()));
        for (; cursor->valid() && waiting_.size() < entries_per_chunk; cursor->next()) {
            const auto position = parse_message_value(cursor->value());
            if (!position) {
                return failure(StoreError{
                    StoreFault::corrupt_record, {}, "a message's index entry is no position"});
            }
            if (*position > end_) break;
            indexed_ = version_of_stream_key(cursor->key());
            waiting_.push_back(*position);
        }
        if (!cursor->valid()) {
            auto status = cursor->status();
            if (!status) return status;
        }
        index_ended_ = waiting_.size() < entries_per_chunk;
        return {};
    }

    const Storage& storage_;
    const RecordReader& reader_;
    const RoomId room_;
    const Version seq_;
    const Position end_;
    Version indexed_;  // the last version taken from the index
    bool sending_was_given_;
    bool index_ended_ = false;
    std::deque<Position> waiting_;
};

}  // namespace

StoreResult<RecordedEvent> EventLog::read(Position position) const {
    if (position > head()) {
        return failure_at(position, StoreFault::missing_record, "the log does not reach this far");
    }
    return state_->reader.event(position);
}

StoreResult<std::string> EventLog::read_record(Position position) const {
    if (position > head()) {
        return failure_at(position, StoreFault::missing_record, "the log does not reach this far");
    }
    return state_->reader.stored(position);
}

StoreResult<Digest> EventLog::leaf_hash(Position position) const {
    const auto stored = read_record(position);
    if (!stored) return failure(stored.error());
    const auto record = RecordReader::parse(position, *stored);
    if (!record) return failure(record.error());
    return leaf_hash_of(record->leaf);
}

std::unique_ptr<EventCursor> EventLog::read_all(Position after) const {
    return std::make_unique<LogCursor>(*state_->storage, state_->reader, after, head());
}

StoreResult<ScannedEvents> EventLog::scan(const LogScan& scan) const {
    LogCursor cursor(*state_->storage, state_->reader, scan.after, scan.up_to);
    ScannedEvents scanned;
    for (std::size_t examined = 0; examined < scan.examined_max && cursor.at() < scan.up_to;
         ++examined) {
        auto event = cursor.next_if(scan.wants, scan.without_contents);
        if (!event) return failure(event.error());
        if (!*event) continue;
        scanned.events.push_back(std::move(**event));
        if (scanned.events.size() >= scan.events_max || cursor.bytes_given() >= scan.bytes_max)
            break;
    }
    scanned.reached = cursor.at();
    return scanned;
}

StoreResult<Position> EventLog::first_position_since(Timestamp at) const {
    std::uint64_t first = 1;
    std::uint64_t end = head().value() + 1;
    while (first < end) {
        const Position middle(first + (end - first) / 2);
        const auto stored = read_record(middle);
        if (!stored) return failure(stored.error());
        const auto record = RecordReader::parse(middle, *stored);
        if (!record) return failure(record.error());
        if (record->at < at)
            first = middle.value() + 1;
        else
            end = middle.value();
    }
    return Position(first);
}

std::unique_ptr<EventCursor> EventLog::read_stream(const StreamId& stream, Version after) const {
    return std::make_unique<StreamCursor>(
        *state_->storage, state_->reader, stream, StreamEvents::all, after, head()
    );
}

std::unique_ptr<EventCursor> EventLog::read_stream_for_fold(const StreamId& stream, Version after)
    const {
    return std::make_unique<StreamCursor>(
        *state_->storage, state_->reader, stream, StreamEvents::for_fold, after, head()
    );
}

std::unique_ptr<EventCursor> EventLog::read_message(const RoomId& room, Version seq, Version after)
    const {
    return std::make_unique<MessageCursor>(
        *state_->storage, state_->reader, room, seq, after, head()
    );
}

}  // namespace verbatim
