#pragma once

#include "domain/room.hpp"
#include "domain/verdict.hpp"

#include <optional>

// The rules behind decide(Room …): one function for each command, each a list of guards in their
// order: phase, authority, existence, already so, limits. Private to the domain.
namespace verbatim::rules {

using RoomDecision = Decision<RoomEvent>;

// room_rules.cpp: the room itself.
[[nodiscard]] RoomDecision create_room(
    const Room& room,
    const RoomFacts& facts,
    const CreateRoom& command,
    const CommandContext& context
);
[[nodiscard]] RoomDecision update_room(
    const Room& room,
    const RoomFacts& facts,
    const UpdateRoom& command,
    const CommandContext& context
);
[[nodiscard]] RoomDecision archive_room(const Room& room, const CommandContext& context);

// room_member_rules.cpp: who is in it.
[[nodiscard]] RoomDecision join_room(const Room& room, const CommandContext& context);
[[nodiscard]] RoomDecision leave_room(const Room& room, const CommandContext& context);
[[nodiscard]] RoomDecision put_member(
    const Room& room,
    const RoomFacts& facts,
    const PutMember& command,
    const CommandContext& context
);
[[nodiscard]] RoomDecision remove_member(
    const Room& room, const RemoveMember& command, const CommandContext& context
);
[[nodiscard]] RoomDecision invite_user(
    const Room& room,
    const RoomFacts& facts,
    const InviteUser& command,
    const CommandContext& context
);
[[nodiscard]] RoomDecision revoke_invite(
    const Room& room, const RevokeInvite& command, const CommandContext& context
);
[[nodiscard]] RoomDecision ban_user(
    const Room& room, const RoomFacts& facts, const BanUser& command, const CommandContext& context
);
[[nodiscard]] RoomDecision unban_user(
    const Room& room, const UnbanUser& command, const CommandContext& context
);

// room_message_rules.cpp: what is said in it.
[[nodiscard]] RoomDecision send_message(
    const Room& room,
    const RoomFacts& facts,
    const SendMessage& command,
    const CommandContext& context
);
[[nodiscard]] RoomDecision edit_message(
    const Room& room,
    const RoomFacts& facts,
    const EditMessage& command,
    const CommandContext& context
);
[[nodiscard]] RoomDecision delete_message(
    const Room& room,
    const RoomFacts& facts,
    const DeleteMessage& command,
    const CommandContext& context
);

// room_link_rules.cpp: who may come by a link.
[[nodiscard]] RoomDecision create_invite_link(
    const Room& room, const CreateInviteLink& command, const CommandContext& context
);
[[nodiscard]] RoomDecision revoke_invite_link(
    const Room& room, const RevokeInviteLink& command, const CommandContext& context
);
[[nodiscard]] RoomDecision join_by_link(
    const Room& room, const JoinByLink& command, const CommandContext& context
);

// room_mark_rules.cpp: what is put on messages.
[[nodiscard]] RoomDecision pin_message(
    const Room& room,
    const RoomFacts& facts,
    const PinMessage& command,
    const CommandContext& context
);
[[nodiscard]] RoomDecision unpin_message(
    const Room& room,
    const RoomFacts& facts,
    const UnpinMessage& command,
    const CommandContext& context
);
[[nodiscard]] RoomDecision add_reaction(
    const Room& room,
    const RoomFacts& facts,
    const AddReaction& command,
    const CommandContext& context
);
[[nodiscard]] RoomDecision remove_reaction(
    const Room& room,
    const RoomFacts& facts,
    const RemoveReaction& command,
    const CommandContext& context
);

// room_forgetting_rules.cpp: what leaves it by age, or with its author.
[[nodiscard]] RoomDecision drop_erased(const Room& room, const DropErased& command);
[[nodiscard]] RoomDecision set_retention(
    const Room& room, const SetRetention& command, const CommandContext& context
);
[[nodiscard]] RoomDecision expire_contents(
    const Room& room, const RoomFacts& facts, const ExpireContents& command
);

// What several of them ask (room_guards.cpp). A guard answers the first rule that `actor` breaks.
// It exists, the actor may know of it, and it is open.
[[nodiscard]] std::optional<Rule> unless_open(const Room& room, UserId actor);
// The same, and it is not direct: its members and settings may change.
[[nodiscard]] std::optional<Rule> unless_changeable(const Room& room, UserId actor);
// Open, and the actor is a member.
[[nodiscard]] std::optional<Rule> unless_member(const Room& room, UserId actor);
// Changeable, and the actor is an owner or admin.
[[nodiscard]] std::optional<Rule> unless_manages_members(const Room& room, UserId actor);

[[nodiscard]] std::optional<MemberRole> role_of(const Room& room, UserId user);
[[nodiscard]] bool is_member(const Room& room, UserId user);
[[nodiscard]] bool is_owner(const Room& room, UserId user);
[[nodiscard]] bool is_last_owner(const Room& room, UserId user);
// Owners and admins.
[[nodiscard]] bool is_manager(const Room& room, UserId user);
[[nodiscard]] bool has_account(const RoomFacts& facts, UserId user);

}  // namespace verbatim::rules
