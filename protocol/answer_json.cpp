#include "protocol/answer_json.hpp"

#include "domain/invariant.hpp"
#include "protocol/object_writer.hpp"

#include <utility>

namespace verbatim {
namespace {

// The room as its members see it: `my`.
Answer<std::string> membership_json(const Views& views, const MemberRow& membership) {
    const auto marker = views.read_markers().marker(membership.room, membership.user);
    if (!marker) return failure(problem_of(marker.error()));
    const Version read_up_to = *marker ? (*marker)->up_to : membership.joined_seq;
    const auto unread = views.timeline().live_after(membership.room, read_up_to);
    if (!unread) return failure(problem_of(unread.error()));

    return my_json(membership, read_up_to, *unread);
}

// What only members see: `my` and `last_message`.
struct MembersView {
    std::string my = "null";
    std::string last_message = "null";
};

Answer<MembersView> members_view(const Views& views, const RoomAccess& access) {
    MembersView view;
    if (!access.membership) return view;
    auto my = membership_json(views, *access.membership);
    if (!my) return failure(std::move(my).error());
    auto newest = views.timeline().newest(access.room.room, access.readable);
    if (!newest) return failure(problem_of(newest.error()));
    view.my = *std::move(my);
    if (*newest) view.last_message = **std::move(newest);
    return view;
}

void put_seqs(ObjectWriter& object, std::string_view name, const std::vector<Version>& seqs) {
    std::string& out = object.member(name);
    out += '[';
    for (const Version seq : seqs) {
        if (seq != seqs.front()) out += ',';
        append_json(out, seq.value());
    }
    out += ']';
}

void put_user(ObjectWriter& object, const UserRow& user) {
    object.put("user_id", user.user);
    object.put("username", user.username);
    object.put("display_name", user.display_name);
    object.put("created_at", user.created_at);
}

void put_key(ObjectWriter& object, const ApiKeyRow& key) {
    object.put("name", key.name);
    std::string& scopes = object.member("scopes");
    char before = '[';
    for (const KeyScope scope : key.scopes) {
        scopes += before;
        append_json(scopes, text_of(scope));
        before = ',';
    }
    scopes += ']';
    object.put("created_at", key.created_at);
}

std::optional<std::uint64_t> widened(std::optional<std::uint32_t> number) {
    return number ? std::optional<std::uint64_t>(*number) : std::nullopt;
}

std::string_view text_of(LinkEnd end) {
    switch (end) {
        case LinkEnd::revoked: return "revoked";
        case LinkEnd::used_up: return "used_up";
        case LinkEnd::expired: return "expired";
    }
    broken_invariant("every LinkEnd is listed above");
}

void put_link(ObjectWriter& object, const InviteLinkRow& link, Timestamp now) {
    object.put_or_null("max_uses", widened(link.max_uses));
    object.put("uses", std::uint64_t{link.uses});
    object.put_or_null("expires_at", link.expires_at);
    object.put("created_at", link.created_at);
    object.put("created_by", link.created_by);
    const auto ended = end_of(link, now);
    object.put_or_null("ended", ended ? std::optional(text_of(*ended)) : std::nullopt);
}

}  // namespace

Receipt receipt_of(const Accepted& accepted) {
    Receipt receipt{.position = accepted.position, .room_seq = std::nullopt};
    if (accepted.stream.kind == StreamKind::room) receipt.room_seq = accepted.version;
    return receipt;
}

std::string with_receipt(std::string object, const Receipt& receipt) {
    invariant(object.ends_with('}'), "an answer is the text of an object");
    object.pop_back();
    object += object.ends_with('{') ? R"("receipt":)" : R"(,"receipt":)";
    ObjectWriter writer(object);
    writer.put("position", receipt.position);
    writer.put_or_null("room_seq", receipt.room_seq);
    writer.close();
    object += '}';
    return object;
}

std::string user_json(const UserRow& user) {
    std::string out;
    ObjectWriter object(out);
    put_user(object, user);
    object.close();
    return out;
}

std::string admin_user_json(const UserRow& user, std::size_t sessions) {
    std::string out;
    ObjectWriter object(out);
    put_user(object, user);
    std::string& roles = object.member("roles");
    roles += '[';
    for (const ServerRole role : user.roles) {
        if (roles.back() != '[') roles += ',';
        append_json(roles, text_of(role));
    }
    roles += ']';
    object.put("sessions", std::uint64_t{sessions});
    object.put_flag("erased", user.is_erased());
    object.close();
    return out;
}

std::string session_json(const SessionRow& session, const SessionId& current) {
    std::string out;
    ObjectWriter object(out);
    object.put("session_id", session.session);
    object.put("opened_at", session.opened_at);
    object.put("refreshed_at", session.refreshed_at);
    object.put("address", session.address);
    object.put("agent", session.agent);
    object.put_flag("current", session.session == current);
    object.close();
    return out;
}

std::string key_json(const ApiKeyRow& key) {
    std::string out;
    ObjectWriter object(out);
    object.put("key_id", key.key);
    put_key(object, key);
    object.close();
    return out;
}

std::string key_json(const ApiKeyRow& key, const Text& text) {
    std::string out;
    ObjectWriter object(out);
    object.put("key_id", key.key);
    object.put("key", text);
    put_key(object, key);
    object.close();
    return out;
}

std::string invite_link_json(const InviteLinkRow& link, Timestamp now) {
    std::string out;
    ObjectWriter object(out);
    object.put("link_id", link.link);
    put_link(object, link, now);
    object.close();
    return out;
}

std::string invite_link_json(const InviteLinkRow& link, Timestamp now, const Text& code) {
    std::string out;
    ObjectWriter object(out);
    object.put("link_id", link.link);
    object.put("code", code);
    put_link(object, link, now);
    object.close();
    return out;
}

Answer<std::string> room_json(
    const Views& views, const RoomAccess& access, const UserId& /*access is its own already*/
) {
    const RoomId& room = access.room.room;
    const auto member_count = views.memberships().member_count(room);
    if (!member_count) return failure(problem_of(member_count.error()));
    auto view = members_view(views, access);
    if (!view) return failure(std::move(view).error());
    const auto pinned = views.rooms().pinned(room);
    if (!pinned) return failure(problem_of(pinned.error()));
    return room_json(
        {.room = access.room,
         .room_seq = access.head.room_seq,
         .member_count = *member_count,
         .pinned = readable_of(*pinned, access.readable),
         .my = std::move(view->my),
         .last_message = std::move(view->last_message)}
    );
}

std::string my_json(const MemberRow& member, Version read_up_to, std::uint64_t unread_count) {
    std::string out;
    ObjectWriter my(out);
    my.put("role", text_of(member.role));
    my.put("unread_count", unread_count);
    my.put("read_up_to", read_up_to);
    my.put("joined_seq", member.joined_seq);
    my.close();
    return out;
}

std::string room_json(const RoomPicture& picture) {
    const RoomRow& room = picture.room;
    std::string out;
    ObjectWriter object(out);
    object.put("room_id", room.room);
    object.put("kind", text_of(room.kind));
    object.put("name", room.name);
    object.put("description", room.description);
    object.put("alias", room.alias);
    object.put("visibility", text_of(room.visibility));
    object.put("history", text_of(room.history));
    object.put("max_members", std::uint64_t{room.max_members});
    object.put("member_count", picture.member_count);
    object.put("created_by", room.created_by);
    object.put("created_at", room.created_at);
    object.put("updated_at", room.updated_at);
    object.put_flag("archived", room.archived);
    object.put("room_seq", picture.room_seq);
    put_seqs(object, "pinned", picture.pinned);
    object.put_json("my", picture.my);
    object.put_json("last_message", picture.last_message);
    object.close();
    return out;
}

Answer<std::string> member_json(
    const Views& views, const MemberRow& member, const std::function<bool(const UserId&)>& is_online
) {
    const auto names = names_of(views, member.user);
    if (!names) return failure(names.error());
    return member_json(member, *names, is_online(member.user));
}

std::string member_json(
    const MemberRow& member, const Names& names, std::optional<bool> is_online
) {
    std::string out;
    ObjectWriter object(out);
    object.put("user_id", member.user);
    object.put("username", names.username);
    object.put("display_name", names.display_name);
    object.put("role", text_of(member.role));
    object.put("joined_at", member.joined_at);
    if (is_online) {
        object.put_flag("online", *is_online);
    } else {
        object.put_json("online", "null");
    }
    object.close();
    return out;
}

Answer<Names> names_of(const Views& views, const UserId& user) {
    auto row = views.users().user(user);
    if (!row) return failure(problem_of(row.error()));
    if (!*row) return Names{};
    return Names{
        .username = std::move((*row)->username), .display_name = std::move((*row)->display_name)};
}

Answer<std::string> invite_json(const Views& views, const InviteRow& invite) {
    const auto names = names_of(views, invite.user);
    if (!names) return failure(names.error());
    const auto room = views.rooms().room(invite.room);
    if (!room) return failure(problem_of(room.error()));
    std::string out;
    ObjectWriter object(out);
    object.put("room_id", invite.room);
    object.put("room_name", *room ? (*room)->name : Text());
    object.put("user_id", invite.user);
    object.put("username", names->username);
    object.put("display_name", names->display_name);
    object.put("invited_by", invite.invited_by);
    object.put("invited_at", invite.invited_at);
    object.close();
    return out;
}

Answer<std::string> ban_json(const Views& views, const BanRow& ban) {
    const auto names = names_of(views, ban.user);
    if (!names) return failure(names.error());
    std::string out;
    ObjectWriter object(out);
    object.put("user_id", ban.user);
    object.put("username", names->username);
    object.put("display_name", names->display_name);
    object.put("reason", ban.reason);
    object.put("banned_by", ban.banned_by);
    object.put("banned_at", ban.banned_at);
    object.close();
    return out;
}

std::string read_marker_json(const ReadMarkerRow& marker) {
    std::string out;
    ObjectWriter object(out);
    object.put("user_id", marker.user);
    object.put("up_to", marker.up_to);
    object.put("at", marker.at);
    object.close();
    return out;
}

}  // namespace verbatim
