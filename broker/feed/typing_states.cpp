#include "broker/feed/typing_states.hpp"

#include "broker/feed/bounds.hpp"
#include "domain/limits.hpp"

#include <iterator>
#include <utility>

namespace verbatim::feed {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds lasts(limits::typing_ms);
constexpr milliseconds renewal(bounds::typing_renewal_ms);
constexpr milliseconds again(bounds::typing_again_ms);

}  // namespace

std::optional<bool> TypingStates::said(
    const RoomId& room, const UserId& user, bool typing, Time now
) {
    if (!typing) return ended(room, user) ? std::optional(false) : std::nullopt;
    Users& users = rooms_[room];
    const auto known = users.find(user);
    if (known == users.end()) {
        if (users.size() >= limits::typing_users_per_room_max) return std::nullopt;
        users.emplace(user, State{.types = true, .told = true, .said_at = now, .told_at = now});
        return true;
    }
    State& state = known->second;
    state.types = true;
    state.said_at = now;
    if (now - state.told_at < (state.told ? renewal : again)) return std::nullopt;
    state.told = true;
    state.told_at = now;
    return true;
}

// The entry stays until a beginning may be told again: it keeps its place among the room's.
bool TypingStates::ended(const RoomId& room, const UserId& user) {
    const auto users = rooms_.find(room);
    if (users == rooms_.end()) return false;
    const auto known = users->second.find(user);
    if (known == users->second.end()) return false;
    known->second.types = false;
    return std::exchange(known->second.told, false);
}

std::vector<TypingStates::Told> TypingStates::advance(Time now) {
    std::vector<Told> changes;
    for (auto in_room = rooms_.begin(); in_room != rooms_.end();) {
        auto& [room, users] = *in_room;
        for (auto entry = users.begin(); entry != users.end();) {
            auto& [user, state] = *entry;
            if (state.types && now - state.said_at >= lasts) state.types = false;
            const bool rested = now - state.told_at >= again;
            if (state.types && !state.told && rested) {
                state.told = true;
                state.told_at = now;
                changes.push_back({room, user, true});
            } else if (!state.types && state.told) {
                state.told = false;
                changes.push_back({room, user, false});
            }
            entry = !state.types && rested ? users.erase(entry) : std::next(entry);
        }
        in_room = users.empty() ? rooms_.erase(in_room) : std::next(in_room);
    }
    return changes;
}

}  // namespace verbatim::feed
