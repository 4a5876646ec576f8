#include "protocol/room_access.hpp"

#include <algorithm>
#include <utility>

namespace verbatim {
namespace {

Answer<bool> is_banned(const Views& views, const RoomId& room, const UserId& user) {
    const auto ban = views.memberships().ban(room, user);
    if (!ban) return failure(problem_of(ban.error()));
    return ban->has_value();
}

// Whether somebody who is no member may know that the room is there.
Answer<bool> may_know_of(const Views& views, const RoomAccess& access, const UserId& user) {
    if (access.room.visibility == Visibility::public_ || access.membership || access.invited)
        return true;
    return is_banned(views, access.room.room, user);
}

Answer<std::vector<SeqSpan>> own_stays(const Views& views, const RoomId& room, const UserId& user) {
    const auto stays = views.memberships().spans(user, room);
    if (!stays) return failure(problem_of(stays.error()));
    std::vector<SeqSpan> spans;
    spans.reserve(stays->size());
    for (const MembershipSpan& stay : *stays)
        spans.push_back({.first = stay.joined_seq, .last = stay.left_seq});
    return spans;
}

bool is_within(const std::optional<std::vector<SeqSpan>>& readable, Version seq) {
    if (!readable) return true;
    return std::ranges::any_of(*readable, [&](const SeqSpan& span) {
        return span.first <= seq && (span.last == Version() || seq <= span.last);
    });
}

}  // namespace

bool RoomAccess::shows(Version seq) const {
    return is_within(readable, seq);
}

Answer<RoomAccess> room_access(const Views& views, const RoomId& room, const UserId& user) {
    auto row = views.rooms().room(room);
    if (!row) return failure(problem_of(row.error()));
    if (!*row) return failure(problem_of(Rule::room_not_found));
    const auto head = views.rooms().head(room);
    if (!head) return failure(problem_of(head.error()));
    const auto membership = views.memberships().member(room, user);
    if (!membership) return failure(problem_of(membership.error()));
    RoomAccess access{
        .room = **std::move(row),
        .head = *head,
        .membership = *membership,
        .invited = false,
        .readable = std::nullopt};

    if (!access.membership) {
        const auto invite = views.memberships().invite(room, user);
        if (!invite) return failure(problem_of(invite.error()));
        access.invited = invite->has_value();
        const auto may_know = may_know_of(views, access, user);
        if (!may_know) return failure(may_know.error());
        if (!*may_know) return failure(problem_of(Rule::room_not_found));
        access.readable.emplace();
    } else {
        auto readable = readable_by_member(views, access.room, user);
        if (!readable) return failure(std::move(readable).error());
        access.readable = *std::move(readable);
    }
    return access;
}

bool may_read(const RoomAccess& access, Version seq) {
    return is_within(access.readable, seq);
}

std::vector<Version> readable_of(
    std::vector<Version> seqs, const std::optional<std::vector<SeqSpan>>& readable
) {
    std::erase_if(seqs, [&](Version seq) { return !is_within(readable, seq); });
    return seqs;
}

Answer<std::optional<std::vector<SeqSpan>>> readable_by_member(
    const Views& views, const RoomRow& room, const UserId& member
) {
    using Readable = std::optional<std::vector<SeqSpan>>;
    if (room.history == History::shared) return Readable();
    auto stays = own_stays(views, room.room, member);
    if (!stays) return failure(std::move(stays).error());
    return Readable(*std::move(stays));
}

Answer<RoomAccess> member_access(const Views& views, const RoomId& room, const UserId& user) {
    auto access = room_access(views, room, user);
    if (access && !access->membership) return failure(problem_of(Rule::actor_is_not_member));
    return access;
}

}  // namespace verbatim
