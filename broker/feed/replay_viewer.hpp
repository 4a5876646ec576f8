#pragma once

#include "eventstore/event_record.hpp"

#include <optional>
#include <set>

namespace verbatim::feed {

// Whose eyes a replay is seen with: an auditor's, who sees every event, or one user's, who sees
// what a feed of theirs that was never interrupted has shown. Folds memberships as it is asked.
class ReplayViewer {
public:
    // nullopt: an auditor.
    explicit ReplayViewer(std::optional<UserId> user) : user_(user) {}

    // Requires: to be asked for every event from the log's first on, in order.
    [[nodiscard]] bool sees(const RecordedEvent& event);
    // Nil: an auditor.
    [[nodiscard]] UserId user() const { return user_.value_or(UserId()); }

private:
    [[nodiscard]] bool sees_room_event(const RecordedEvent& event);

    std::optional<UserId> user_;
    std::set<RoomId> rooms_;  // those that the user is in
};

}  // namespace verbatim::feed
