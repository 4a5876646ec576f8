#pragma once

#include "eventstore/event_record.hpp"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <optional>
#include <rapidcheck.h>
#include <string>
#include <utility>
#include <variant>
#include <vector>

// Events of every type with every combination of what may be absent. To be used inside of
// rc::check.
namespace verbatim::arbitrary {

inline bool flag() {
    return *rc::gen::arbitrary<bool>();
}

template <class Number>
Number number() {
    // The ends of the range are where a codec is wrong.
    return *rc::gen::oneOf(
        rc::gen::arbitrary<Number>(),
        rc::gen::element(Number{0}, std::numeric_limits<Number>::max())
    );
}

inline Uuid uuid() {
    return {*rc::gen::arbitrary<std::array<std::uint8_t, 16>>()};
}
template <class Id>
Id id() {
    return Id(uuid());
}
inline Version version() {
    return Version(number<std::uint64_t>());
}

// Bytes that stand as they are beside the record.
inline Text text() {
    if (flag()) return std::nullopt;
    return *rc::gen::arbitrary<std::string>();
}
// UTF-8 that stands in facts.
inline std::string word() {
    return *rc::gen::element<std::string>(
        "",
        "general",
        "image/png",
        "a \"quoted\" \\ word",
        "tab\tand\nnewline",
        "北京",
        "e\u0301",
        "\u0001"
    );
}

template <class Make>
auto maybe(Make make) -> std::optional<decltype(make())> {
    if (flag()) return std::nullopt;
    return make();
}
template <class Make>
auto several(Make make) -> std::vector<decltype(make())> {
    std::vector<decltype(make())> made;
    const int count = *rc::gen::inRange(0, 4);
    for (int i = 0; i < count; ++i) made.push_back(make());
    return made;
}

inline RoomKind room_kind() {
    return *rc::gen::element(RoomKind::group, RoomKind::channel, RoomKind::direct);
}
inline Visibility visibility() {
    return *rc::gen::element(Visibility::public_, Visibility::private_);
}
inline History history() {
    return *rc::gen::element(History::shared, History::since_join);
}
inline MemberRole member_role() {
    return *rc::gen::element(MemberRole::owner, MemberRole::admin, MemberRole::member);
}
inline MessageKind message_kind() {
    return *rc::gen::element(MessageKind::text, MessageKind::action, MessageKind::notice);
}
inline ServerRole server_role() {
    return *rc::gen::element(ServerRole::auditor, ServerRole::admin);
}
inline SessionEnd session_end() {
    return *rc::gen::element(
        SessionEnd::logged_out,
        SessionEnd::revoked,
        SessionEnd::refresh_reused,
        SessionEnd::password_changed,
        SessionEnd::superseded,
        SessionEnd::erased
    );
}
inline KeyScope key_scope() {
    return *rc::gen::element(KeyScope::read, KeyScope::send);
}
inline std::array<std::uint8_t, 32> hash() {
    std::array<std::uint8_t, 32> bytes{};
    for (auto& byte : bytes) byte = number<std::uint8_t>();
    return bytes;
}
inline Timestamp time() {
    return Timestamp(number<std::int64_t>());
}
inline Attachment attachment() {
    return {
        id<FileId>(),
        text(),
        word(),
        number<std::uint64_t>(),
        maybe(&number<std::uint32_t>),
        maybe(&number<std::uint32_t>),
        hash()};
}

// One for each type of event: a new one does not link without.
template <class Event>
Event event();

template <>
inline RoomCreated event() {
    return {
        room_kind(),
        text(),
        text(),
        maybe(&word),
        visibility(),
        history(),
        number<std::uint32_t>(),
        maybe(&id<UserId>)};
}
template <>
inline RoomUpdated event() {
    return {
        maybe(&text),
        maybe(&text),
        maybe([] { return maybe(&word); }),
        maybe(&visibility),
        maybe(&history),
        maybe(&number<std::uint32_t>)};
}
template <>
inline RoomArchived event() {
    return {};
}
template <>
inline MemberJoined event() {
    return {id<UserId>(), member_role(), maybe(&id<UserId>), maybe(&id<LinkId>)};
}
template <>
inline MemberLeft event() {
    return {id<UserId>()};
}
template <>
inline MemberRemoved event() {
    return {id<UserId>()};
}
template <>
inline MemberRoleChanged event() {
    return {id<UserId>(), member_role()};
}
template <>
inline MemberInvited event() {
    return {id<UserId>()};
}
template <>
inline MemberInviteRevoked event() {
    return {id<UserId>()};
}
template <>
inline MemberBanned event() {
    return {id<UserId>(), text()};
}
template <>
inline MemberUnbanned event() {
    return {id<UserId>()};
}
template <>
inline MessageSent event() {
    return {
        message_kind(),
        text(),
        text(),
        several(&attachment),
        maybe(&version),
        several(&id<UserId>)};
}
template <>
inline MessageEdited event() {
    return {version(), text(), several(&id<UserId>)};
}
template <>
inline MessageDeleted event() {
    return {version(), flag()};
}
template <>
inline InviteLinkCreated event() {
    return {id<LinkId>(), hash(), maybe(&number<std::uint32_t>), maybe(&time)};
}
template <>
inline InviteLinkRevoked event() {
    return {id<LinkId>()};
}
template <>
inline MessagePinned event() {
    return {version()};
}
template <>
inline MessageUnpinned event() {
    return {version()};
}
template <>
inline ReactionAdded event() {
    return {version(), word()};
}
template <>
inline ReactionRemoved event() {
    return {version(), word()};
}
template <>
inline UserRegistered event() {
    return {text(), text(), text()};
}
template <>
inline UserRenamed event() {
    return {text()};
}
template <>
inline PasswordChanged event() {
    return {text()};
}
template <>
inline RoleGranted event() {
    return {server_role()};
}
template <>
inline RoleRevoked event() {
    return {server_role()};
}
template <>
inline SessionOpened event() {
    return {id<SessionId>(), text(), text(), text()};
}
template <>
inline SessionRefreshed event() {
    return {id<SessionId>(), text()};
}
template <>
inline SessionClosed event() {
    return {id<SessionId>(), session_end()};
}
template <>
inline RetentionChanged event() {
    return {maybe(&number<std::uint32_t>)};
}
template <>
inline ContentsExpired event() {
    return {version()};
}
template <>
inline ErasureBegun event() {
    return {};
}
template <>
inline UserErased event() {
    return {};
}
template <>
inline AuditRead event() {
    return {word(), maybe(&id<RoomId>)};
}
template <>
inline HoldSet event() {
    return {maybe(&id<UserId>), maybe(&id<RoomId>), text()};
}
template <>
inline HoldLifted event() {
    return {maybe(&id<UserId>), maybe(&id<RoomId>)};
}
template <>
inline EpochBegun event() {
    return {
        *rc::gen::element(EpochCause::restored, EpochCause::loss_accepted),
        uuid(),
        Position(number<std::uint64_t>()),
        maybe([] { return Position(number<std::uint64_t>()); })};
}
template <>
inline KeyCreated event() {
    return {id<KeyId>(), text(), several(&key_scope), hash()};
}
template <>
inline KeyRevoked event() {
    return {id<KeyId>()};
}
template <>
inline RoomRead event() {
    return {id<RoomId>(), version()};
}

template <class... Events>
std::variant<Events...> alternative(std::in_place_type_t<std::variant<Events...>> /*of*/) {
    using Variant = std::variant<Events...>;
    static constexpr std::array<Variant (*)(), sizeof...(Events)> makers{
        [] { return Variant(event<Events>()); }...};
    return makers[*rc::gen::inRange<std::size_t>(0, sizeof...(Events))]();
}

inline Event any_event() {
    // Rooms' events are half of the catalogue and most of a log.
    switch (*rc::gen::inRange(0, 4)) {
        case 0: return alternative(std::in_place_type<AccountEvent>);
        case 1:
            if (flag()) return alternative(std::in_place_type<ServerEvent>);
            return alternative(std::in_place_type<ReaderEvent>);
        default: return alternative(std::in_place_type<RoomEvent>);
    }
}

inline RecordedEvent any_envelope() {
    RecordedEvent envelope;
    envelope.position = Position(number<std::uint64_t>());
    envelope.stream = {
        *rc::gen::element(
            StreamKind::account, StreamKind::room, StreamKind::reader, StreamKind::server
        ),
        uuid()};
    envelope.version = version();
    envelope.id = id<EventId>();
    envelope.command = id<CommandId>();
    envelope.at = Timestamp(number<std::int64_t>());
    envelope.occurred_at = maybe([] { return Timestamp(number<std::int64_t>()); });
    envelope.actor = id<UserId>();
    envelope.key = maybe([] {
        return CommandKey{uuid().bytes, uuid().bytes, number<std::uint16_t>()};
    });
    return envelope;
}

}  // namespace verbatim::arbitrary
