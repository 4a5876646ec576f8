#include "broker/feed/presence.hpp"

#include "broker/feed/bounds.hpp"
#include "domain/invariant.hpp"
#include "domain/limits.hpp"

namespace verbatim::feed {
namespace {

constexpr std::chrono::milliseconds grace(limits::presence_grace_ms);

}  // namespace

void Presence::opened(const UserId& user) {
    const std::lock_guard lock(mutex_);
    State& state = users_[user];
    ++state.feeds;
    if (state.online) return;
    state.last_seen_at = clocks_.wall();
    turn(user, state, true);
}

void Presence::closed(const UserId& user) {
    const std::lock_guard lock(mutex_);
    const auto found = users_.find(user);
    invariant(found != users_.end() && found->second.feeds > 0, "a feed closes once it was opened");
    State& state = found->second;
    if (--state.feeds > 0) return;
    state.last_seen_at = clocks_.wall();
    if (users_.size() > bounds::presence_users_max) return turn(user, state, false);
    state.closed_at = clocks_.steady();
    leaving_.push_back({user, state.closed_at});
}

bool Presence::is_online(const UserId& user) const {
    const std::lock_guard lock(mutex_);
    const auto found = users_.find(user);
    return found != users_.end() && found->second.online;
}

void Presence::turn(const UserId& user, State& state, bool online) {
    state.online = online;
    if (state.waiting) return;
    state.waiting = true;
    changed_.push_back(user);
}

void Presence::end_graces() {
    const Time now = clocks_.steady();
    while (!leaving_.empty() && now - leaving_.front().closed_at >= grace) {
        const Leaving leaving = leaving_.front();
        leaving_.pop_front();
        const auto found = users_.find(leaving.user);
        if (found == users_.end()) continue;
        State& state = found->second;
        const bool came_back = state.feeds > 0 || state.closed_at != leaving.closed_at;
        if (state.online && !came_back) turn(leaving.user, state, false);
    }
}

std::optional<Presence::Change> Presence::next_change() {
    while (!changed_.empty()) {
        const UserId user = changed_.front();
        changed_.pop_front();
        const auto found = users_.find(user);
        State& state = found->second;
        state.waiting = false;
        const bool news = std::exchange(state.told, state.online) != state.online;
        const Change change{user, state.online, state.last_seen_at};
        if (!state.online) users_.erase(found);
        if (news) return change;
    }
    return std::nullopt;
}

// Without the lock while it tells: a feed that is ended by a frame closes.
void Presence::tell(
    std::size_t deliveries_max, const std::function<std::size_t(const Change&)>& tell
) {
    std::unique_lock lock(mutex_);
    end_graces();
    for (std::size_t deliveries = 0; deliveries < deliveries_max;) {
        const auto change = next_change();
        if (!change) return;
        lock.unlock();
        deliveries += tell(*change);
        lock.lock();
    }
}

}  // namespace verbatim::feed
