#pragma once

#include "domain/ids.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

// What one node tells all others of the same log and nobody keeps. It may be lost.
namespace verbatim {

struct TypingSignal {
    RoomId room;
    UserId user;
    bool typing = false;

    friend bool operator==(const TypingSignal&, const TypingSignal&) = default;
};

// Who has a feed open on the telling node. Said of whoever came or went, and again and again of
// everybody who is there: whoever is not renewed is taken for gone.
struct PresenceSignal {
    static constexpr std::size_t users_max = 12;
    struct User {
        UserId user;
        bool online = false;
        friend bool operator==(const User&, const User&) = default;
    };
    std::vector<User> users;  // at most users_max

    friend bool operator==(const PresenceSignal&, const PresenceSignal&) = default;
};

using Signal = std::variant<TypingSignal, PresenceSignal>;

struct SignalFrom {
    Uuid node;  // the telling process: its instance id
    Signal signal;
};

// A JSON object of at most limits::signal_bytes_max: docs/replication.md.
[[nodiscard]] std::string encode_signal(const Uuid& node, const Signal& signal);
// Safe on any bytes; nullopt: these are none, or those of a later build.
[[nodiscard]] std::optional<SignalFrom> parse_signal(std::string_view bytes);

}  // namespace verbatim
