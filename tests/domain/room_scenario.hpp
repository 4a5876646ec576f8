#pragma once

#include "domain/limits.hpp"
#include "domain/room.hpp"
#include "tests/domain/scenario.hpp"

namespace verbatim::testing {

template <>
struct AggregateOf<RoomEvent> {
    using State = Room;
    using Facts = RoomFacts;
    using Command = RoomCommand;
};
using RoomPast = Past<RoomEvent>;

// The message that a command edits, deletes, marks or replies to.
[[nodiscard]] inline std::optional<Version> message_needed_by(const RoomCommand& command) {
    if (const auto* send = std::get_if<SendMessage>(&command)) return send->reply_to;
    if (const auto* edit = std::get_if<EditMessage>(&command)) return edit->seq;
    if (const auto* deletion = std::get_if<DeleteMessage>(&command)) return deletion->seq;
    if (const auto* pin = std::get_if<PinMessage>(&command)) return pin->seq;
    if (const auto* unpin = std::get_if<UnpinMessage>(&command)) return unpin->seq;
    if (const auto* add = std::get_if<AddReaction>(&command)) return add->seq;
    if (const auto* remove = std::get_if<RemoveReaction>(&command)) return remove->seq;
    return std::nullopt;
}

[[nodiscard]] inline Message message_folded(const std::vector<RoomPast>& history, Version seq) {
    Message message;
    Version version;
    for (const RoomPast& past : history) {
        version = version.next();
        if (version != seq && message_named_by(past.event) != seq) continue;
        const EventContext context{.by = past.by, .at = past.at, .version = version};
        message = evolve(std::move(message), past.event, context);
    }
    return message;
}

[[nodiscard]] inline RoomFacts loaded(
    const std::vector<RoomPast>& history, RoomFacts facts, const RoomCommand& command
) {
    if (const auto seq = message_needed_by(command)) facts.message = message_folded(history, *seq);
    return facts;
}

[[nodiscard]] inline RoomFacts alias_is_taken() {
    return {.message = {}, .alias_is_taken = true, .inactive = {}};
}
[[nodiscard]] inline RoomFacts nobody_is(UserId user) {
    return {.message = {}, .alias_is_taken = false, .inactive = {user}};
}

// A room's past, each event by the person who would have caused it.

[[nodiscard]] inline Scenario<RoomEvent> given_no_room() {
    return Scenario<RoomEvent>({});
}

[[nodiscard]] inline RoomCreated public_group(std::uint32_t max_members = 1'000) {
    return {
        .kind = RoomKind::group,
        .name = "Lobby",
        .description = std::nullopt,
        .alias = std::nullopt,
        .visibility = Visibility::public_,
        .history = History::shared,
        .max_members = max_members,
        .direct_with = std::nullopt};
}
[[nodiscard]] inline RoomPast group_created(UserId creator, std::uint32_t max_members = 1'000) {
    return {.event = public_group(max_members), .by = creator};
}
[[nodiscard]] inline RoomPast private_group_created(
    UserId creator, std::uint32_t max_members = 1'000
) {
    RoomCreated created = public_group(max_members);
    created.visibility = Visibility::private_;
    return {.event = created, .by = creator};
}
[[nodiscard]] inline RoomPast channel_created(UserId creator) {
    RoomCreated created = public_group();
    created.kind = RoomKind::channel;
    return {.event = created, .by = creator};
}
[[nodiscard]] inline RoomPast direct_created(UserId creator, UserId other) {
    RoomCreated created = public_group(2);
    created.kind = RoomKind::direct;
    created.visibility = Visibility::private_;
    created.direct_with = other;
    return {.event = created, .by = creator};
}
[[nodiscard]] inline RoomPast archived(UserId owner) {
    return {.event = RoomArchived{}, .by = owner};
}
[[nodiscard]] inline RoomPast joined(UserId user, MemberRole role = MemberRole::member) {
    return {
        .event = MemberJoined{.user = user, .role = role, .added_by = std::nullopt}, .by = user};
}
[[nodiscard]] inline RoomPast left(UserId user) {
    return {.event = MemberLeft{.user = user}, .by = user};
}
[[nodiscard]] inline RoomPast removed(UserId user) {
    return {.event = MemberRemoved{.user = user}, .by = alice};
}
[[nodiscard]] inline RoomPast role_changed(UserId user, MemberRole role) {
    return {.event = MemberRoleChanged{.user = user, .role = role}, .by = alice};
}
[[nodiscard]] inline RoomPast invited(UserId user) {
    return {.event = MemberInvited{.user = user}, .by = alice};
}
[[nodiscard]] inline RoomPast invite_revoked(UserId user) {
    return {.event = MemberInviteRevoked{.user = user}, .by = alice};
}
[[nodiscard]] inline RoomPast banned(UserId user) {
    return {.event = MemberBanned{.user = user, .reason = std::nullopt}, .by = alice};
}
[[nodiscard]] inline RoomPast unbanned(UserId user) {
    return {.event = MemberUnbanned{.user = user}, .by = alice};
}
[[nodiscard]] inline RoomPast sent(UserId sender) {
    MessageSent message;
    message.text = "hello";
    return {.event = message, .by = sender};
}
[[nodiscard]] inline RoomPast edited(Version seq, UserId sender) {
    return {
        .event = MessageEdited{.seq = seq, .text = "hello again", .mentions = {}}, .by = sender};
}
[[nodiscard]] inline RoomPast deleted(Version seq, UserId actor) {
    return {.event = MessageDeleted{.seq = seq, .destroyed = false}, .by = actor};
}

[[nodiscard]] inline RoomPast pinned(Version seq, UserId actor) {
    return {.event = MessagePinned{.seq = seq}, .by = actor};
}
[[nodiscard]] inline RoomPast unpinned(Version seq, UserId actor) {
    return {.event = MessageUnpinned{.seq = seq}, .by = actor};
}

// One of each command but CreateRoom and JoinByLink, which may know more than others, about
// `subject` where it is about anyone.
[[nodiscard]] inline std::vector<RoomCommand> commands_to_a_room(UserId subject) {
    UpdateRoom update;
    update.name = "Renamed";
    SendMessage send;
    send.text = "hello";
    return {
        update,
        ArchiveRoom{},
        JoinRoom{},
        LeaveRoom{},
        PutMember{.user = subject, .role = MemberRole::member},
        RemoveMember{.user = subject},
        InviteUser{.user = subject},
        RevokeInvite{.user = subject},
        BanUser{.user = subject, .reason = std::nullopt},
        UnbanUser{.user = subject},
        send,
        EditMessage{.seq = Version(1), .text = "hello", .mentions = {}},
        DeleteMessage{.seq = Version(1)},
        CreateInviteLink{},
        RevokeInviteLink{},
        PinMessage{.seq = Version(1)},
        UnpinMessage{.seq = Version(1)},
        AddReaction{.seq = Version(1), .emoji = "+1"},
        RemoveReaction{.seq = Version(1), .emoji = "+1"},
    };
}

}  // namespace verbatim::testing
