#include "broker/feed/room_audience.hpp"

#include "domain/overloaded.hpp"

namespace verbatim::feed {

RoomAudience audience_of(const RecordedEvent& event) {
    return std::visit(
        Overloaded{
            [&](const RoomCreated&) -> RoomAudience { return {.joins = event.actor}; },
            [](const MemberJoined& e) -> RoomAudience { return {.joins = e.user}; },
            [](const MemberLeft& e) -> RoomAudience { return {.parts = e.user}; },
            [](const MemberRemoved& e) -> RoomAudience { return {.parts = e.user}; },
            [](const MemberInvited& e) -> RoomAudience { return {.subject = e.user}; },
            [](const MemberInviteRevoked& e) -> RoomAudience { return {.subject = e.user}; },
            [](const MemberBanned& e) -> RoomAudience {
                return {.parts = e.user, .subject = e.user};
            },
            [](const MemberUnbanned& e) -> RoomAudience { return {.subject = e.user}; },
            [](const RoomUpdated&) -> RoomAudience { return {}; },
            [](const RoomArchived&) -> RoomAudience { return {}; },
            [](const MemberRoleChanged&) -> RoomAudience { return {}; },
            [](const MessageSent&) -> RoomAudience { return {}; },
            [](const MessageEdited&) -> RoomAudience { return {}; },
            [](const MessageDeleted&) -> RoomAudience { return {}; },
            [](const InviteLinkCreated&) -> RoomAudience { return {}; },
            [](const InviteLinkRevoked&) -> RoomAudience { return {}; },
            [](const MessagePinned&) -> RoomAudience { return {}; },
            [](const MessageUnpinned&) -> RoomAudience { return {}; },
            [](const ReactionAdded&) -> RoomAudience { return {}; },
            [](const ReactionRemoved&) -> RoomAudience { return {}; },
            [](const RetentionChanged&) -> RoomAudience { return {}; },
            [](const ContentsExpired&) -> RoomAudience { return {}; },
        },
        std::get<RoomEvent>(event.event)
    );
}

}  // namespace verbatim::feed
