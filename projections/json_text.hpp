#pragma once

#include "domain/account_events.hpp"
#include "domain/ids.hpp"
#include "domain/type_id.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

// Appends JSON text (RFC 8259) to a string: what is stored and served is written once, never parsed
// and serialised again. For hot shapes only; requests and rare answers use nlohmann::json.
namespace verbatim {

// Quoted and escaped. Requires: valid UTF-8.
void append_json(std::string& out, std::string_view text);
void append_json(std::string& out, const Text& text);  // null when absent
void append_json(std::string& out, std::uint64_t number);
// RFC 3339, UTC, six digits of microseconds, Z; quoted.
void append_json(std::string& out, Timestamp time);
void append_json(std::string& out, const std::optional<Timestamp>& time);

template <class Id>
void append_json_id(std::string& out, const Id& id) {
    out += '"';
    out += to_text(id);
    out += '"';
}

[[nodiscard]] std::string rfc3339(Timestamp time);
// Exactly what rfc3339() writes, and any other RFC 3339 time; nullopt when it is none.
[[nodiscard]] std::optional<Timestamp> parse_rfc3339(std::string_view text);

}  // namespace verbatim
