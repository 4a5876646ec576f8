#include "eventstore/commands/recent_joins.hpp"

#include <algorithm>

namespace verbatim {

void RecentJoins::note(const RecordedEvent& event) {
    const auto* const room_event = std::get_if<RoomEvent>(&event.event);
    if (room_event == nullptr) return;
    const auto* const joined = std::get_if<MemberJoined>(room_event);
    if (joined == nullptr && !std::holds_alternative<RoomCreated>(*room_event)) return;
    joins_.push_back(
        {event.position, joined == nullptr ? event.actor : joined->user, RoomId(event.stream.id)}
    );
    if (joins_.size() <= joins_max) return;
    known_since_ = joins_.front().position;
    joins_.pop_front();
}

std::optional<std::vector<RoomId>> RecentJoins::of(const UserId& user, Position since) const {
    if (since < known_since_) return std::nullopt;
    std::vector<RoomId> rooms;
    const auto first = std::ranges::upper_bound(joins_, since, {}, &Join::position);
    for (auto join = first; join != joins_.end(); ++join)
        if (join->user == user) rooms.push_back(join->room);
    return rooms;
}

}  // namespace verbatim
