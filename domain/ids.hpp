#pragma once

#include <array>
#include <compare>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>

namespace verbatim {

// 128 bits; made by the edge as UUIDv7 (RFC 9562). Unique, never ordered by anything here.
struct Uuid {
    std::array<std::uint8_t, 16> bytes{};

    friend constexpr auto operator<=>(const Uuid&, const Uuid&) = default;
};

// An id that cannot be mistaken for another kind of id, for a number or for a text.
template <class Tag>
class StrongId {
public:
    constexpr StrongId() noexcept = default;  // the nil id: stands for nobody and nothing
    constexpr explicit StrongId(Uuid value) noexcept : value_(value) {}
    template <class Other>
    requires(!std::same_as<Other, Uuid> && !std::same_as<Other, StrongId>) StrongId(Other)
    = delete;

    [[nodiscard]] constexpr const Uuid& value() const noexcept { return value_; }
    [[nodiscard]] constexpr bool is_nil() const noexcept { return value_ == Uuid{}; }
    friend constexpr auto operator<=>(const StrongId&, const StrongId&) = default;

private:
    Uuid value_;
};

using UserId = StrongId<struct UserIdTag>;
using RoomId = StrongId<struct RoomIdTag>;
using FileId = StrongId<struct FileIdTag>;
using SessionId = StrongId<struct SessionIdTag>;
using KeyId = StrongId<struct KeyIdTag>;    // of an API key
using LinkId = StrongId<struct LinkIdTag>;  // of an invite link
using EventId = StrongId<struct EventIdTag>;
using CommandId = StrongId<struct CommandIdTag>;

// A place counted from 1; 0 is the place before the first.
template <class Tag>
class Ordinal {
public:
    constexpr Ordinal() noexcept = default;
    constexpr explicit Ordinal(std::uint64_t value) noexcept : value_(value) {}

    [[nodiscard]] constexpr std::uint64_t value() const noexcept { return value_; }
    [[nodiscard]] constexpr Ordinal next() const noexcept { return Ordinal(value_ + 1); }
    friend constexpr auto operator<=>(const Ordinal&, const Ordinal&) = default;

private:
    std::uint64_t value_ = 0;
};

// Place in the whole log, contiguous from 1.
using Position = Ordinal<struct PositionTag>;
// Place in one stream, contiguous from 1. In a room's stream it is the contract's `room_seq`, and
// the `seq` by which a message is addressed.
using Version = Ordinal<struct VersionTag>;

// Microseconds since 1970-01-01T00:00:00Z.
class Timestamp {
public:
    constexpr Timestamp() noexcept = default;
    constexpr explicit Timestamp(std::int64_t microseconds) noexcept : value_(microseconds) {}

    [[nodiscard]] constexpr std::int64_t microseconds() const noexcept { return value_; }
    friend constexpr auto operator<=>(const Timestamp&, const Timestamp&) = default;

private:
    std::int64_t value_ = 0;
};

}  // namespace verbatim

template <>
struct std::hash<verbatim::Uuid> {
    // The last eight bytes of a UUIDv7 are random.
    std::size_t operator()(const verbatim::Uuid& uuid) const noexcept {
        std::size_t tail = 0;
        std::memcpy(&tail, uuid.bytes.data() + 8, sizeof tail);
        return tail;
    }
};
template <class Tag>
struct std::hash<verbatim::StrongId<Tag>> {
    std::size_t operator()(const verbatim::StrongId<Tag>& id) const noexcept {
        return std::hash<verbatim::Uuid>{}(id.value());
    }
};
