#include "projections/memberships.hpp"

#include "domain/overloaded.hpp"
#include "projections/membership_rows.hpp"

namespace verbatim {
namespace {

using namespace membership_rows;

// One room event on its way into the rows.
class MembershipChange {
public:
    MembershipChange(const RecordedEvent& event, ViewBatch& batch)
        : event_(event), batch_(batch), room_(event.stream.id) {}

    StoreResult<void> joined(const UserId& user, MemberRole role) {
        erase_invite(user);
        auto before = member(user);
        if (!before) return failure(before.error());
        if (*before) return put_role(**before, role);
        put_member({room_, user, role, event_.at, event_.version, event_.position});
        put_span(user, {room_, event_.position, event_.version, Position(), Version()});
        return add_to_count(+1);
    }
    // Ends the stay, this event included; false when there was none.
    StoreResult<bool> left(const UserId& user) {
        auto stay = member(user);
        if (!stay) return failure(stay.error());
        if (!*stay) return false;
        batch_.erase(member_key(room_, user));
        batch_.erase(room_of_key(user, room_));
        batch_.put(since_key(past_member_key(room_, user), event_.position), {});
        put_span(
            user, {room_, (*stay)->joined, (*stay)->joined_seq, event_.position, event_.version}
        );
        auto counted = add_to_count(-1);
        if (!counted) return failure(counted.error());
        return true;
    }
    StoreResult<void> role_changed(const UserId& user, MemberRole role) {
        auto before = member(user);
        if (!before) return failure(before.error());
        if (!*before) return {};
        return put_role(**before, role);
    }
    StoreResult<void> invited(const UserId& user) {
        const std::string row = invite_row({room_, user, event_.actor, event_.at});
        batch_.put(invite_key(room_, user), row);
        batch_.put(invite_of_key(user, room_), row);
        return notify_unless_member(user);
    }
    StoreResult<void> invite_revoked(const UserId& user) {
        erase_invite(user);
        return notify_unless_member(user);
    }
    // A member sees its own ban as the last event of its stay; anyone else by a notice.
    StoreResult<void> banned(const MemberBanned& ban) {
        batch_.put(
            ban_key(room_, ban.user), ban_row({ban.user, ban.reason, event_.actor, event_.at})
        );
        erase_invite(ban.user);
        const auto was_member = left(ban.user);
        if (!was_member) return failure(was_member.error());
        if (!*was_member) notify(ban.user);
        return {};
    }
    StoreResult<void> unbanned(const UserId& user) {
        batch_.erase(ban_key(room_, user));
        return notify_unless_member(user);
    }

private:
    [[nodiscard]] StoreResult<std::optional<MemberRow>> member(const UserId& user) const {
        return parse_stored(
            batch_.get(member_key(room_, user)),
            "memberships",
            [&](std::string_view row) { return parse_member(room_, user, row); }
        );
    }
    void put_member(const MemberRow& member) {
        const std::string row = member_row(member);
        batch_.put(member_key(room_, member.user), row);
        batch_.put(room_of_key(member.user, room_), row);
        batch_.put(since_key(past_member_key(room_, member.user), event_.position), row);
    }
    StoreResult<void> put_role(MemberRow member, MemberRole role) {
        member.role = role;
        put_member(member);
        return {};
    }
    void put_span(const UserId& user, const MembershipSpan& span) {
        batch_.put(span_key(user, room_, span.joined_seq), span_row(span));
    }
    void erase_invite(const UserId& user) {
        batch_.erase(invite_key(room_, user));
        batch_.erase(invite_of_key(user, room_));
    }
    StoreResult<void> add_to_count(int change) {
        const auto stored = batch_.get(count_key(room_));
        if (!stored) return failure(stored.error());
        const auto before = static_cast<std::int64_t>(*stored ? RowReader(**stored).u64() : 0);
        const std::string row = RowWriter().u64(static_cast<std::uint64_t>(before + change)).take();
        batch_.put(count_key(room_), row);
        batch_.put(since_key(past_count_key(room_), event_.position), row);
        return {};
    }
    void notify(const UserId& user) {
        batch_.put(
            notice_key(user, event_.position), RowWriter().id(room_).place(event_.version).take()
        );
    }
    StoreResult<void> notify_unless_member(const UserId& user) {
        const auto stay = member(user);
        if (!stay) return failure(stay.error());
        if (!*stay) notify(user);
        return {};
    }

