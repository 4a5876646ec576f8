#include "tests/support/log_scribe.hpp"

#include <gtest/gtest.h>
#include <memory>

namespace verbatim::testing {

Uuid numbered_uuid(std::uint64_t number) {
    Uuid uuid{.bytes = {0x01, 0x9b, 0x7a, 0x2c, 0x41, 0xd0, 0x70, 0x00}};
    for (std::size_t i = 0; i < 8; ++i) {
        uuid.bytes[15 - i] = static_cast<std::uint8_t>(number >> (8 * i) & 0xff);
    }
    return uuid;
}

RandomBytes counted_bytes() {
    return [next = std::uint64_t{0}](std::span<std::uint8_t> bytes) mutable {
        for (std::uint8_t& byte : bytes) {
            byte = static_cast<std::uint8_t>(++next * 0x9e3779b97f4a7c15 >> 56);
        }
    };
}

CommandKey key_numbered(std::uint64_t number) {
    const Uuid uuid = numbered_uuid(number);
    return {.key = uuid.bytes, .fingerprint = numbered_uuid(~number).bytes, .status = 201};
}

LogScribe& LogScribe::write(
    const StreamId& stream,
    const UserId& actor,
    std::vector<Event> events,
    const std::optional<CommandKey>& key
) {
    const Position first = position_.next();
    for (Event& event : events) {
        if (!versions_.contains(stream)) versions_[stream] = log_.version_of(stream).value();
        position_ = position_.next();
        at_ = Timestamp(at_.microseconds() + 1'000);
        versions_[stream] = versions_[stream].next();
        const RecordedEvent recorded{
            .position = position_,
            .stream = stream,
            .version = versions_[stream],
            .id = numbered_id<EventId>(position_.value()),
            .command = numbered_id<CommandId>(first.value()),
            .at = at_,
            .occurred_at = std::nullopt,
            .actor = actor,
            .key = key,
            .event = std::move(event)};
        const auto alias = aliases_.find(stream);
        const auto changes = claims_of(
            recorded, alias == aliases_.end() ? std::nullopt : std::optional(alias->second)
        );
        for (const ClaimChange& change : changes) {
            if (change.name.kind != ClaimKind::alias) continue;
            if (change.holder) aliases_[stream] = change.name.name;
            if (!change.holder) aliases_.erase(stream);
        }
        batch_.claims.insert(batch_.claims.end(), changes.begin(), changes.end());
        batch_.events.push_back(recorded);
        written_.push_back(recorded);
    }
    if (!key) return *this;
    return remember(
        *key,
        {.fingerprint = key->fingerprint,
         .first = first,
         .count = static_cast<std::uint16_t>(events.size()),
         .status = key->status,
         .stream = stream,
         .position = position_,
         .version = versions_[stream],
         .at = at_}
    );
}

LogScribe& LogScribe::remember(const CommandKey& key, const IdempotencyRecord& record) {
    batch_.keys.emplace_back(key.key, record);
    return *this;
}

PreparedBatch LogScribe::prepare() {
    return log_.prepare(std::exchange(batch_, {}));
}

StoreResult<void> LogScribe::commit() {
    return log_.commit(prepare());
}

Event registered(const std::string& username) {
    return AccountEvent(UserRegistered{
        .username = username, .display_name = "The " + username, .password_hash = "$argon2id$"});
}

Event room_created(const std::optional<std::string>& alias) {
    return RoomEvent(RoomCreated{
        .kind = RoomKind::group,
        .name = "Harbour",
        .description = std::nullopt,
        .alias = alias,
        .visibility = Visibility::public_,
        .history = History::shared,
        .max_members = 1'000,
        .direct_with = std::nullopt});
}

Event sent(const std::string& text) {
    MessageSent message;
    message.text = text;
    return RoomEvent(message);
}

Event edited(Version seq, const std::string& text) {
    return RoomEvent(MessageEdited{.seq = seq, .text = text, .mentions = {}});
}

Event deleted(Version seq) {
    return RoomEvent(MessageDeleted{.seq = seq, .destroyed = false});
}

Event destroyed(Version seq) {
    return RoomEvent(MessageDeleted{.seq = seq, .destroyed = true});
}

std::vector<RecordedEvent> all_of(EventCursor& cursor) {
    std::vector<RecordedEvent> events;
    while (true) {
        auto event = cursor.next();
        if (!event) {
            ADD_FAILURE() << describe(event.error());
            return events;
        }
        if (!*event) return events;
        events.push_back(std::move(**event));
    }
}

}  // namespace verbatim::testing
