#include "projections/membership_rows.hpp"

#include <memory>
#include <utility>

// Memberships as they were: every change of one left a row.
namespace verbatim {
namespace {

using namespace membership_rows;

// What a page looks at, at most: some milliseconds' reading.
constexpr std::size_t rows_examined_max = 10'000;
// Rows that are passed over one by one before a search is cheaper.
constexpr std::size_t steps_before_seek = 8;

// Walks all who were ever members of a room, and says what they were at a position.
class PastMembersWalk {
public:
    PastMembersWalk(
        const Storage& storage,
        std::size_t column,
        const RoomId& room,
        const UserId& after,
        Position as_of
    )
        : room_(room),
          as_of_(as_of),
          room_key_(RowKey(past_member_kind).id(room)),
          cursor_(storage.cursor(column, end_of_prefix(room_key_))) {
        cursor_->seek(end_of(past_member_key(room_, after)));
    }

    [[nodiscard]] bool is_over() const { return !cursor_->valid(); }
    [[nodiscard]] std::size_t examined() const { return examined_; }
    [[nodiscard]] StoreResult<void> status() const { return cursor_->status(); }
    // Requires: it is not over.
    [[nodiscard]] UserId user() const {
        const std::string_view key = cursor_->key();
        return RowReader(key.substr(std::string_view(room_key_).size())).id<UserId>();
    }
    // What the user was, and on to the next. Requires: it is not over.
    StoreResult<std::optional<MemberRow>> take() {
        const UserId member = user();
        const RowKey rows = past_member_key(room_, member);
        std::optional<MemberRow> state;
        move_to(since_key(rows, as_of_));
        if (cursor_->valid() && cursor_->key().starts_with(rows) && !cursor_->value().empty()) {
            state = parse_member(room_, member, cursor_->value());
            if (!state) return damaged_row("memberships");
        }
        move_to(end_of(rows));
        return state;
    }

private:
    // Behind the oldest row: no event has position 0.
    [[nodiscard]] static RowKey end_of(const RowKey& rows) { return since_key(rows, Position()); }
    // Forwards to the first row from `key` on.
    void move_to(std::string_view key) {
        for (std::size_t steps = 0; steps < steps_before_seek; ++steps) {
            if (!cursor_->valid() || cursor_->key() >= key) return;
            cursor_->next();
            ++examined_;
        }
        cursor_->seek(key);
        ++examined_;
    }

    const RoomId room_;
    const Position as_of_;
    const RowKey room_key_;
    const std::unique_ptr<StorageCursor> cursor_;
    std::size_t examined_ = 0;
};

}  // namespace

StoreResult<std::optional<MemberRow>> Memberships::member_as_of(
    const RoomId& room, const UserId& user, Position as_of
) const {
    const auto row = row_as_of(storage_, column_, past_member_key(room, user), as_of);
    if (row && *row && (*row)->empty()) return std::optional<MemberRow>();
    return parse_stored(row, name(), [&](std::string_view value) {
        return parse_member(room, user, value);
    });
}

StoreResult<std::uint64_t> Memberships::member_count_as_of(const RoomId& room, Position as_of)
    const {
    const auto row = row_as_of(storage_, column_, past_count_key(room), as_of);
    if (!row) return failure(row.error());
    return *row ? RowReader(**row).u64() : 0;
}

StoreResult<Memberships::PastPage> Memberships::members_as_of(
    const RoomId& room, const UserId& after, std::size_t limit, Position as_of
) const {
    PastMembersWalk walk(storage_, column_, room, after, as_of);
    PastPage page;
    UserId last = after;
    while (!walk.is_over()) {
        if (walk.examined() >= rows_examined_max) {
            page.examined_up_to = last;
            return page;
        }
        const UserId user = walk.user();
        const auto member = walk.take();
        if (!member) return failure(member.error());
        if (*member && page.members.size() == limit) {
            page.examined_up_to = last;
            return page;
        }
        last = user;
        if (*member) page.members.push_back(**member);
    }
    auto status = walk.status();
    if (!status) return failure(status.error());
    return page;
}

}  // namespace verbatim
