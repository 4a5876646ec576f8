#pragma once

#include "eventstore/event_log.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

// A log as JSON lines: one that says what it is, the signed tree heads, then one for each record.
// docs/event_format.md, "Exports". Secrets are never in it.
namespace verbatim {

// Longer lines are refused. A record is at most 64 KiB, its texts together some times that.
inline constexpr std::size_t export_line_bytes_max = 4u << 20;

struct ExportHeader {
    Uuid epoch;
    Timestamp created_at;  // of the log
    std::uint32_t min_reader = 0;
    Position head;             // so many records follow
    Digest root{};             // of their tree
    std::string verifier_key;  // of the log; empty where the export was made without
};
struct ExportedNote {
    std::string note;  // as C2SP writes it, of this epoch or a former one
};
struct ExportedEvent {
    Position position;
    StoredEvent stored;  // secrets are missing in it, as what was destroyed is
};
using ExportLine = std::variant<ExportHeader, ExportedNote, ExportedEvent>;

// Each with its line break.
[[nodiscard]] std::string header_line(const ExportHeader& header);
[[nodiscard]] std::string note_line(const std::string& note);
// Errors: corrupt_record, written_by_newer_build.
[[nodiscard]] StoreResult<std::string> event_line(Position position, const StoredEvent& stored);

// Safe on any bytes. That contents are what records commit to is not looked at (replica.hpp).
// Errors: a sentence that begins behind "line 7: ".
[[nodiscard]] Expected<ExportLine, std::string> parse_export_line(std::string_view line);

}  // namespace verbatim