    const RecordedEvent& event_;
    ViewBatch& batch_;
    const RoomId room_;
};

StoreResult<void> without_answer(const StoreResult<bool>& result) {
    if (!result) return failure(result.error());
    return {};
}

}  // namespace

Memberships::Memberships(const Storage& storage, std::size_t column)
    : storage_(storage), column_(column) {}

StoreResult<void> Memberships::apply(const RecordedEvent& event, ViewBatch& batch) {
    const auto* const room_event = std::get_if<RoomEvent>(&event.event);
    if (room_event == nullptr) return {};
    MembershipChange change(event, batch);
    return std::visit(
        Overloaded{
            [&](const RoomCreated&) { return change.joined(event.actor, MemberRole::owner); },
            [&](const MemberJoined& e) { return change.joined(e.user, e.role); },
            [&](const MemberLeft& e) { return without_answer(change.left(e.user)); },
            [&](const MemberRemoved& e) { return without_answer(change.left(e.user)); },
            [&](const MemberRoleChanged& e) { return change.role_changed(e.user, e.role); },
            [&](const MemberInvited& e) { return change.invited(e.user); },
            [&](const MemberInviteRevoked& e) { return change.invite_revoked(e.user); },
            [&](const MemberBanned& e) { return change.banned(e); },
            [&](const MemberUnbanned& e) { return change.unbanned(e.user); },
            [](const auto& /*says nothing of members*/) { return StoreResult<void>(); },
        },
        *room_event
    );
}

// The reason of a ban is the text of whoever banned.
StoreResult<void> Memberships::forget(const RecordedEvent& event, ViewBatch& batch) {
    const auto* const room_event = std::get_if<RoomEvent>(&event.event);
    const auto* const banned = room_event ? std::get_if<MemberBanned>(room_event) : nullptr;
    if (banned == nullptr) return {};
    const RowKey key = ban_key(RoomId(event.stream.id), banned->user);
    auto row = parse_stored(batch.get(key), name(), [&](std::string_view stored) {
        return parse_ban(banned->user, stored);
    });
    if (!row) return failure(row.error());
    if (!*row || (*row)->banned_by != event.actor) return {};  // a later ban, by somebody else
    (*row)->reason.reset();
    batch.put(key, ban_row(**row));
    return {};
}

StoreResult<std::optional<MemberRow>> Memberships::member(const RoomId& room, const UserId& user)
    const {
    return parse_stored(
        storage_.get(column_, member_key(room, user)),
        name(),
        [&](std::string_view row) { return parse_member(room, user, row); }
    );
}

StoreResult<std::uint64_t> Memberships::member_count(const RoomId& room) const {
    const auto stored = storage_.get(column_, count_key(room));
    if (!stored) return failure(stored.error());
    return *stored ? RowReader(**stored).u64() : 0;
}

StoreResult<std::vector<MemberRow>> Memberships::members(
    const RoomId& room, const UserId& after, std::size_t limit
) const {
    return list_rows(
        storage_,
        column_,
        name(),
        RowKey(member_kind).id(room),
        member_key(room, after),
        limit,
        [&](std::string_view user, std::string_view row) {
            return parse_member(room, RowReader(user).id<UserId>(), row);
        }
    );
}

StoreResult<std::vector<MemberRow>> Memberships::rooms_of(
    const UserId& user, const RoomId& after, std::size_t limit
) const {
    return list_rows(
        storage_,
        column_,
        name(),
        RowKey(room_of_kind).id(user),
        room_of_key(user, after),
        limit,
        [&](std::string_view room, std::string_view row) {
            return parse_member(RowReader(room).id<RoomId>(), user, row);
        }
    );
}

StoreResult<std::vector<MembershipSpan>> Memberships::spans(const UserId& user, const RoomId& room)
    const {
    return list_rows(
        storage_,
        column_,
        name(),
        RowKey(span_kind).id(user).id(room),
        {},
        no_limit,
        [&](std::string_view seq, std::string_view row) {
            return parse_span(room, RowReader(seq).place<Version>(), row);
        }
    );
}

StoreResult<std::vector<MembershipSpan>> Memberships::spans(const UserId& user) const {
    return list_rows(
        storage_,
        column_,
        name(),
        RowKey(span_kind).id(user),
        {},
        no_limit,
        [](std::string_view suffix, std::string_view row) {
            RowReader key(suffix);
            const auto room = key.id<RoomId>();
            return parse_span(room, key.place<Version>(), row);
        }
    );
}

StoreResult<std::vector<SubjectNotice>> Memberships::notices(
    const UserId& user, Position after, std::size_t limit
) const {
    return list_rows(
        storage_,
        column_,
        name(),
        RowKey(notice_kind).id(user),
        notice_key(user, after),
        limit,
        [](std::string_view position, std::string_view row) {
            return parse_notice(RowReader(position).place<Position>(), row);
        }
    );
}

StoreResult<std::optional<InviteRow>> Memberships::invite(const RoomId& room, const UserId& user)
    const {
    return parse_stored(
        storage_.get(column_, invite_key(room, user)),
        name(),
        [&](std::string_view row) { return parse_invite(room, user, row); }
    );
}

StoreResult<std::vector<InviteRow>> Memberships::invites_of_room(
    const RoomId& room, const UserId& after, std::size_t limit
) const {
    return list_rows(
        storage_,
        column_,
        name(),
        RowKey(invite_kind).id(room),
        invite_key(room, after),
        limit,
        [&](std::string_view user, std::string_view row) {
            return parse_invite(room, RowReader(user).id<UserId>(), row);
        }
    );
}

StoreResult<std::vector<InviteRow>> Memberships::invites_of_user(
    const UserId& user, const RoomId& after, std::size_t limit
) const {
    return list_rows(
        storage_,
        column_,
        name(),
        RowKey(invite_of_kind).id(user),
        invite_of_key(user, after),
        limit,
        [&](std::string_view room, std::string_view row) {
            return parse_invite(RowReader(room).id<RoomId>(), user, row);
        }
    );
}

StoreResult<std::optional<BanRow>> Memberships::ban(const RoomId& room, const UserId& user) const {
    return parse_stored(
        storage_.get(column_, ban_key(room, user)),
        name(),
        [&](std::string_view row) { return parse_ban(user, row); }
    );
}

StoreResult<std::vector<BanRow>> Memberships::bans(
    const RoomId& room, const UserId& after, std::size_t limit
) const {
    return list_rows(
        storage_,
        column_,
        name(),
        RowKey(ban_kind).id(room),
        ban_key(room, after),
        limit,
        [](std::string_view user, std::string_view row) {
            return parse_ban(RowReader(user).id<UserId>(), row);
        }
    );
}

}  // namespace verbatim
