#include "projections/holds.hpp"

#include "domain/overloaded.hpp"
#include "projections/row_codec.hpp"

#include <limits>
#include <utility>

namespace verbatim {
namespace {

constexpr std::string_view view_name = "holds";
constexpr char room_kind = 'r';  // room -> HoldRow
constexpr char user_kind = 'u';  // user -> HoldRow

RowKey key_of(const std::optional<UserId>& user, const std::optional<RoomId>& room) {
    return user ? RowKey(user_kind).id(*user) : RowKey(room_kind).id(room.value_or(RoomId()));
}

std::string row_of(const HoldRow& hold) {
    return RowWriter()
        .text(hold.reason)
        .id(hold.set_by)
        .time(hold.set_at)
        .place(hold.position)
        .take();
}

std::optional<HoldRow> parse_hold(
    const std::optional<UserId>& user, const std::optional<RoomId>& room, std::string_view value
) {
    RowReader row(value);
    HoldRow hold{
        .user = user,
        .room = room,
        .reason = row.text(),
        .set_by = row.id<UserId>(),
        .set_at = row.time(),
        .position = row.place<Position>()};
    if (!row.is_done()) return std::nullopt;
    return hold;
}

}  // namespace

Holds::Holds(const Storage& storage, std::size_t column) : storage_(storage), column_(column) {}

StoreResult<void> Holds::apply(const RecordedEvent& event, ViewBatch& batch) {
    const auto* const server_event = std::get_if<ServerEvent>(&event.event);
    if (server_event == nullptr) return {};
    std::visit(
        Overloaded{
            [&](const HoldSet& e) {
                const HoldRow hold{
                    .user = e.user,
                    .room = e.room,
                    .reason = e.reason,
                    .set_by = event.actor,
                    .set_at = event.at,
                    .position = event.position};
                batch.put(key_of(e.user, e.room), row_of(hold));
            },
            [&](const HoldLifted& e) { batch.erase(key_of(e.user, e.room)); },
            [](const EpochBegun&) {},
        },
        *server_event
    );
    return {};
}

StoreResult<void> Holds::forget(const RecordedEvent& event, ViewBatch& batch) {
    const auto* const server_event = std::get_if<ServerEvent>(&event.event);
    const auto* const set = server_event ? std::get_if<HoldSet>(server_event) : nullptr;
    if (set == nullptr) return {};
    const RowKey key = key_of(set->user, set->room);
    auto hold = parse_stored(batch.get(key), view_name, [&](std::string_view row) {
        return parse_hold(set->user, set->room, row);
    });
    if (!hold) return failure(hold.error());
    if (!*hold || (*hold)->position != event.position) return {};
    (*hold)->reason.reset();
    batch.put(key, row_of(**hold));
    return {};
}

StoreResult<std::optional<HoldRow>> Holds::on(const UserId& user) const {
    return parse_stored(
        storage_.get(column_, key_of(user, std::nullopt)),
        view_name,
        [&](std::string_view row) { return parse_hold(user, std::nullopt, row); }
    );
}

StoreResult<std::optional<HoldRow>> Holds::on(const RoomId& room) const {
    return parse_stored(
        storage_.get(column_, key_of(std::nullopt, room)),
        view_name,
        [&](std::string_view row) { return parse_hold(std::nullopt, room, row); }
    );
}

StoreResult<std::vector<HoldRow>> Holds::all() const {
    constexpr std::size_t no_bound = std::numeric_limits<std::size_t>::max();
    auto holds = list_rows(
        storage_,
        column_,
        view_name,
        RowKey(room_kind),
        {},
        no_bound,
        [](std::string_view id, std::string_view row) {
            return parse_hold(std::nullopt, RowReader(id).id<RoomId>(), row);
        }
    );
    if (!holds) return holds;
    auto of_users = list_rows(
        storage_,
        column_,
        view_name,
        RowKey(user_kind),
        {},
        no_bound,
        [](std::string_view id, std::string_view row) {
            return parse_hold(RowReader(id).id<UserId>(), std::nullopt, row);
        }
    );
    if (!of_users) return of_users;
    for (HoldRow& hold : *of_users) holds->push_back(std::move(hold));
    return holds;
}

}  // namespace verbatim
