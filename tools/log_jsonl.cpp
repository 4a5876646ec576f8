#include "tools/log_jsonl.hpp"

#include "domain/type_id.hpp"
#include "eventstore/codec.hpp"
#include "eventstore/record_layout.hpp"
#include "projections/json_text.hpp"
#include "protocol/base64.hpp"
#include "protocol/object_writer.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

namespace verbatim {

namespace {

using nlohmann::json;

constexpr const char* format = "verbatim-log/1";

void append_content(
    std::string& out, std::size_t ordinal, ContentField field, const StoredContent& content
) {
    ObjectWriter writer(out);
    writer.put("ordinal", std::uint64_t{ordinal});
    writer.put("field", std::uint64_t{static_cast<std::uint8_t>(field)});
    writer.put("salt", base64_text(as_text(content.salt)));
    writer.put("content", content.bytes);
    writer.close();
}

// What a member must be, or why the line is refused.
struct Refused {
    std::string why;
};

template <class Value>
Value member(const json& object, const char* name) {
    const auto found = object.find(name);
    if (found == object.end()) throw Refused{"has no member \"" + std::string(name) + "\""};
    try {
        return found->get<Value>();
    } catch (const json::exception&) {
        throw Refused{"its member \"" + std::string(name) + "\" is none of its kind"};
    }
}

std::string bytes(const json& object, const char* name) {
    auto decoded = parse_base64(member<std::string>(object, name));
    if (!decoded) throw Refused{"its member \"" + std::string(name) + "\" is no base64"};
    return std::move(*decoded);
}

template <std::size_t size>
std::array<std::uint8_t, size> fixed_bytes(const json& object, const char* name) {
    const std::string decoded = bytes(object, name);
    std::array<std::uint8_t, size> fixed{};
    if (decoded.size() != size)
        throw Refused{"its member \"" + std::string(name) + "\" has another size"};
    std::ranges::copy(decoded, fixed.begin());
    return fixed;
}

ExportHeader parse_header(const json& line) {
    if (member<std::string>(line, "format") != format)
        throw Refused{"is of another format than " + std::string(format)};
    const auto epoch = parse_base32(member<std::string>(line, "epoch"));
    const auto created = parse_rfc3339(member<std::string>(line, "created_at"));
    if (!epoch || !created) throw Refused{"names no epoch and time"};
    return {
        .epoch = *epoch,
        .created_at = *created,
        .min_reader = member<std::uint32_t>(line, "min_reader"),
        .head = Position(member<std::uint64_t>(line, "head")),
        .root = fixed_bytes<sizeof(Digest)>(line, "root"),
        .verifier_key = member<std::string>(line, "verifier_key")};
}

void put_content(const json& content, const RecordView& record, StoredEvent& stored) {
    const auto ordinal = member<std::size_t>(content, "ordinal");
    if (ordinal >= stored.contents.size() || stored.contents[ordinal])
        throw Refused{"has a content that its record does not commit to"};
    const auto field = static_cast<std::uint8_t>(record.commitments[ordinal].field);
    if (member<unsigned>(content, "field") != field)
        throw Refused{"has a content of another field than its record says"};
    stored.contents[ordinal] = StoredContent{
        .salt = fixed_bytes<std::tuple_size_v<Salt>>(content, "salt"),
        .bytes = member<std::string>(content, "content")};
}

ExportedEvent parse_event(const json& line) {
    ExportedEvent event{
        .position = Position(member<std::uint64_t>(line, "position")), .stored = {}};
    const auto crc = member<std::uint32_t>(line, "crc");
    event.stored.record = bytes(line, "leaf");
    for (int shift = 24; shift >= 0; shift -= 8)
        event.stored.record += static_cast<char>(crc >> shift & 0xff);
    const auto record = parse_record(event.stored.record);
    if (!record) throw Refused{describe(record.error())};
    event.stored.contents.resize(record->commitments.size());
    for (const json& content : member<std::vector<json>>(line, "contents"))
        put_content(content, *record, event.stored);
    return event;
}

}  // namespace

std::string header_line(const ExportHeader& header) {
    std::string line;
    ObjectWriter writer(line);
    writer.put("format", format);
    writer.put("epoch", base32_text(header.epoch));
    writer.put("created_at", header.created_at);
    writer.put("min_reader", std::uint64_t{header.min_reader});
    writer.put("head", header.head);
    writer.put("root", base64_text(as_text(header.root)));
    writer.put("verifier_key", header.verifier_key);
    writer.close();
    return line + "\n";
}

std::string note_line(const std::string& note) {
    std::string line;
    ObjectWriter writer(line);
    writer.put("checkpoint", note);
    writer.close();
    return line + "\n";
}

StoreResult<std::string> event_line(Position position, const StoredEvent& stored) {
    const auto record = parse_record(stored.record);
    if (!record) return failure(record.error());
    std::uint32_t crc = 0;
    for (const char byte : std::string_view(stored.record).substr(record->leaf.size()))
        crc = crc << 8 | static_cast<unsigned char>(byte);
    std::string line;
    ObjectWriter writer(line);
    writer.put("position", position);
    writer.put("leaf", base64_text(record->leaf));
    writer.put("crc", std::uint64_t{crc});
    std::string& contents = writer.member("contents");
    contents += '[';
    bool is_first = true;
    for (std::size_t ordinal = 0; ordinal < stored.contents.size(); ++ordinal) {
        const ContentField field = record->commitments[ordinal].field;
        if (!stored.contents[ordinal] || is_secret(field)) continue;
        if (!std::exchange(is_first, false)) contents += ',';
        append_content(contents, ordinal, field, *stored.contents[ordinal]);
    }
    contents += ']';
    writer.close();
    return line + "\n";
}

Expected<ExportLine, std::string> parse_export_line(std::string_view line) {
    const json parsed = json::parse(line, nullptr, false);
    if (!parsed.is_object()) return failure(std::string("is no JSON object"));
    try {
        if (parsed.contains("format")) return ExportLine(parse_header(parsed));
        if (parsed.contains("checkpoint"))
            return ExportLine(ExportedNote{member<std::string>(parsed, "checkpoint")});
        return ExportLine(parse_event(parsed));
    } catch (const Refused& refused) {
        return failure(refused.why);
    }
}

}  // namespace verbatim
