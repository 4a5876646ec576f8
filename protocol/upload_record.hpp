#pragma once

#include "domain/room_events.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace verbatim {

// What is known of an upload, and kept in a file beside its bytes.
struct UploadRecord {
    UserId owner;
    std::uint64_t length = 0;  // as announced
    std::uint64_t offset = 0;  // bytes that are durable
    std::string filename;      // "" where none was given
    std::string metadata;      // Upload-Metadata as it was sent
    Timestamp created_at;
    Timestamp expires_at;                // exclusive; when finished: unless it was posted by then
    std::optional<Attachment> finished;  // what its bytes turned out to be
};

[[nodiscard]] std::string to_json(const UploadRecord& record);
// nullopt: damaged.
[[nodiscard]] std::optional<UploadRecord> parse_upload_record(
    const FileId& file, std::string_view json
);

}  // namespace verbatim
