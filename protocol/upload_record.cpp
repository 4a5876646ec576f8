#include "protocol/upload_record.hpp"

#include "domain/type_id.hpp"
#include "eventstore/digest.hpp"

#include <nlohmann/json.hpp>

namespace verbatim {
namespace {

using Json = nlohmann::ordered_json;

constexpr int layout = 1;

Json finished_json(const Attachment& file) {
    Json json = {
        {"sha256", hex_text(file.sha256)}, {"media_type", file.media_type}, {"bytes", file.bytes}};
    if (file.width) json["width"] = *file.width;
    if (file.height) json["height"] = *file.height;
    return json;
}

std::optional<std::uint32_t> side(const Json& json, const char* name) {
    const auto found = json.find(name);
    if (found == json.end()) return std::nullopt;
    return found->get<std::uint32_t>();
}

// Throws what the library throws where a member is missing or is something else.
std::optional<UploadRecord> read(const FileId& file, const Json& json) {
    if (json.at("layout").get<int>() != layout) return std::nullopt;
    const auto owner = parse_id<UserId>(json.at("owner").get<std::string>());
    if (!owner) return std::nullopt;
    UploadRecord record{
        .owner = *owner,
        .length = json.at("length").get<std::uint64_t>(),
        .offset = json.at("offset").get<std::uint64_t>(),
        .filename = json.at("filename").get<std::string>(),
        .metadata = json.at("metadata").get<std::string>(),
        .created_at = Timestamp(json.at("created_at_us").get<std::int64_t>()),
        .expires_at = Timestamp(json.at("expires_at_us").get<std::int64_t>()),
        .finished = std::nullopt};
    const auto finished = json.find("finished");
    if (finished == json.end()) return record;
    const auto digest = parse_hex(finished->at("sha256").get<std::string>());
    if (!digest) return std::nullopt;
    record.finished = Attachment{
        .file = file,
        .filename = record.filename,
        .media_type = finished->at("media_type").get<std::string>(),
        .bytes = finished->at("bytes").get<std::uint64_t>(),
        .width = side(*finished, "width"),
        .height = side(*finished, "height"),
        .sha256 = *digest};
    return record;
}

}  // namespace

std::string to_json(const UploadRecord& record) {
    Json json = {
        {"layout", layout},
        {"owner", to_text(record.owner)},
        {"length", record.length},
        {"offset", record.offset},
        {"filename", record.filename},
        {"metadata", record.metadata},
        {"created_at_us", record.created_at.microseconds()},
        {"expires_at_us", record.expires_at.microseconds()}};
    if (record.finished) json["finished"] = finished_json(*record.finished);
    return json.dump();
}

std::optional<UploadRecord> parse_upload_record(const FileId& file, std::string_view text) {
    try {
        return read(file, Json::parse(text));
    } catch (const Json::exception&) {
        return std::nullopt;
    }
}

}  // namespace verbatim
