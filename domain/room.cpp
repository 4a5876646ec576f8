#include "domain/room.hpp"

#include "domain/overloaded.hpp"
#include "domain/room_rules.hpp"

namespace verbatim {
namespace {

// Members come and go through these two alone, so that `owners` is right on every path.
void remove(Room& room, UserId user) {
    if (rules::is_owner(room, user)) --room.owners;
    room.members.erase(user);
}

void put(Room& room, UserId user, const Member& member) {
    remove(room, user);
    room.members.emplace(user, member);
    if (member.role == MemberRole::owner) ++room.owners;
}

void create(Room& room, const RoomCreated& event, const EventContext& context) {
    room.phase = Room::Phase::open;
    room.kind = event.kind;
    room.visibility = event.visibility;
    room.history = event.history;
    room.max_members = event.max_members;
    room.name = event.name;
    room.description = event.description;
    room.alias = event.alias;
    put(room, context.by, {.role = MemberRole::owner, .joined = context.version});
}

void update(Room& room, const RoomUpdated& event) {
    if (event.name) room.name = *event.name;
    if (event.description) room.description = *event.description;
    if (event.alias) room.alias = *event.alias;
    if (event.visibility) room.visibility = *event.visibility;
    if (event.history) room.history = *event.history;
    if (event.max_members) room.max_members = *event.max_members;
}

void change_role(Room& room, const MemberRoleChanged& event) {
    const auto member = room.members.find(event.user);
    if (member == room.members.end()) return;
    put(room, event.user, {.role = event.role, .joined = member->second.joined});
}

void join(Room& room, const MemberJoined& event, const EventContext& context) {
    room.invited.erase(event.user);
    put(room, event.user, {.role = event.role, .joined = context.version});
    if (!event.link) return;
    const auto link = room.links.find(*event.link);
    if (link == room.links.end() || !link->second.uses_left) return;
    if (--*link->second.uses_left == 0) room.links.erase(link);
}

// With each new link those that have expired go, so that they don't pile up.
void add_link(Room& room, const InviteLinkCreated& event, const EventContext& context) {
    std::erase_if(room.links, [&](const std::pair<const LinkId, InviteLink>& link) {
        return !is_live(link.second, context.at);
    });
    room.links[event.link] = {.uses_left = event.max_uses, .expires_at = event.expires_at};
}

}  // namespace

bool is_live(const InviteLink& link, Timestamp now) {
    return link.uses_left != 0u && (!link.expires_at || now < *link.expires_at);
}

Decision<RoomEvent> decide(
    const Room& room,
    const RoomFacts& facts,
    const RoomCommand& command,
    const CommandContext& context
) {
    using namespace rules;
    return std::visit(
        Overloaded{
            [&](const CreateRoom& c) { return create_room(room, facts, c, context); },
            [&](const UpdateRoom& c) { return update_room(room, facts, c, context); },
            [&](const ArchiveRoom&) { return archive_room(room, context); },
            [&](const JoinRoom&) { return join_room(room, context); },
            [&](const LeaveRoom&) { return leave_room(room, context); },
            [&](const PutMember& c) { return put_member(room, facts, c, context); },
            [&](const RemoveMember& c) { return remove_member(room, c, context); },
            [&](const InviteUser& c) { return invite_user(room, facts, c, context); },
            [&](const RevokeInvite& c) { return revoke_invite(room, c, context); },
            [&](const BanUser& c) { return ban_user(room, facts, c, context); },
            [&](const UnbanUser& c) { return unban_user(room, c, context); },
            [&](const SendMessage& c) { return send_message(room, facts, c, context); },
            [&](const EditMessage& c) { return edit_message(room, facts, c, context); },
            [&](const DeleteMessage& c) { return delete_message(room, facts, c, context); },
            [&](const CreateInviteLink& c) { return create_invite_link(room, c, context); },
            [&](const RevokeInviteLink& c) { return revoke_invite_link(room, c, context); },
            [&](const JoinByLink& c) { return join_by_link(room, c, context); },
            [&](const PinMessage& c) { return pin_message(room, facts, c, context); },
            [&](const UnpinMessage& c) { return unpin_message(room, facts, c, context); },
            [&](const AddReaction& c) { return add_reaction(room, facts, c, context); },
            [&](const RemoveReaction& c) { return remove_reaction(room, facts, c, context); },
            [&](const SetRetention& c) { return set_retention(room, c, context); },
            [&](const DropErased& c) { return drop_erased(room, c); },
            [&](const ExpireContents& c) { return expire_contents(room, facts, c); },
        },
        command
    );
}

Room evolve(Room room, const RoomEvent& event, const EventContext& context) {
    std::visit(
        Overloaded{
            [&](const RoomCreated& e) { create(room, e, context); },
            [&](const RoomUpdated& e) { update(room, e); },
            [&](const RoomArchived&) { room.phase = Room::Phase::archived; },
            [&](const MemberJoined& e) { join(room, e, context); },
            [&](const MemberLeft& e) { remove(room, e.user); },
            [&](const MemberRemoved& e) { remove(room, e.user); },
            [&](const MemberRoleChanged& e) { change_role(room, e); },
            [&](const MemberInvited& e) { room.invited.insert(e.user); },
            [&](const MemberInviteRevoked& e) { room.invited.erase(e.user); },
            [&](const MemberBanned& e) {
                remove(room, e.user);
                room.invited.erase(e.user);
                room.banned.insert(e.user);
            },
            [&](const MemberUnbanned& e) { room.banned.erase(e.user); },
            [](const MessageSent&) {},
            [](const MessageEdited&) {},
            [](const MessageDeleted&) {},
            [&](const InviteLinkCreated& e) { add_link(room, e, context); },
            [&](const InviteLinkRevoked& e) { room.links.erase(e.link); },
            [&](const MessagePinned& e) { room.pinned.insert(e.seq); },
            [&](const MessageUnpinned& e) { room.pinned.erase(e.seq); },
            [](const ReactionAdded&) {},
            [](const ReactionRemoved&) {},
            [&](const RetentionChanged& e) { room.retention_days = e.days; },
            [&](const ContentsExpired& e) { room.expired_to = e.up_to; },
        },
        event
    );
    return room;
}

bool bears_on_room(const RoomEvent& event) {
    return std::visit(
        Overloaded{
            [](const RoomCreated&) { return true; },
            [](const RoomUpdated&) { return true; },
            [](const RoomArchived&) { return true; },
            [](const MemberJoined&) { return true; },
            [](const MemberLeft&) { return true; },
            [](const MemberRemoved&) { return true; },
            [](const MemberRoleChanged&) { return true; },
            [](const MemberInvited&) { return true; },
            [](const MemberInviteRevoked&) { return true; },
            [](const MemberBanned&) { return true; },
            [](const MemberUnbanned&) { return true; },
            [](const MessageSent&) { return false; },
            [](const MessageEdited&) { return false; },
            [](const MessageDeleted&) { return false; },
            [](const InviteLinkCreated&) { return true; },
            [](const InviteLinkRevoked&) { return true; },
            [](const MessagePinned&) { return true; },
            [](const MessageUnpinned&) { return true; },
            [](const ReactionAdded&) { return false; },
            [](const ReactionRemoved&) { return false; },
            [](const RetentionChanged&) { return true; },
            [](const ContentsExpired&) { return true; },
        },
        event
    );
}

}  // namespace verbatim
