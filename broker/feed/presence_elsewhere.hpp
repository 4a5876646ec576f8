#pragma once

#include "broker/feed/presence.hpp"
#include "broker/signal.hpp"

#include <map>
#include <utility>

namespace verbatim::feed {

// Who has a feed open on another node, as that one's signals say. To Presence it is one more feed,
// until the node says that it closed, or has not spoken of the user for bounds::presence_lease_ms.
// Beyond bounds::presence_users_max entries nobody new is taken in.
// Threads: one at a time. The time is given, and must not go back.
class PresenceElsewhere {
public:
    explicit PresenceElsewhere(Presence& presence) : presence_(presence) {}

    void heard(const Uuid& node, const PresenceSignal& signal, Presence::Time now);
    // Ends what was not renewed. To be called about every second.
    void sweep(Presence::Time now);

private:
    Presence& presence_;
    std::map<std::pair<Uuid, UserId>, Presence::Time> heard_at_;
};

}  // namespace verbatim::feed
