#include "protocol/file_access.hpp"

#include "domain/limits.hpp"
#include "protocol/room_access.hpp"

#include <limits>

namespace verbatim {
namespace {

constexpr Version after_all(std::numeric_limits<std::uint64_t>::max());

Problem no_such_file() {
    return not_found("There is no such file, or you may not read it.");
}

// Whether one of the pieces that the user may read of a room shows the file.
Answer<bool> is_shown_in(
    const Views& views, const FileId& file, const RoomId& room, const std::vector<SeqSpan>& pieces
) {
    for (const SeqSpan& piece : pieces) {
        const auto found =
            views.posted_files().posting_from(file, {.room = room, .seq = piece.first});
        if (!found) return failure(problem_of(found.error()));
        const bool is_in_room = *found && (*found)->room == room;
        if (is_in_room && (piece.last == Version() || (*found)->seq <= piece.last)) return true;
    }
    return false;
}

Answer<bool> may_read_in(
    const Views& views, const FileId& file, const RoomId& room, const UserId& user
) {
    // Most rooms are none of the user's: one look tells.
    const auto membership = views.memberships().member(room, user);
    if (!membership) return failure(problem_of(membership.error()));
    if (!*membership) return false;
    const auto access = member_access(views, room, user);
    if (!access) return failure(access.error());
    if (!access->readable) return true;
    return is_shown_in(views, file, room, *access->readable);
}

// Goes from room to room, not from posting to posting.
Answer<bool> is_shown_to(const Views& views, const FileId& file, const UserId& user) {
    FilePosting from;
    for (std::size_t rooms = 0; rooms < limits::file_rooms_searched_max; ++rooms) {
        const auto found = views.posted_files().posting_from(file, from);
        if (!found) return failure(problem_of(found.error()));
        if (!*found) return false;
        auto may_read = may_read_in(views, file, (*found)->room, user);
        if (!may_read || *may_read) return may_read;
        from = {.room = (*found)->room, .seq = after_all};
    }
    return false;
}

}  // namespace

Answer<Attachment> readable_file(
    const Views& views, const Uploads& uploads, const FileId& file, const UserId& user
) {
    if (auto own = uploads.find(file, user)) return *std::move(own);
    auto posted = views.posted_files().file(file);
    if (!posted) return failure(problem_of(posted.error()));
    if (!*posted) return failure(no_such_file());
    if ((*posted)->uploader != user) {
        const auto is_shown = is_shown_to(views, file, user);
        if (!is_shown) return failure(is_shown.error());
        if (!*is_shown) return failure(no_such_file());
    }
    return std::move((*posted)->attachment);
}

FindAttachment attachments_of(const Views& views, const Uploads& uploads, const UserId& user) {
    return [&views, &uploads, user](const FileId& file) {
        auto found = readable_file(views, uploads, file, user);
        if (!found && found.error().status == 404)
            return Answer<Attachment>(failure(problem_of(Rule::attachment_not_found)));
        return found;
    };
}

}  // namespace verbatim
