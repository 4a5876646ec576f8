#include "projections/posted_files.hpp"

#include "domain/overloaded.hpp"
#include "projections/row_codec.hpp"

#include <algorithm>
#include <utility>
#include <vector>

namespace verbatim {
namespace {

constexpr std::string_view view_name = "posted_files";
constexpr char file_kind = 'f';     // file, position of a posting -> what it is
constexpr char posting_kind = 'p';  // file, room, seq -> nothing
constexpr char message_kind = 'm';  // room, seq -> MessageFiles; while the message is live
constexpr char digest_kind = 'd';   // SHA-256, position of a posting -> nothing

RowKey file_key(const FileId& file, Position position) {
    return RowKey(file_kind).id(file).place(position);
}
RowKey posting_key(const FileId& file, const RoomId& room, Version seq) {
    return RowKey(posting_kind).id(file).id(room).place(seq);
}
RowKey message_key(const RoomId& room, Version seq) {
    return RowKey(message_kind).id(room).place(seq);
}
RowKey digest_key(const FileDigest& digest, Position position) {
    return RowKey(digest_kind).digest(digest).place(position);
}

// The files of a message, and where it was sent.
struct MessageFiles {
    Position position;
    std::vector<std::pair<FileId, FileDigest>> files;
};
MessageFiles files_of(const RecordedEvent& event, const MessageSent& message) {
    MessageFiles shown{.position = event.position, .files = {}};
    for (const Attachment& attachment : message.attachments)
        shown.files.emplace_back(attachment.file, attachment.sha256);
    return shown;
}
std::string message_row(const MessageFiles& shown) {
    RowWriter row;
    row.place(shown.position);
    for (const auto& [file, digest] : shown.files) row.id(file).bytes(digest);
    return row.take();
}
std::optional<MessageFiles> parse_message(std::string_view value) {
    constexpr std::size_t file_bytes = sizeof(Uuid) + sizeof(FileDigest);
    RowReader row(value);
    MessageFiles shown{.position = row.place<Position>(), .files = {}};
    for (std::size_t left = value.size() / file_bytes; left > 0; --left) {
        const auto file = row.id<FileId>();
        shown.files.emplace_back(file, row.digest());
    }
    if (!row.is_done()) return std::nullopt;
    return shown;
}

void write_side(RowWriter& row, const std::optional<std::uint32_t>& side) {
    row.u8(side ? 1 : 0).u32(side.value_or(0));
}
std::optional<std::uint32_t> read_side(RowReader& row) {
    const bool is_known = row.u8() != 0;
    const std::uint32_t side = row.u32();
    return is_known ? std::optional(side) : std::nullopt;
}

std::string file_row(const PostedFile& file) {
    const Attachment& about = file.attachment;
    RowWriter row;
    row.id(file.uploader).text(about.filename).text(about.media_type).u64(about.bytes);
    write_side(row, about.width);
    write_side(row, about.height);
    row.bytes(about.sha256);
    return row.take();
}

std::optional<PostedFile> parse_file(const FileId& id, std::string_view value) {
    RowReader row(value);
    PostedFile file;
    file.attachment.file = id;
    file.uploader = row.id<UserId>();
    file.attachment.filename = row.text();
    file.attachment.media_type = row.text().value_or("");
    file.attachment.bytes = row.u64();
    file.attachment.width = read_side(row);
    file.attachment.height = read_side(row);
    const std::string_view digest = row.rest();
    if (!row.is_done() || digest.size() != file.attachment.sha256.size()) return std::nullopt;
    std::ranges::copy(digest, file.attachment.sha256.begin());
    return file;
}

void sent(const RecordedEvent& event, const MessageSent& message, ViewBatch& batch) {
    if (message.attachments.empty()) return;
    const RoomId room(event.stream.id);
    for (const Attachment& attachment : message.attachments) {
        batch.put(file_key(attachment.file, event.position), file_row({attachment, event.actor}));
        batch.put(posting_key(attachment.file, room, event.version), {});
        batch.put(digest_key(attachment.sha256, event.position), {});
    }
    batch.put(message_key(room, event.version), message_row(files_of(event, message)));
}

void hide(const RoomId& room, Version seq, const MessageFiles& shown, ViewBatch& batch) {
    for (const auto& [file, digest] : shown.files) batch.erase(posting_key(file, room, seq));
    batch.erase(message_key(room, seq));
}
void destroy(const MessageFiles& shown, ViewBatch& batch) {
    for (const auto& [file, digest] : shown.files) {
        batch.erase(file_key(file, shown.position));
        batch.erase(digest_key(digest, shown.position));
    }
}

StoreResult<void> deleted(const RoomId& room, const MessageDeleted& deletion, ViewBatch& batch) {
    const auto shown =
        parse_stored(batch.get(message_key(room, deletion.seq)), view_name, parse_message);
    if (!shown) return failure(shown.error());
    if (!*shown) return {};
    hide(room, deletion.seq, **shown, batch);
    if (deletion.destroyed) destroy(**shown, batch);
    return {};
}

}  // namespace

PostedFiles::PostedFiles(const Storage& storage, std::size_t column)
    : storage_(storage), column_(column) {}

StoreResult<void> PostedFiles::apply(const RecordedEvent& event, ViewBatch& batch) {
    const auto* const room_event = std::get_if<RoomEvent>(&event.event);
    if (room_event == nullptr) return {};
    return std::visit(
        Overloaded{
            [&](const MessageSent& e) {
                sent(event, e, batch);
                return StoreResult<void>();
            },
            [&](const MessageDeleted& e) { return deleted(RoomId(event.stream.id), e, batch); },
            [](const auto& /*shows and hides no file*/) { return StoreResult<void>(); },
        },
        *room_event
    );
}

StoreResult<void> PostedFiles::forget(const RecordedEvent& event, ViewBatch& batch) {
    const auto* const room_event = std::get_if<RoomEvent>(&event.event);
    const auto* const message = room_event ? std::get_if<MessageSent>(room_event) : nullptr;
    if (message == nullptr || message->attachments.empty()) return {};
    const MessageFiles shown = files_of(event, *message);
    hide(RoomId(event.stream.id), event.version, shown, batch);
    destroy(shown, batch);
    return {};
}

StoreResult<std::optional<PostedFile>> PostedFiles::file(const FileId& file) const {
    const auto first = list_rows(
        storage_,
        column_,
        name(),
        RowKey(file_kind).id(file),
        {},
        1,
        [&](std::string_view /*position*/, std::string_view row) { return parse_file(file, row); }
    );
    if (!first) return failure(first.error());
    if (first->empty()) return std::optional<PostedFile>();
    return std::optional(first->front());
}

StoreResult<std::optional<FilePosting>> PostedFiles::posting_from(
    const FileId& file, const FilePosting& from
) const {
    const RowKey postings = RowKey(posting_kind).id(file);
    const auto cursor = storage_.cursor(column_, end_of_prefix(postings));
    cursor->seek(posting_key(file, from.room, from.seq));
    if (!cursor->valid() || !cursor->key().starts_with(postings)) {
        if (auto status = cursor->status(); !status) return failure(status.error());
        return std::optional<FilePosting>();
    }
    RowReader key(cursor->key().substr(std::string_view(postings).size()));
    FilePosting found;
    found.room = key.id<RoomId>();
    found.seq = key.place<Version>();
    if (!key.is_done()) return damaged_row(name());
    return std::optional(found);
}

StoreResult<bool> PostedFiles::names(const FileDigest& digest) const {
    const RowKey postings = RowKey(digest_kind).digest(digest);
    const auto cursor = storage_.cursor(column_, end_of_prefix(postings));
    cursor->seek(postings);
    if (cursor->valid()) return true;
    if (auto status = cursor->status(); !status) return failure(status.error());
    return false;
}

}  // namespace verbatim
