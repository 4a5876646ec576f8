#pragma once

#include "domain/room_events.hpp"
#include "projections/projection.hpp"

#include <optional>

namespace verbatim {

// A file that was posted, as it was described first.
struct PostedFile {
    Attachment attachment;
    UserId uploader;  // who posted it first: nobody else could (unless that was destroyed since)
};
// A live message that shows a file.
struct FilePosting {
    RoomId room;
    Version seq;
    friend auto operator<=>(const FilePosting&, const FilePosting&) = default;
};

// Which files were posted, by whom, and which live messages show them. A deleted message shows
// none, but what was posted stays known, until the message's contents are destroyed.
class PostedFiles final : public Projection {
public:
    explicit PostedFiles(const Storage& storage, std::size_t column);
    [[nodiscard]] std::string_view name() const override { return "posted_files"; }
    [[nodiscard]] std::uint32_t schema() const override { return 2; }
    [[nodiscard]] StoreResult<void> apply(const RecordedEvent& event, ViewBatch& batch) override;
    [[nodiscard]] StoreResult<void> forget(const RecordedEvent& event, ViewBatch& batch) override;

    [[nodiscard]] StoreResult<std::optional<PostedFile>> file(const FileId& file) const;
    // The first live posting at or after `from`, by room id and then by seq.
    [[nodiscard]] StoreResult<std::optional<FilePosting>> posting_from(
        const FileId& file, const FilePosting& from
    ) const;
    // Whether some file with these bytes was posted by a message that was not destroyed.
    [[nodiscard]] StoreResult<bool> names(const FileDigest& digest) const;

private:
    const Storage& storage_;
    std::size_t column_;
};

}  // namespace verbatim
