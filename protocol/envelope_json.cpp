#include "protocol/envelope_json.hpp"

#include "domain/invariant.hpp"
#include "domain/overloaded.hpp"
#include "eventstore/event_types.hpp"
#include "protocol/answer_json.hpp"
#include "protocol/object_writer.hpp"

#include <string_view>
#include <variant>

namespace verbatim {
namespace {

// An envelope without its texts and lists.
constexpr std::size_t envelope_bytes = 384;

// "[…]", each element written by `append(out, element)`.
template <class Elements, class Append>
void append_list(std::string& out, const Elements& elements, Append append) {
    char before = '[';
    for (const auto& element : elements) {
        out += before;
        append(out, element);
        before = ',';
    }
    if (before == '[') out += '[';
    out += ']';
}

void append_mentions(std::string& out, const std::vector<UserId>& mentions) {
    append_list(out, mentions, append_json_id<UserId>);
}

void append_scope(std::string& out, KeyScope scope) {
    out += '"';
    out += text_of(scope);
    out += '"';
}

void append_attachment(std::string& out, const Attachment& attachment) {
    ObjectWriter object(out);
    object.put("file_id", attachment.file);
    object.put("filename", attachment.filename);
    object.put("media_type", attachment.media_type);
    object.put("bytes", attachment.bytes);
    object.put_if("width", attachment.width);
    object.put_if("height", attachment.height);
    object.close();
}

void put_message(ObjectWriter& data, const MessageSent& event) {
    data.put("kind", text_of(event.kind));
    data.put("text", event.text);
    data.put_json("metadata", event.metadata ? std::string_view(*event.metadata) : "null");
    append_list(data.member("attachments"), event.attachments, append_attachment);
    data.put_or_null("reply_to", event.reply_to);
    append_mentions(data.member("mentions"), event.mentions);
}

void put_created(ObjectWriter& data, const RoomCreated& event) {
    data.put("kind", text_of(event.kind));
    data.put("name", event.name);
    data.put("description", event.description);
    data.put("alias", event.alias);
    data.put("visibility", text_of(event.visibility));
    data.put("history", text_of(event.history));
    data.put("max_members", std::uint64_t{event.max_members});
}

void put_updated(ObjectWriter& data, const RoomUpdated& event) {
    data.put_if("name", event.name);
    data.put_if("description", event.description);
    data.put_if("alias", event.alias);
    if (event.visibility) data.put("visibility", text_of(*event.visibility));
    if (event.history) data.put("history", text_of(*event.history));
    data.put_if("max_members", event.max_members);
}

void put_link(ObjectWriter& data, const InviteLinkCreated& event) {
    data.put("link_id", event.link);
    data.put_or_null(
        "max_uses", event.max_uses ? std::optional(std::uint64_t{*event.max_uses}) : std::nullopt
    );
    data.put_or_null("expires_at", event.expires_at);
}

void put_data(ObjectWriter& data, const RoomEvent& event) {
    std::visit(
        Overloaded{
            [&](const RoomCreated& e) { put_created(data, e); },
            [&](const RoomUpdated& e) { put_updated(data, e); },
            [](const RoomArchived&) {},
            [&](const MemberJoined& e) {
                data.put("user_id", e.user);
                data.put("role", text_of(e.role));
                data.put_if("added_by", e.added_by);
                data.put_if("link_id", e.link);
            },
            [&](const MemberLeft& e) { data.put("user_id", e.user); },
            [&](const MemberRemoved& e) { data.put("user_id", e.user); },
            [&](const MemberRoleChanged& e) {
                data.put("user_id", e.user);
                data.put("role", text_of(e.role));
            },
            [&](const MemberInvited& e) { data.put("user_id", e.user); },
            [&](const MemberInviteRevoked& e) { data.put("user_id", e.user); },
            [&](const MemberBanned& e) {
                data.put("user_id", e.user);
                data.put("reason", e.reason);
            },
            [&](const MemberUnbanned& e) { data.put("user_id", e.user); },
            [&](const MessageSent& e) { put_message(data, e); },
            [&](const MessageEdited& e) {
                data.put("seq", e.seq);
                data.put("text", e.text);
                append_mentions(data.member("mentions"), e.mentions);
            },
            [&](const MessageDeleted& e) {
                data.put("seq", e.seq);
                data.put_flag("destroyed", e.destroyed);
            },
            [&](const InviteLinkCreated& e) { put_link(data, e); },
            [&](const InviteLinkRevoked& e) { data.put("link_id", e.link); },
            [&](const MessagePinned& e) { data.put("seq", e.seq); },
            [&](const MessageUnpinned& e) { data.put("seq", e.seq); },
            [&](const ReactionAdded& e) {
                data.put("seq", e.seq);
                data.put("emoji", e.emoji);
            },
            [&](const ReactionRemoved& e) {
                data.put("seq", e.seq);
                data.put("emoji", e.emoji);
            },
            [&](const RetentionChanged& e) {
                data.put_or_null(
                    "days", e.days ? std::optional(std::uint64_t{*e.days}) : std::nullopt
                );
            },
            [&](const ContentsExpired& e) { data.put("up_to", e.up_to); },
        },
        event
    );
}

void put_data(ObjectWriter& data, const AccountEvent& event, const UserId& user) {
    std::visit(
        Overloaded{
            [&](const UserRegistered& e) {
                data.put("user_id", user);
                data.put("username", e.username);
                data.put("display_name", e.display_name);
            },
            [&](const UserRenamed& e) { data.put("display_name", e.display_name); },
            [](const PasswordChanged&) {},
            [&](const RoleGranted& e) {
                data.put("user_id", user);
                data.put("role", text_of(e.role));
            },
            [&](const RoleRevoked& e) {
                data.put("user_id", user);
                data.put("role", text_of(e.role));
            },
            [&](const SessionOpened& e) {
                data.put("session_id", e.session);
                data.put("address", e.address);
                data.put("agent", e.agent);
            },
            [&](const SessionRefreshed& e) { data.put("session_id", e.session); },
            [&](const SessionClosed& e) {
                data.put("session_id", e.session);
                data.put("reason", text_of(e.reason));
            },
            [&](const KeyCreated& e) {
                data.put("key_id", e.key);
                data.put("name", e.name);
                append_list(data.member("scopes"), e.scopes, append_scope);
            },
            [&](const KeyRevoked& e) { data.put("key_id", e.key); },
            [&](const ErasureBegun&) { data.put("user_id", user); },
            [&](const UserErased&) { data.put("user_id", user); },
            [&](const AuditRead& e) {
                data.put("what", e.what);
                data.put_or_null("room_id", e.room);
            },
        },
        event
    );
}

void put_data(ObjectWriter& data, const ReaderEvent& event) {
    std::visit(Overloaded{[&](const RoomRead& e) { data.put("up_to", e.up_to); }}, event);
}

void put_data(ObjectWriter& data, const ServerEvent& event) {
    std::visit(
        Overloaded{
            [&](const HoldSet& e) {
                data.put_or_null("user_id", e.user);
                data.put_or_null("room_id", e.room);
                data.put("reason", e.reason);
            },
            [&](const HoldLifted& e) {
                data.put_or_null("user_id", e.user);
                data.put_or_null("room_id", e.room);
            },
            [&](const EpochBegun& e) {
                data.put("cause", text_of(e.cause));
                data.put("previous", base32_text(e.previous));
                data.put("kept_to", e.kept_to);
                data.put_or_null("lost_to", e.lost_to);
            },
        },
        event
    );
}

void append_data(std::string& out, const RecordedEvent& recorded) {
    ObjectWriter data(out);
    std::visit(
        Overloaded{
            [&](const RoomEvent& e) { put_data(data, e); },
            [&](const AccountEvent& e) { put_data(data, e, UserId(recorded.stream.id)); },
            [&](const ReaderEvent& e) { put_data(data, e); },
            [&](const ServerEvent& e) { put_data(data, e); },
        },
        recorded.event
    );
    data.close();
}

// The room that an event is about, if any.
std::optional<RoomId> room_of(const RecordedEvent& recorded) {
    return std::visit(
        Overloaded{
            [&](const RoomEvent&) { return std::optional(RoomId(recorded.stream.id)); },
            [](const AccountEvent&) { return std::optional<RoomId>(); },
            [](const ReaderEvent& e) { return std::optional(std::get<RoomRead>(e).room); },
            [](const ServerEvent&) { return std::optional<RoomId>(); },
        },
        recorded.event
    );
}

const EventType& wire_type_of(const Event& event) {
    return std::visit(
        Overloaded{
            [](const RoomEvent& e) -> const EventType& { return room_event_types[e.index()]; },
            [](const AccountEvent& e) -> const EventType& {
                return account_event_types[e.index()];
            },
            [](const ReaderEvent& e) -> const EventType& { return reader_event_types[e.index()]; },
            [](const ServerEvent& e) -> const EventType& { return server_event_types[e.index()]; },
        },
        event
    );
}

std::size_t text_bytes_of(const RecordedEvent& recorded) {
    const auto* event = std::get_if<RoomEvent>(&recorded.event);
    const auto* sent = event == nullptr ? nullptr : std::get_if<MessageSent>(event);
    return sent != nullptr && sent->text ? sent->text->size() : 0;
}

}  // namespace

void append_envelope(std::string& out, const RecordedEvent& event) {
    out.reserve(out.size() + envelope_bytes + text_bytes_of(event));
    ObjectWriter envelope(out);
    envelope.put("position", event.position);
    envelope.put_or_null("room_id", room_of(event));
    const bool is_in_room = event.stream.kind == StreamKind::room;
    envelope.put_or_null("room_seq", is_in_room ? std::optional(event.version) : std::nullopt);
    const EventType& type = wire_type_of(event.event);
    envelope.put("type", type.type);
    envelope.put("schema", std::uint64_t{type.schema});
    envelope.put("at", event.at);
    envelope.put_if("occurred_at", event.occurred_at);
    envelope.put("actor_id", event.actor);
    envelope.put("command_id", event.command);
    append_data(envelope.member("data"), event);
    envelope.close();
}

RecordedEvent without_contents(RecordedEvent event) {
    auto* room_event = std::get_if<RoomEvent>(&event.event);
    if (room_event == nullptr) return event;
    if (auto* sent = std::get_if<MessageSent>(room_event)) {
        sent->text.reset();
        sent->metadata.reset();
        sent->attachments.clear();
        sent->mentions.clear();
    }
    if (auto* edited = std::get_if<MessageEdited>(room_event)) {
        edited->text.reset();
        edited->mentions.clear();
    }
    return event;
}

}  // namespace verbatim
