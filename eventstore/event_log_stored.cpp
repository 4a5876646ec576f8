// Records and contents as they stand, without decoding what they say: for proofs and followers.
#include "eventstore/event_log.hpp"
#include "eventstore/event_log_state.hpp"
#include "eventstore/log_keys.hpp"

#include <utility>

namespace verbatim {
namespace {

// Walks records and contents side by side.
class StoredWalk {
public:
    StoredWalk(const Storage& storage, Position after, Position end)
        : at_(after),
          records_(storage.cursor(EventLog::records, record_key(end.next()))),
          contents_(storage.cursor(EventLog::contents, record_key(end.next()))) {
        records_->seek(record_key(after.next()));
        contents_->seek(content_key(after.next(), 0));
    }

    [[nodiscard]] StoreResult<StoredEvent> next() {
        const Position position = at_.next();
        if (!records_->valid() || position_of_record_key(records_->key()) != position) {
            auto status = records_->valid() ? StoreResult<void>() : records_->status();
            if (!status) return failure_at(position, std::move(status.error()));
            return failure_at(position, StoreFault::missing_record, "no record at this position");
        }
        const auto record = RecordReader::parse(position, records_->value());
        if (!record) return failure(record.error());
        StoredEvent event{.record = std::string(records_->value()), .contents = {}};
        for (std::size_t ordinal = 0; ordinal < record->commitments.size(); ++ordinal) {
            auto content = take({position, static_cast<std::uint16_t>(ordinal)});
            if (!content) return failure(content.error());
            event.contents.push_back(std::move(*content));
        }
        records_->next();
        at_ = position;
        return event;
    }

private:
    // The content at `place`, or nullopt: it is gone. Passes over what no commitment speaks of.
    [[nodiscard]] StoreResult<std::optional<StoredContent>> take(const ContentPlace& place) {
        for (; contents_->valid(); contents_->next()) {
            const auto found = place_of_content_key(contents_->key());
            if (!found || *found < place) continue;
            if (*found != place) return std::optional<StoredContent>();
            auto content = RecordReader::salted_content(place.position, contents_->value());
            if (!content) return failure(content.error());
            contents_->next();
            return std::optional(std::move(*content));
        }
        auto status = contents_->status();
        if (!status) return failure_at(place.position, std::move(status.error()));
        return std::optional<StoredContent>();
    }

    Position at_;
    std::unique_ptr<StorageCursor> records_;
    std::unique_ptr<StorageCursor> contents_;
};

std::size_t bytes_of(const StoredEvent& event) {
    std::size_t bytes = event.record.size();
    for (const auto& content : event.contents)
        if (content) bytes += content->salt.size() + content->bytes.size();
    return bytes;
}

}  // namespace

StoreResult<StoredEvent> EventLog::read_stored(Position position) const {
    if (position == Position() || position > head()) {
        return failure_at(position, StoreFault::missing_record, "the log does not reach this far");
    }
    return StoredWalk(*state_->storage, Position(position.value() - 1), position).next();
}

StoreResult<std::vector<StoredEvent>> EventLog::read_stored_after(
    Position after, std::size_t events_max, std::size_t bytes_max
) const {
    const Position end = head();
    StoredWalk walk(*state_->storage, after, end);
    std::vector<StoredEvent> events;
    std::size_t bytes = 0;
    for (Position at = after; at < end && events.size() < events_max; at = at.next()) {
        auto event = walk.next();
        if (!event) return failure(event.error());
        bytes += bytes_of(*event);
        if (!events.empty() && bytes > bytes_max) break;
        events.push_back(std::move(*event));
    }
    return events;
}

}  // namespace verbatim
