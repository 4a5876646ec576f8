#include "projections/membership_rows.hpp"

namespace verbatim::membership_rows {

std::string member_row(const MemberRow& member) {
    return RowWriter()
        .choice(member.role)
        .time(member.joined_at)
        .place(member.joined_seq)
        .place(member.joined)
        .take();
}

std::optional<MemberRow> parse_member(
    const RoomId& room, const UserId& user, std::string_view value
) {
    RowReader row(value);
    const MemberRow member{
        .room = room,
        .user = user,
        .role = row.choice(MemberRole::member),
        .joined_at = row.time(),
        .joined_seq = row.place<Version>(),
        .joined = row.place<Position>()};
    if (!row.is_done()) return std::nullopt;
    return member;
}

std::string span_row(const MembershipSpan& span) {
    return RowWriter().place(span.joined).place(span.left).place(span.left_seq).take();
}

std::optional<MembershipSpan> parse_span(
    const RoomId& room, Version joined_seq, std::string_view value
) {
    RowReader row(value);
    const MembershipSpan span{
        .room = room,
        .joined = row.place<Position>(),
        .joined_seq = joined_seq,
        .left = row.place<Position>(),
        .left_seq = row.place<Version>()};
    if (!row.is_done()) return std::nullopt;
    return span;
}

std::optional<SubjectNotice> parse_notice(Position position, std::string_view value) {
    RowReader row(value);
    const SubjectNotice notice{
        .position = position, .room = row.id<RoomId>(), .version = row.place<Version>()};
    if (!row.is_done()) return std::nullopt;
    return notice;
}

std::string invite_row(const InviteRow& invite) {
    return RowWriter().id(invite.invited_by).time(invite.invited_at).take();
}

std::optional<InviteRow> parse_invite(
    const RoomId& room, const UserId& user, std::string_view value
) {
    RowReader row(value);
    const InviteRow invite{
        .room = room, .user = user, .invited_by = row.id<UserId>(), .invited_at = row.time()};
    if (!row.is_done()) return std::nullopt;
    return invite;
}

std::string ban_row(const BanRow& ban) {
    return RowWriter().text(ban.reason).id(ban.banned_by).time(ban.banned_at).take();
}

std::optional<BanRow> parse_ban(const UserId& user, std::string_view value) {
    RowReader row(value);
    BanRow ban{
        .user = user, .reason = row.text(), .banned_by = row.id<UserId>(), .banned_at = row.time()};
    if (!row.is_done()) return std::nullopt;
    return ban;
}

}  // namespace verbatim::membership_rows
