#include "domain/message.hpp"

#include "domain/overloaded.hpp"

namespace verbatim {
namespace {

void add(Message& message, const std::string& emoji, UserId user) {
    if (message.reactions[emoji].insert(user).second) ++message.reaction_count;
}

void remove(Message& message, const std::string& emoji, UserId user) {
    const auto known = message.reactions.find(emoji);
    if (known == message.reactions.end() || known->second.erase(user) == 0) return;
    --message.reaction_count;
    if (known->second.empty()) message.reactions.erase(known);
}

}  // namespace

Message evolve(Message message, const RoomEvent& event, const EventContext& context) {
    std::visit(
        Overloaded{
            [](const RoomCreated&) {},
            [](const RoomUpdated&) {},
            [](const RoomArchived&) {},
            [](const MemberJoined&) {},
            [](const MemberLeft&) {},
            [](const MemberRemoved&) {},
            [](const MemberRoleChanged&) {},
            [](const MemberInvited&) {},
            [](const MemberInviteRevoked&) {},
            [](const MemberBanned&) {},
            [](const MemberUnbanned&) {},
            [&](const MessageSent&) {
                message.phase = Message::Phase::live;
                message.sender = context.by;
            },
            [&](const MessageEdited&) { ++message.edits; },
            [&](const MessageDeleted&) {
                message.phase = Message::Phase::deleted;
                message.edits = 0;
                message.reactions.clear();
                message.reaction_count = 0;
            },
            [](const InviteLinkCreated&) {},
            [](const InviteLinkRevoked&) {},
            [](const MessagePinned&) {},
            [](const MessageUnpinned&) {},
            [&](const ReactionAdded& e) { add(message, e.emoji, context.by); },
            [&](const ReactionRemoved& e) { remove(message, e.emoji, context.by); },
            [](const RetentionChanged&) {},
            [](const ContentsExpired&) {},
        },
        event
    );
    return message;
}

std::optional<Version> message_named_by(const RoomEvent& event) {
    using Named = std::optional<Version>;
    return std::visit(
        Overloaded{
            [](const RoomCreated&) { return Named(); },
            [](const RoomUpdated&) { return Named(); },
            [](const RoomArchived&) { return Named(); },
            [](const MemberJoined&) { return Named(); },
            [](const MemberLeft&) { return Named(); },
            [](const MemberRemoved&) { return Named(); },
            [](const MemberRoleChanged&) { return Named(); },
            [](const MemberInvited&) { return Named(); },
            [](const MemberInviteRevoked&) { return Named(); },
            [](const MemberBanned&) { return Named(); },
            [](const MemberUnbanned&) { return Named(); },
            // What it replies to is not changed by it.
            [](const MessageSent&) { return Named(); },
            [](const MessageEdited& e) { return Named(e.seq); },
            [](const MessageDeleted& e) { return Named(e.seq); },
            [](const InviteLinkCreated&) { return Named(); },
            [](const InviteLinkRevoked&) { return Named(); },
            [](const MessagePinned& e) { return Named(e.seq); },
            [](const MessageUnpinned& e) { return Named(e.seq); },
            [](const ReactionAdded& e) { return Named(e.seq); },
            [](const ReactionRemoved& e) { return Named(e.seq); },
            [](const RetentionChanged&) { return Named(); },
            [](const ContentsExpired&) { return Named(); },
        },
        event
    );
}

}  // namespace verbatim
