#include "eventstore/room_codec.hpp"

#include "domain/overloaded.hpp"

#include <algorithm>
#include <array>
#include <type_traits>

namespace verbatim {
namespace {

// Each event's two halves stand together. A read names its members in the order of the struct,
// which braces evaluate from left to right: contents come in that order too.
template <class Event>
Event read(PayloadReader& payload) = delete;

void write_created(const RoomCreated& event, PayloadWriter& payload) {
    payload.facts.put_enum_unless(RoomKind::group, "kind", event.kind);
    payload.put_text(ContentField::room_name, event.name);
    payload.put_text(ContentField::room_description, event.description);
    payload.facts.put_if("alias", event.alias);
    payload.facts.put_enum_unless(Visibility::public_, "visibility", event.visibility);
    payload.facts.put_enum_unless(History::shared, "history", event.history);
    payload.facts.put("max_members", event.max_members);
    payload.facts.put_if("direct_with", event.direct_with);
}
template <>
RoomCreated read(PayloadReader& payload) {
    const FactsReader& facts = payload.facts;
    return {
        .kind = facts.choice_or(RoomKind::group, "kind"),
        .name = payload.contents.next(ContentField::room_name),
        .description = payload.contents.next(ContentField::room_description),
        .alias = facts.maybe(&FactsReader::text, "alias"),
        .visibility = facts.choice_or(Visibility::public_, "visibility"),
        .history = facts.choice_or(History::shared, "history"),
        .max_members = facts.number<std::uint32_t>("max_members"),
        .direct_with = facts.maybe(&FactsReader::id<UserId>, "direct_with"),
    };
}

// Texts cannot say by themselves whether they are unchanged or cleared: `changed` names those that
// are not unchanged.
void write_updated(const RoomUpdated& event, PayloadWriter& payload) {
    Json changed = Json::array();
    if (event.name) {
        changed.push_back("name");
        payload.put_text(ContentField::room_name, *event.name);
    }
    if (event.description) {
        changed.push_back("description");
        payload.put_text(ContentField::room_description, *event.description);
    }
    if (!changed.empty()) payload.facts.put("changed", std::move(changed));
    if (event.alias) payload.facts.put("alias", *event.alias ? Json(**event.alias) : Json());
    if (event.visibility) payload.facts.put_enum("visibility", *event.visibility);
    if (event.history) payload.facts.put_enum("history", *event.history);
    payload.facts.put_if("max_members", event.max_members);
}
Change<Text> read_text_change(
    PayloadReader& payload,
    const std::vector<std::string>& changed,
    std::string_view member,
    ContentField field
) {
    if (std::ranges::find(changed, member) == changed.end()) return std::nullopt;
    return payload.contents.next(field);
}
Change<std::optional<std::string>> read_alias_change(const FactsReader& facts) {
    if (!facts.has("alias")) return std::nullopt;
    if (facts.is_null("alias")) return std::optional<std::string>();
    return facts.text("alias");
}
template <>
RoomUpdated read(PayloadReader& payload) {
    const FactsReader& facts = payload.facts;
    const std::vector<std::string> changed = facts.texts("changed");
    if (!std::ranges::all_of(changed, [](const std::string& member) {
            return member == "name" || member == "description";
        }))
        facts.note("changed");
    return {
        .name = read_text_change(payload, changed, "name", ContentField::room_name),
        .description =
            read_text_change(payload, changed, "description", ContentField::room_description),
        .alias = read_alias_change(facts),
        .visibility = facts.maybe(&FactsReader::choice<Visibility>, "visibility"),
        .history = facts.maybe(&FactsReader::choice<History>, "history"),
        .max_members = facts.maybe(&FactsReader::number<std::uint32_t>, "max_members"),
    };
}

template <>
RoomArchived read(PayloadReader& /*payload*/) {
    return {};
}

void write_joined(const MemberJoined& event, PayloadWriter& payload) {
    payload.facts.put("user_id", event.user);
    payload.facts.put_enum_unless(MemberRole::member, "role", event.role);
    payload.facts.put_if("added_by", event.added_by);
    payload.facts.put_if("link_id", event.link);
}
template <>
MemberJoined read(PayloadReader& payload) {
    return {
        .user = payload.facts.id<UserId>("user_id"),
        .role = payload.facts.choice_or(MemberRole::member, "role"),
        .added_by = payload.facts.maybe(&FactsReader::id<UserId>, "added_by"),
        .link = payload.facts.maybe(&FactsReader::id<LinkId>, "link_id"),
    };
}

template <>
MemberLeft read(PayloadReader& payload) {
    return {.user = payload.facts.id<UserId>("user_id")};
}

template <>
MemberRemoved read(PayloadReader& payload) {
    return {.user = payload.facts.id<UserId>("user_id")};
}

void write_role_changed(const MemberRoleChanged& event, PayloadWriter& payload) {
    payload.facts.put("user_id", event.user);
    payload.facts.put_enum("role", event.role);
}
template <>
MemberRoleChanged read(PayloadReader& payload) {
    return {
        .user = payload.facts.id<UserId>("user_id"),
        .role = payload.facts.choice<MemberRole>("role"),
    };
}

template <>
MemberInvited read(PayloadReader& payload) {
    return {.user = payload.facts.id<UserId>("user_id")};
}

template <>
MemberInviteRevoked read(PayloadReader& payload) {
    return {.user = payload.facts.id<UserId>("user_id")};
}

void write_banned(const MemberBanned& event, PayloadWriter& payload) {
    payload.facts.put("user_id", event.user);
    payload.put_text(ContentField::ban_reason, event.reason);
}
template <>
MemberBanned read(PayloadReader& payload) {
    return {
        .user = payload.facts.id<UserId>("user_id"),
        .reason = payload.contents.next(ContentField::ban_reason),
    };
}

template <>
MemberUnbanned read(PayloadReader& payload) {
    return {.user = payload.facts.id<UserId>("user_id")};
}

// An attachment without a file name says so, or it would be given its neighbour's.
void write_attachment(const Attachment& attachment, Json& listed, PayloadWriter& payload) {
    FactsWriter facts;
    facts.put("file_id", attachment.file);
    payload.put_text(ContentField::filename, attachment.filename);
    if (!attachment.filename) facts.put("unnamed", true);
    facts.put("media_type", attachment.media_type);
    facts.put("bytes", attachment.bytes);
    facts.put_hash("sha256", attachment.sha256);
    facts.put_if("width", attachment.width);
    facts.put_if("height", attachment.height);
    listed.push_back(std::move(facts).take());
}
Attachment read_attachment(const FactsReader& facts, ContentsReader& contents) {
    return {
        .file = facts.id<FileId>("file_id"),
        .filename =
            facts.flag_or_false("unnamed") ? std::nullopt : contents.next(ContentField::filename),
        .media_type = facts.text("media_type"),
        .bytes = facts.number<std::uint64_t>("bytes"),
        .width = facts.maybe(&FactsReader::number<std::uint32_t>, "width"),
        .height = facts.maybe(&FactsReader::number<std::uint32_t>, "height"),
        .sha256 = facts.hash("sha256"),
    };
}
std::vector<Attachment> read_attachments(PayloadReader& payload) {
    std::vector<Attachment> attachments;
    for (const FactsReader& facts : payload.facts.objects("attachments"))
        attachments.push_back(read_attachment(facts, payload.contents));
    return attachments;
}

void write_sent(const MessageSent& event, PayloadWriter& payload) {
    payload.facts.put_enum_unless(MessageKind::text, "kind", event.kind);
    payload.put_text(ContentField::text, event.text);
    payload.put_text(ContentField::metadata, event.metadata);
    if (!event.attachments.empty()) {
        Json listed = Json::array();
        for (const Attachment& attachment : event.attachments)
            write_attachment(attachment, listed, payload);
        payload.facts.put("attachments", std::move(listed));
    }
    payload.facts.put_if("reply_to", event.reply_to);
    payload.facts.put_users_unless_empty("mentions", event.mentions);
}
template <>
MessageSent read(PayloadReader& payload) {
    return {
        .kind = payload.facts.choice_or(MessageKind::text, "kind"),
        .text = payload.contents.next(ContentField::text),
        .metadata = payload.contents.next(ContentField::metadata),
        .attachments = read_attachments(payload),
        .reply_to = payload.facts.maybe(&FactsReader::version, "reply_to"),
        .mentions = payload.facts.users("mentions"),
    };
}

void write_edited(const MessageEdited& event, PayloadWriter& payload) {
    payload.facts.put("seq", event.seq);
    payload.put_text(ContentField::text, event.text);
    payload.facts.put_users_unless_empty("mentions", event.mentions);
}
template <>
MessageEdited read(PayloadReader& payload) {
    return {
        .seq = payload.facts.version("seq"),
        .text = payload.contents.next(ContentField::text),
        .mentions = payload.facts.users("mentions"),
    };
}

void write_deleted(const MessageDeleted& event, PayloadWriter& payload) {
    payload.facts.put("seq", event.seq);
    if (event.destroyed) payload.facts.put("destroyed", true);
}
template <>
MessageDeleted read(PayloadReader& payload) {
    return {
        .seq = payload.facts.version("seq"),
        .destroyed = payload.facts.flag_or_false("destroyed"),
    };
}

void write_link_created(const InviteLinkCreated& event, PayloadWriter& payload) {
    payload.facts.put("link_id", event.link);
    payload.facts.put_hash("code_hash", event.code_hash);
    payload.facts.put_if("max_uses", event.max_uses);
    payload.facts.put_if("expires_at", event.expires_at);
}
template <>
InviteLinkCreated read(PayloadReader& payload) {
    return {
        .link = payload.facts.id<LinkId>("link_id"),
        .code_hash = payload.facts.hash("code_hash"),
        .max_uses = payload.facts.maybe(&FactsReader::number<std::uint32_t>, "max_uses"),
        .expires_at = payload.facts.maybe(&FactsReader::time, "expires_at"),
    };
}

template <>
InviteLinkRevoked read(PayloadReader& payload) {
    return {.link = payload.facts.id<LinkId>("link_id")};
}

template <>
MessagePinned read(PayloadReader& payload) {
    return {.seq = payload.facts.version("seq")};
}

template <>
MessageUnpinned read(PayloadReader& payload) {
    return {.seq = payload.facts.version("seq")};
}

void write_reaction(Version seq, const std::string& emoji, PayloadWriter& payload) {
    payload.facts.put("seq", seq);
    payload.facts.put("emoji", Json(emoji));
}
template <>
ReactionAdded read(PayloadReader& payload) {
    return {.seq = payload.facts.version("seq"), .emoji = payload.facts.text("emoji")};
}

template <>
ReactionRemoved read(PayloadReader& payload) {
    return {.seq = payload.facts.version("seq"), .emoji = payload.facts.text("emoji")};
}

template <>
RetentionChanged read(PayloadReader& payload) {
    return {.days = payload.facts.maybe(&FactsReader::number<std::uint32_t>, "days")};
}

template <>
ContentsExpired read(PayloadReader& payload) {
    return {.up_to = payload.facts.version("up_to")};
}

template <class Event>
RoomEvent read_as(PayloadReader& payload) {
    return read<Event>(payload);
}
template <class... Events>
constexpr std::array<ReadRoomEvent, sizeof...(Events)> readers_of(
    std::type_identity<std::variant<Events...>> /*variant*/
) {
    return {&read_as<Events>...};
}

}  // namespace

void write(const RoomEvent& event, PayloadWriter& payload) {
    FactsWriter& facts = payload.facts;
    std::visit(
        Overloaded{
            [&](const RoomCreated& e) { write_created(e, payload); },
            [&](const RoomUpdated& e) { write_updated(e, payload); },
            [](const RoomArchived& /*no facts*/) {},
            [&](const MemberJoined& e) { write_joined(e, payload); },
            [&](const MemberLeft& e) { facts.put("user_id", e.user); },
            [&](const MemberRemoved& e) { facts.put("user_id", e.user); },
            [&](const MemberRoleChanged& e) { write_role_changed(e, payload); },
            [&](const MemberInvited& e) { facts.put("user_id", e.user); },
            [&](const MemberInviteRevoked& e) { facts.put("user_id", e.user); },
            [&](const MemberBanned& e) { write_banned(e, payload); },
            [&](const MemberUnbanned& e) { facts.put("user_id", e.user); },
            [&](const MessageSent& e) { write_sent(e, payload); },
            [&](const MessageEdited& e) { write_edited(e, payload); },
            [&](const MessageDeleted& e) { write_deleted(e, payload); },
            [&](const InviteLinkCreated& e) { write_link_created(e, payload); },
            [&](const InviteLinkRevoked& e) { facts.put("link_id", e.link); },
            [&](const MessagePinned& e) { facts.put("seq", e.seq); },
            [&](const MessageUnpinned& e) { facts.put("seq", e.seq); },
            [&](const ReactionAdded& e) { write_reaction(e.seq, e.emoji, payload); },
            [&](const ReactionRemoved& e) { write_reaction(e.seq, e.emoji, payload); },
            [&](const RetentionChanged& e) { facts.put_if("days", e.days); },
            [&](const ContentsExpired& e) { facts.put("up_to", e.up_to); },
        },
        event
    );
}

std::span<const ReadRoomEvent> room_event_readers() {
    static constexpr auto readers = readers_of(std::type_identity<RoomEvent>());
    return readers;
}

}  // namespace verbatim
