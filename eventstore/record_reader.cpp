#include "eventstore/record_reader.hpp"

#include "domain/message.hpp"
#include "eventstore/event_log.hpp"
#include "eventstore/log_keys.hpp"

#include <algorithm>
#include <utility>

namespace verbatim {
namespace {

// The message that a text belongs to: a destroyed message takes its edits' texts along.
std::optional<Version> message_of(const RecordedEvent& event) {
    const auto* const room_event = std::get_if<RoomEvent>(&event.event);
    if (room_event == nullptr) return std::nullopt;
    if (std::holds_alternative<MessageSent>(*room_event)) return event.version;
    return message_named_by(*room_event);
}

bool is_missing(const FoundContent& content) {
    return !content.bytes.has_value();
}

bool has_files(const Event& event) {
    const auto* const room_event = std::get_if<RoomEvent>(&event);
    const auto* const sent = room_event ? std::get_if<MessageSent>(room_event) : nullptr;
    return sent != nullptr && !sent->attachments.empty();
}

// A message whose contents are destroyed shows no files, and mentions nobody.
void strip(Event& event) {
    auto* const room_event = std::get_if<RoomEvent>(&event);
    if (room_event == nullptr) return;
    if (auto* const sent = std::get_if<MessageSent>(room_event)) {
        sent->text.reset();
        sent->metadata.reset();
        sent->attachments.clear();
        sent->mentions.clear();
    } else if (auto* const edited = std::get_if<MessageEdited>(room_event)) {
        edited->text.reset();
        edited->mentions.clear();
    }
}

}  // namespace

tl::unexpected<StoreError> failure_at(Position position, StoreError error) {
    error.position = position;
    return failure(std::move(error));
}

tl::unexpected<StoreError> failure_at(Position position, StoreFault fault, std::string detail) {
    return failure(StoreError{fault, position, std::move(detail)});
}

StoreResult<std::string> RecordReader::stored(Position position) const {
    auto found = storage_.get(EventLog::records, record_key(position));
    if (!found) return failure_at(position, std::move(found.error()));
    if (!*found) {
        return failure_at(position, StoreFault::missing_record, "no record at this position");
    }
    return std::move(**found);
}

StoreResult<RecordView> RecordReader::parse(Position position, std::string_view stored) {
    auto record = parse_record(stored);
    if (!record) return failure_at(position, std::move(record.error()));
    if (record->position != position) {
        return failure_at(
            position,
            StoreFault::corrupt_record,
            "here stands the record of position " + std::to_string(record->position.value())
        );
    }
    return record;
}

StoreResult<std::string> RecordReader::content(Position position, std::string_view stored) {
    if (stored.size() < std::tuple_size_v<Salt>) {
        return failure_at(position, StoreFault::corrupt_record, "a content without its salt");
    }
    return std::string(stored.substr(std::tuple_size_v<Salt>));
}

StoreResult<StoredContent> RecordReader::salted_content(
    Position position, std::string_view stored
) {
    auto bytes = content(position, stored);
    if (!bytes) return failure(bytes.error());
    StoredContent salted{.bytes = std::move(*bytes)};
    std::copy_n(stored.begin(), salted.salt.size(), salted.salt.begin());
    return salted;
}

StoreResult<RecordedEvent> RecordReader::event(Position position) const {
    const auto bytes = stored(position);
    if (!bytes) return failure(bytes.error());
    const auto record = parse(position, *bytes);
    if (!record) return failure(record.error());

    std::vector<FoundContent> contents;
    contents.reserve(record->commitments.size());
    for (const Commitment& commitment : record->commitments) {
        const auto ordinal = static_cast<std::uint16_t>(contents.size());
        auto found = storage_.get(EventLog::contents, content_key(position, ordinal));
        if (!found) return failure_at(position, std::move(found.error()));
        contents.push_back({commitment.field, std::nullopt});
        if (!*found) continue;
        auto text = content(position, **found);
        if (!text) return failure(text.error());
        contents.back().bytes = std::move(*text);
    }
    return join(*record, std::move(contents));
}

RecordedEvent RecordReader::enveloped(const RecordView& record, Event event) {
    return {
        .position = record.position,
        .stream = record.stream,
        .version = record.version,
        .id = record.id,
        .command = record.command,
        .at = record.at,
        .occurred_at = record.occurred_at,
        .actor = record.actor,
        .key = record.key,
        .event = std::move(event)};
}

StoreResult<RecordedEvent> RecordReader::join(
    const RecordView& record, std::vector<FoundContent> contents
) const {
    const auto missing = std::ranges::find_if(contents, [this](const FoundContent& content) {
        return is_missing(content) && (expects_secrets_ || !is_secret(content.field));
    });
    const bool is_whole = missing == contents.end();
    const std::size_t contents_found = contents.size();
    const auto first_missing = static_cast<std::size_t>(missing - contents.begin());

    auto decoded = decode(record.type, record.schema, record.facts, contents);
    if (!decoded) return failure_at(record.position, std::move(decoded.error()));
    RecordedEvent event = enveloped(record, std::move(*decoded));
    // A file without a name leaves nothing beside the record that could be missing.
    const bool is_bare_file = contents_found == 0 && has_files(event.event);
    if (is_whole && !is_bare_file) return event;

    const auto destroyed = is_destroyed(event);
    if (!destroyed) return failure(destroyed.error());
    if (!*destroyed && !is_whole && record.position > contents_expected_after_) {
        return failure_at(
            record.position,
            StoreFault::missing_content,
            "content " + std::to_string(first_missing) + " is gone and no event destroyed it"
        );
    }
    if (*destroyed) strip(event.event);
    return event;
}

StoreResult<RecordedEvent> RecordReader::bare(const RecordView& record) {
    std::vector<FoundContent> contents;
    contents.reserve(record.commitments.size());
    for (const Commitment& commitment : record.commitments)
        contents.push_back({commitment.field, std::nullopt});
    auto decoded = decode(record.type, record.schema, record.facts, contents);
    if (!decoded) return failure_at(record.position, std::move(decoded.error()));
    return enveloped(record, std::move(*decoded));
}

StoreResult<std::optional<std::uint64_t>> RecordReader::noted(std::string_view key) const {
    const auto found = storage_.get(EventLog::meta, key);
    if (!found) return failure(found.error());
    if (!*found) return std::optional<std::uint64_t>();
    const auto number = parse_number_value(**found);
    if (number) return number;
    return failure(StoreError{
        StoreFault::corrupt_record, {}, "a note of the column meta has the wrong size"});
}

// By its author's erasure, by age, or by a deletion. Of the last, the newest events that name the
// message are looked at first: after a destroying one there are few.
StoreResult<bool> RecordReader::is_destroyed(const RecordedEvent& event) const {
    auto erased = noted(erased_key(event.actor));
    // What others wrote of an account, such as a password that an admin has set, ends with it.
    if (erased && !*erased && event.stream.kind == StreamKind::account)
        erased = noted(erased_key(UserId(event.stream.id)));
    if (!erased) return failure_at(event.position, erased.error());
    if (*erased && event.position.value() < **erased) return true;
    const auto seq = message_of(event);
    if (!seq) return false;
    const auto expired = noted(expired_key(RoomId(event.stream.id)));
    if (!expired) return failure_at(event.position, expired.error());
    if (*expired && seq->value() <= **expired) return true;
    const Key prefix = message_prefix(RoomId(event.stream.id), *seq);
    const auto cursor = storage_.cursor(EventLog::streams, end_of_prefix(prefix));
    cursor->seek_for_previous(end_of_prefix(prefix));
    for (; cursor->valid() && cursor->key().starts_with(prefix); cursor->previous()) {
        const auto position = parse_message_value(cursor->value());
        if (!position) {
            return failure_at(
                event.position, StoreFault::corrupt_record, "a message's index entry is no position"
            );
        }
        if (*position <= event.position) return false;
        auto found = destroys(*position);
        if (!found || *found) return found;
    }
    auto status = cursor->status();
    if (!status) return failure_at(event.position, std::move(status.error()));
    return false;
}

StoreResult<bool> RecordReader::destroys(Position position) const {
    const auto bytes = stored(position);
    if (!bytes) return failure(bytes.error());
    const auto record = parse(position, *bytes);
    if (!record) return failure(record.error());
    if (!record->commitments.empty()) return false;  // a deletion has no texts
    auto event = decode(record->type, record->schema, record->facts, {});
    if (!event) return failure_at(position, std::move(event.error()));
    const auto* const room_event = std::get_if<RoomEvent>(&*event);
    if (room_event == nullptr) return false;
    const auto* const deleted = std::get_if<MessageDeleted>(room_event);
    return deleted != nullptr && deleted->destroyed;
}

}  // namespace verbatim
