#pragma once

#include "domain/room_events.hpp"
#include "projections/projection.hpp"

#include <vector>

namespace verbatim {

struct MemberRow {
    RoomId room;
    UserId user;
    MemberRole role = MemberRole::member;
    Timestamp joined_at;
    Version joined_seq;
    Position joined;

    friend bool operator==(const MemberRow&, const MemberRow&) = default;
};

// One stay of a user in a room: from its own member.joined (the creator: room.created) to its own
// leaving, removal or ban, both inclusive. `left*` are 0 while it lasts.
struct MembershipSpan {
    RoomId room;
    Position joined;
    Version joined_seq;
    Position left;
    Version left_seq;

    [[nodiscard]] bool covers(Version seq) const {
        return joined_seq <= seq && (left_seq == Version() || seq <= left_seq);
    }
    [[nodiscard]] bool lasts_at(Position position) const {
        return joined <= position && (left == Position() || position < left);
    }
};
struct InviteRow {
    RoomId room;
    UserId user;
    UserId invited_by;
    Timestamp invited_at;
};
struct BanRow {
    UserId user;
    Text reason;
    UserId banned_by;
    Timestamp banned_at;
};
// A room event that reaches its subject though it is no member: invitations, bans and their ends.
struct SubjectNotice {
    Position position;
    RoomId room;
    Version version;
};

// Who is, was, is invited to and is banned from which room.
class Memberships final : public Projection {
public:
    explicit Memberships(const Storage& storage, std::size_t column);
    [[nodiscard]] std::string_view name() const override { return "memberships"; }
    [[nodiscard]] std::uint32_t schema() const override { return 2; }
    [[nodiscard]] StoreResult<void> apply(const RecordedEvent& event, ViewBatch& batch) override;
    [[nodiscard]] StoreResult<void> forget(const RecordedEvent& event, ViewBatch& batch) override;

    [[nodiscard]] StoreResult<std::optional<MemberRow>> member(
        const RoomId& room, const UserId& user
    ) const;
    [[nodiscard]] StoreResult<std::uint64_t> member_count(const RoomId& room) const;
    // The same after the event at `as_of` and before the next.
    [[nodiscard]] StoreResult<std::optional<MemberRow>> member_as_of(
        const RoomId& room, const UserId& user, Position as_of
    ) const;
    [[nodiscard]] StoreResult<std::uint64_t> member_count_as_of(const RoomId& room, Position as_of)
        const;
    // By user id, after `after` (exclusive). Looks at a bounded number of those who were ever
    // members, however few of them were at the time: `examined_up_to` says how far it came (to go
    // on from), nullopt when at the end.
    struct PastPage {
        std::vector<MemberRow> members;
        std::optional<UserId> examined_up_to;
    };
    [[nodiscard]] StoreResult<PastPage> members_as_of(
        const RoomId& room, const UserId& after, std::size_t limit, Position as_of
    ) const;
    // By user id, after `after` (exclusive; nil for the beginning).
    [[nodiscard]] StoreResult<std::vector<MemberRow>> members(
        const RoomId& room, const UserId& after, std::size_t limit
    ) const;
    // Rooms of which the user is a member, by room id, after `after` (exclusive).
    [[nodiscard]] StoreResult<std::vector<MemberRow>> rooms_of(
        const UserId& user, const RoomId& after, std::size_t limit
    ) const;
    // All stays, past and present, of a user: in one room, or everywhere.
    [[nodiscard]] StoreResult<std::vector<MembershipSpan>> spans(
        const UserId& user, const RoomId& room
    ) const;
    [[nodiscard]] StoreResult<std::vector<MembershipSpan>> spans(const UserId& user) const;
    // Notices after `after` (exclusive), in order.
    [[nodiscard]] StoreResult<std::vector<SubjectNotice>> notices(
        const UserId& user, Position after, std::size_t limit
    ) const;
    [[nodiscard]] StoreResult<std::optional<InviteRow>> invite(
        const RoomId& room, const UserId& user
    ) const;
    [[nodiscard]] StoreResult<std::vector<InviteRow>> invites_of_room(
        const RoomId& room, const UserId& after, std::size_t limit
    ) const;
    [[nodiscard]] StoreResult<std::vector<InviteRow>> invites_of_user(
        const UserId& user, const RoomId& after, std::size_t limit
    ) const;
    [[nodiscard]] StoreResult<std::optional<BanRow>> ban(const RoomId& room, const UserId& user)
        const;
    [[nodiscard]] StoreResult<std::vector<BanRow>> bans(
        const RoomId& room, const UserId& after, std::size_t limit
    ) const;

private:
    const Storage& storage_;
    std::size_t column_;
};

}  // namespace verbatim
