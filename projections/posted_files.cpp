#include "projections/posted_files.hpp"

#include "domain/overloaded.hpp"
#include "projections/row_codec.hpp"

#include <algorithm>

namespace verbatim {
namespace {

constexpr std::string_view view_name = "posted_files";
constexpr char file_kind = 'f';     // file -> what it is
constexpr char posting_kind = 'p';  // file, room, seq -> nothing
constexpr char message_kind = 'm';  // room, seq -> the ids of its files
constexpr char digest_kind = 'd';   // SHA-256 -> nothing

RowKey file_key(const FileId& file) {
    return RowKey(file_kind).id(file);
}
RowKey posting_key(const FileId& file, const RoomId& room, Version seq) {
    return RowKey(posting_kind).id(file).id(room).place(seq);
}
RowKey message_key(const RoomId& room, Version seq) {
    return RowKey(message_kind).id(room).place(seq);
}
RowKey digest_key(const FileDigest& digest) {
    return RowKey(digest_kind).digest(digest);
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

StoreResult<void> sent(const RecordedEvent& event, const MessageSent& message, ViewBatch& batch) {
    const RoomId room(event.stream.id);
    RowWriter shown;
    for (const Attachment& attachment : message.attachments) {
        const auto known = batch.get(file_key(attachment.file));
        if (!known) return failure(known.error());
        if (!*known) batch.put(file_key(attachment.file), file_row({attachment, event.actor}));
        batch.put(posting_key(attachment.file, room, event.version), {});
        batch.put(digest_key(attachment.sha256), {});
        shown.id(attachment.file);
    }
    if (!message.attachments.empty()) batch.put(message_key(room, event.version), shown.take());
    return {};
}

StoreResult<void> deleted(const RoomId& room, Version seq, ViewBatch& batch) {
    const auto shown = batch.get(message_key(room, seq));
    if (!shown) return failure(shown.error());
    if (!*shown) return {};
    constexpr std::size_t id_bytes = sizeof(Uuid);
    std::string_view ids = **shown;
    for (; ids.size() >= id_bytes; ids.remove_prefix(id_bytes))
        batch.erase(posting_key(RowReader(ids.substr(0, id_bytes)).id<FileId>(), room, seq));
    if (!ids.empty()) return damaged_row(view_name);
    batch.erase(message_key(room, seq));
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
            [&](const MessageSent& e) { return sent(event, e, batch); },
            [&](const MessageDeleted& e) { return deleted(RoomId(event.stream.id), e.seq, batch); },
            [](const auto& /*shows and hides no file*/) { return StoreResult<void>(); },
        },
        *room_event
    );
}

StoreResult<std::optional<PostedFile>> PostedFiles::file(const FileId& file) const {
    return parse_stored(storage_.get(column_, file_key(file)), name(), [&](std::string_view row) {
        return parse_file(file, row);
    });
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
    const auto known = storage_.get(column_, digest_key(digest));
    if (!known) return failure(known.error());
    return known->has_value();
}

}  // namespace verbatim
