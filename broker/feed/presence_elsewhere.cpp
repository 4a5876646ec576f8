#include "broker/feed/presence_elsewhere.hpp"

#include "broker/feed/bounds.hpp"

#include <iterator>

namespace verbatim::feed {

namespace {

constexpr std::chrono::milliseconds lease(bounds::presence_lease_ms);

}  // namespace

void PresenceElsewhere::heard(const Uuid& node, const PresenceSignal& signal, Presence::Time now) {
    for (const auto& [user, online] : signal.users) {
        const auto known = heard_at_.find({node, user});
        if (online && known != heard_at_.end()) {
            known->second = now;
        } else if (online && heard_at_.size() < bounds::presence_users_max) {
            heard_at_.emplace(std::pair(node, user), now);
            presence_.opened(user);
        } else if (!online && known != heard_at_.end()) {
            heard_at_.erase(known);
            presence_.closed(user);
        }
    }
}

void PresenceElsewhere::sweep(Presence::Time now) {
    for (auto entry = heard_at_.begin(); entry != heard_at_.end();) {
        if (now - entry->second < lease) {
            ++entry;
            continue;
        }
        presence_.closed(entry->first.second);
        entry = heard_at_.erase(entry);
    }
}

}  // namespace verbatim::feed
