#pragma once

#include "domain/ids.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace verbatim {

// TypeID 0.3 (github.com/jetify-com/typeid): `prefix_` + 26 characters of Crockford base32, lower
// case. Prefix: at most 63 of [a-z_], not beginning or ending in '_'; may be empty (then without
// '_').
struct TypeId {
    std::string prefix;
    Uuid uuid;

    friend bool operator==(const TypeId&, const TypeId&) = default;
};

// Only what the specification calls valid; anything else is nullopt.
[[nodiscard]] std::optional<TypeId> parse_type_id(std::string_view text);
// Requires: a valid prefix.
[[nodiscard]] std::string type_id_text(std::string_view prefix, const Uuid& uuid);
// The 26 characters alone.
[[nodiscard]] std::string base32_text(const Uuid& uuid);
[[nodiscard]] std::optional<Uuid> parse_base32(std::string_view text);

template <class Id>
inline constexpr std::string_view id_prefix = "";
template <>
inline constexpr std::string_view id_prefix<UserId> = "user";
template <>
inline constexpr std::string_view id_prefix<RoomId> = "room";
template <>
inline constexpr std::string_view id_prefix<FileId> = "file";
template <>
inline constexpr std::string_view id_prefix<SessionId> = "session";
template <>
inline constexpr std::string_view id_prefix<KeyId> = "key";
template <>
inline constexpr std::string_view id_prefix<LinkId> = "link";
template <>
inline constexpr std::string_view id_prefix<CommandId> = "command";

// "user_01h455vb4pex5vsknk084sn02q"
template <class Id>
[[nodiscard]] std::string to_text(const Id& id) {
    return type_id_text(id_prefix<Id>, id.value());
}

// nullopt unless it is a TypeID with exactly this kind's prefix.
template <class Id>
[[nodiscard]] std::optional<Id> parse_id(std::string_view text) {
    constexpr std::string_view prefix = id_prefix<Id>;
    static_assert(!prefix.empty(), "an id without a prefix of its own is never read from text");
    if (text.size() != prefix.size() + 27 || !text.starts_with(prefix) ||
        text[prefix.size()] != '_')
        return std::nullopt;
    const auto uuid = parse_base32(text.substr(prefix.size() + 1));
    if (!uuid) return std::nullopt;
    return Id(*uuid);
}

}  // namespace verbatim
