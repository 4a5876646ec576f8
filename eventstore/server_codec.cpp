#include "eventstore/server_codec.hpp"

#include "domain/overloaded.hpp"

#include <array>
#include <type_traits>

namespace verbatim {
namespace {

// As in room_codec.cpp: the two halves of an event together, members in the order of the struct.
template <class Event>
Event read(PayloadReader& payload) = delete;

void write_held(
    const std::optional<UserId>& user, const std::optional<RoomId>& room, FactsWriter& facts
) {
    facts.put_if("user_id", user);
    facts.put_if("room_id", room);
}

void write_hold_set(const HoldSet& event, PayloadWriter& payload) {
    write_held(event.user, event.room, payload.facts);
    payload.put_text(ContentField::hold_reason, event.reason);
}
template <>
HoldSet read(PayloadReader& payload) {
    return {
        .user = payload.facts.maybe(&FactsReader::id<UserId>, "user_id"),
        .room = payload.facts.maybe(&FactsReader::id<RoomId>, "room_id"),
        .reason = payload.contents.next(ContentField::hold_reason),
    };
}

template <>
HoldLifted read(PayloadReader& payload) {
    return {
        .user = payload.facts.maybe(&FactsReader::id<UserId>, "user_id"),
        .room = payload.facts.maybe(&FactsReader::id<RoomId>, "room_id"),
    };
}

// An epoch is a bare UUID, in 26 characters of base32 as in the ids.
void write_epoch_begun(const EpochBegun& event, PayloadWriter& payload) {
    payload.facts.put_enum("cause", event.cause);
    payload.facts.put("previous", Json(base32_text(event.previous)));
    payload.facts.put("kept_to", event.kept_to);
    payload.facts.put_if("lost_to", event.lost_to);
}
Uuid read_epoch(const FactsReader& facts) {
    const auto epoch = parse_base32(facts.text("previous"));
    if (!epoch) facts.note("previous");
    return epoch.value_or(Uuid());
}
template <>
EpochBegun read(PayloadReader& payload) {
    const auto position = [&](const char* member) {
        return Position(payload.facts.number<std::uint64_t>(member));
    };
    return {
        .cause = payload.facts.choice<EpochCause>("cause"),
        .previous = read_epoch(payload.facts),
        .kept_to = position("kept_to"),
        .lost_to = payload.facts.has("lost_to") ? std::optional(position("lost_to")) : std::nullopt,
    };
}

template <class Event>
ServerEvent read_as(PayloadReader& payload) {
    return read<Event>(payload);
}
template <class... Events>
constexpr std::array<ReadServerEvent, sizeof...(Events)> readers_of(
    std::type_identity<std::variant<Events...>> /*variant*/
) {
    return {&read_as<Events>...};
}

}  // namespace

void write(const ServerEvent& event, PayloadWriter& payload) {
    std::visit(
        Overloaded{
            [&](const HoldSet& e) { write_hold_set(e, payload); },
            [&](const HoldLifted& e) { write_held(e.user, e.room, payload.facts); },
            [&](const EpochBegun& e) { write_epoch_begun(e, payload); },
        },
        event
    );
}

std::span<const ReadServerEvent> server_event_readers() {
    static constexpr auto readers = readers_of(std::type_identity<ServerEvent>());
    return readers;
}

}  // namespace verbatim
