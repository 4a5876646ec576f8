#include "domain/message.hpp"

#include "domain/overloaded.hpp"

namespace verbatim {

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
                message = {.phase = Message::Phase::live, .sender = context.by};
            },
            [](const MessageEdited&) {},
            [&](const MessageDeleted&) { message.phase = Message::Phase::deleted; },
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
        },
        event
    );
}

}  // namespace verbatim
