#pragma once

#include "domain/account.hpp"
#include "domain/reader.hpp"
#include "domain/room.hpp"
#include "domain/server.hpp"

#include <optional>
#include <string>
#include <string_view>

// The bytes of a snapshot: a folded state and the version of its stream at which it was so. A
// cache: tagged with the kind of state and the shape that this build gives it, closed by a CRC32C;
// what differs in any of them is no snapshot, and the state is folded from the start.
namespace verbatim {

template <class State>
struct Snapshot {
    State state;
    Version version;

    friend bool operator==(const Snapshot&, const Snapshot&) = default;
};

[[nodiscard]] std::string encode_snapshot(const Account& account, Version version);
[[nodiscard]] std::string encode_snapshot(const Room& room, Version version);
[[nodiscard]] std::string encode_snapshot(const Reader& reader, Version version);
[[nodiscard]] std::string encode_snapshot(const ServerState& server, Version version);

// Safe on any bytes. nullopt: not a snapshot of this build's `State`.
template <class State>
[[nodiscard]] std::optional<Snapshot<State>> decode_snapshot(std::string_view bytes);
template <>
std::optional<Snapshot<Account>> decode_snapshot(std::string_view bytes);
template <>
std::optional<Snapshot<Room>> decode_snapshot(std::string_view bytes);
template <>
std::optional<Snapshot<Reader>> decode_snapshot(std::string_view bytes);
template <>
std::optional<Snapshot<ServerState>> decode_snapshot(std::string_view bytes);

}  // namespace verbatim
