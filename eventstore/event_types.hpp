#pragma once

#include "eventstore/codec.hpp"

#include <array>
#include <cstddef>
#include <type_traits>
#include <variant>

// The wire name of every event and the newest schema of its facts. Data, not C++ identifiers:
// renaming a struct never changes the log. A name is never reused; an event without one does not
// compile. docs/event_catalogue.md is kept in step by tools/tidy.py.
namespace verbatim {

template <class Event>
extern const EventType wire_of;

template <>
inline constexpr EventType wire_of<RoomCreated>{"room.created", 1};
template <>
inline constexpr EventType wire_of<RoomUpdated>{"room.updated", 1};
template <>
inline constexpr EventType wire_of<RoomArchived>{"room.archived", 1};
template <>
inline constexpr EventType wire_of<MemberJoined>{"member.joined", 2};
template <>
inline constexpr EventType wire_of<MemberLeft>{"member.left", 1};
template <>
inline constexpr EventType wire_of<MemberRemoved>{"member.removed", 1};
template <>
inline constexpr EventType wire_of<MemberRoleChanged>{"member.role_changed", 1};
template <>
inline constexpr EventType wire_of<MemberInvited>{"member.invited", 1};
template <>
inline constexpr EventType wire_of<MemberInviteRevoked>{"member.invite_revoked", 1};
template <>
inline constexpr EventType wire_of<MemberBanned>{"member.banned", 1};
template <>
inline constexpr EventType wire_of<MemberUnbanned>{"member.unbanned", 1};
template <>
inline constexpr EventType wire_of<MessageSent>{"message.sent", 2};
template <>
inline constexpr EventType wire_of<MessageEdited>{"message.edited", 1};
template <>
inline constexpr EventType wire_of<MessageDeleted>{"message.deleted", 1};
template <>
inline constexpr EventType wire_of<InviteLinkCreated>{"room.invite_link_created", 1};
template <>
inline constexpr EventType wire_of<InviteLinkRevoked>{"room.invite_link_revoked", 1};
template <>
inline constexpr EventType wire_of<MessagePinned>{"message.pinned", 1};
template <>
inline constexpr EventType wire_of<MessageUnpinned>{"message.unpinned", 1};
template <>
inline constexpr EventType wire_of<ReactionAdded>{"reaction.added", 1};
template <>
inline constexpr EventType wire_of<ReactionRemoved>{"reaction.removed", 1};
template <>
inline constexpr EventType wire_of<RetentionChanged>{"room.retention_changed", 1};
template <>
inline constexpr EventType wire_of<ContentsExpired>{"room.contents_expired", 1};
template <>
inline constexpr EventType wire_of<UserRegistered>{"user.registered", 1};
template <>
inline constexpr EventType wire_of<UserRenamed>{"user.renamed", 1};
template <>
inline constexpr EventType wire_of<PasswordChanged>{"user.password_changed", 1};
template <>
inline constexpr EventType wire_of<RoleGranted>{"user.role_granted", 1};
template <>
inline constexpr EventType wire_of<RoleRevoked>{"user.role_revoked", 1};
template <>
inline constexpr EventType wire_of<SessionOpened>{"session.opened", 1};
template <>
inline constexpr EventType wire_of<SessionRefreshed>{"session.refreshed", 1};
template <>
inline constexpr EventType wire_of<SessionClosed>{"session.closed", 1};
template <>
inline constexpr EventType wire_of<KeyCreated>{"key.created", 1};
template <>
inline constexpr EventType wire_of<KeyRevoked>{"key.revoked", 1};
template <>
inline constexpr EventType wire_of<ErasureBegun>{"user.erasure_begun", 1};
template <>
inline constexpr EventType wire_of<UserErased>{"user.erased", 1};
template <>
inline constexpr EventType wire_of<AuditRead>{"audit.read", 1};
template <>
inline constexpr EventType wire_of<RoomRead>{"room.read", 1};
template <>
inline constexpr EventType wire_of<HoldSet>{"hold.set", 1};
template <>
inline constexpr EventType wire_of<HoldLifted>{"hold.lifted", 1};
template <>
inline constexpr EventType wire_of<EpochBegun>{"log.epoch_begun", 1};

// In the order of the variant's alternatives, so that index() finds an event's own.
template <class... Events>
[[nodiscard]] consteval std::array<EventType, sizeof...(Events)> types_in(
    std::type_identity<std::variant<Events...>> /*variant*/
) {
    return {wire_of<Events>...};
}
inline constexpr auto room_event_types = types_in(std::type_identity<RoomEvent>());
inline constexpr auto account_event_types = types_in(std::type_identity<AccountEvent>());
inline constexpr auto reader_event_types = types_in(std::type_identity<ReaderEvent>());
inline constexpr auto server_event_types = types_in(std::type_identity<ServerEvent>());

inline constexpr auto all_event_types = [] {
    std::array<
        EventType,
        room_event_types.size() + account_event_types.size() + reader_event_types.size() +
            server_event_types.size()>
        all{};
    std::size_t next = 0;
    for (const EventType& type : room_event_types) all[next++] = type;
    for (const EventType& type : account_event_types) all[next++] = type;
    for (const EventType& type : reader_event_types) all[next++] = type;
    for (const EventType& type : server_event_types) all[next++] = type;
    return all;
}();

}  // namespace verbatim
