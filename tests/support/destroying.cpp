#include "tests/support/destroying.hpp"

#include <variant>

namespace verbatim::testing {

std::unique_ptr<ForgettingWalk> walk_of(const EventLog& log, const RecordedEvent& event) {
    if (const auto* const account = std::get_if<AccountEvent>(&event.event)) {
        const bool erases = std::holds_alternative<ErasureBegun>(*account) ||
                            std::holds_alternative<UserErased>(*account);
        if (!erases) return nullptr;
        const UserId user(event.stream.id);
        // Reading goes by where it began, too. Where that cannot be read, the walk will say so.
        const auto begun = log.erased_at(user);
        const Position up_to = begun ? begun->value_or(event.position) : event.position;
        return walk_of_users(log, {user}, Position(), up_to);
    }
    const auto* const room_event = std::get_if<RoomEvent>(&event.event);
    if (room_event == nullptr) return nullptr;
    const RoomId room(event.stream.id);
    if (const auto* const expired = std::get_if<ContentsExpired>(room_event))
        return walk_of_expiry(log, {room, Version(), expired->up_to});
    const auto* const deleted = std::get_if<MessageDeleted>(room_event);
    if (deleted == nullptr || !deleted->destroyed) return nullptr;
    const Version before(deleted->seq.value() - 1);
    return walk_of_expiry(log, {room, before, deleted->seq});
}

}  // namespace verbatim::testing
