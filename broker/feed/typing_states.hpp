#pragma once

#include "domain/ids.hpp"

#include <chrono>
#include <cstddef>
#include <optional>
#include <unordered_map>
#include <vector>

namespace verbatim::feed {

// Who types in which room, as the others were told. What people say is turned into what is worth
// telling:
//
//   - that somebody types is told when it begins and, while it is renewed, every
//     bounds::typing_renewal_ms, so that whoever came later learns of it;
//   - it ends when its user says so, sends a message or leaves, and by itself limits::typing_ms
//     after it was said last. Whoever was told that it began is told that it ended;
//   - a beginning is told at most every bounds::typing_again_ms for one user and room;
//   - of limits::typing_users_per_room_max users at a time; others' typing is not told.
//
// So a room of n members costs at most 2 * typing_users_per_room_max * n frames a second, however
// many of them say however often that they type, and the memory of as many entries.
//
// Threads: one at a time. The time is given, and must not go back.
class TypingStates {
public:
    using Time = std::chrono::steady_clock::time_point;

    // What the user said. What the room's other members are to be told; nullopt: nothing.
    [[nodiscard]] std::optional<bool> said(
        const RoomId& room, const UserId& user, bool typing, Time now
    );
    // The user sent a message or left. Whether the others are to be told that it types no more.
    [[nodiscard]] bool ended(const RoomId& room, const UserId& user);

    struct Told {
        RoomId room;
        UserId user;
        bool typing = false;
    };
    // What time alone has changed. To be called about every second.
    [[nodiscard]] std::vector<Told> advance(Time now);

    [[nodiscard]] bool empty() const { return rooms_.empty(); }

private:
    struct State {
        bool types = false;  // as was said last
        bool told = false;   // as was told last
        Time said_at;        // that it types
        Time told_at;        // that it types
    };
    using Users = std::unordered_map<UserId, State>;

    std::unordered_map<RoomId, Users> rooms_;
};

}  // namespace verbatim::feed
