#include "broker/feed/replay_viewer.hpp"

#include "broker/feed/room_audience.hpp"
#include "domain/invariant.hpp"

namespace verbatim::feed {

bool ReplayViewer::sees(const RecordedEvent& event) {
    if (!user_) return true;
    switch (event.stream.kind) {
        case StreamKind::account:
        case StreamKind::reader: return event.stream.id == user_->value();
        case StreamKind::room: return sees_room_event(event);
        case StreamKind::server: return false;
    }
    broken_invariant("every StreamKind is listed above");
}

bool ReplayViewer::sees_room_event(const RecordedEvent& event) {
    const RoomId room(event.stream.id);
    const RoomAudience audience = audience_of(event);
    if (audience.joins == user_) rooms_.insert(room);
    const bool sees = rooms_.contains(room) || audience.subject == user_;
    if (audience.parts == user_) rooms_.erase(room);
    return sees;
}

}  // namespace verbatim::feed
