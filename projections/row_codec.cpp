#include "projections/row_codec.hpp"

#include <algorithm>

namespace verbatim {

RowWriter& RowWriter::bytes(std::span<const std::uint8_t> bytes) {
    row_.append(bytes.begin(), bytes.end());
    return *this;
}

RowWriter& RowWriter::text(const Text& text) {
    u8(text ? 1 : 0);
    if (!text) return *this;
    u32(static_cast<std::uint32_t>(text->size()));
    row_ += *text;
    return *this;
}

std::string_view RowReader::take(std::size_t size) {
    if (size > left_.size()) {
        is_whole_ = false;
        left_ = {};
        return {};
    }
    const std::string_view taken = left_.substr(0, size);
    left_.remove_prefix(size);
    return taken;
}

std::uint64_t RowReader::number(std::size_t width) {
    std::uint64_t value = 0;
    for (const char byte : take(width)) value = value << 8 | static_cast<unsigned char>(byte);
    return value;
}

Uuid RowReader::uuid() {
    Uuid uuid;
    const std::string_view bytes = take(uuid.bytes.size());
    std::copy(bytes.begin(), bytes.end(), uuid.bytes.begin());
    return uuid;
}

std::array<std::uint8_t, 32> RowReader::digest() {
    std::array<std::uint8_t, 32> digest{};
    const std::string_view bytes = take(digest.size());
    std::copy(bytes.begin(), bytes.end(), digest.begin());
    return digest;
}

Text RowReader::text() {
    if (u8() == 0) return std::nullopt;
    const std::size_t size = u32();
    return std::string(take(size));
}

tl::unexpected<StoreError> damaged_row(std::string_view view) {
    return failure(StoreError{
        StoreFault::corrupt_record,
        {},
        "a row of the view " + std::string(view) + " is damaged: rebuild the view"});
}

Position since_of_key(std::string_view key) {
    return Position(~RowReader(key.substr(key.size() - std::min<std::size_t>(key.size(), 8))).u64()
    );
}

StoreResult<std::optional<std::string>> row_as_of(
    StorageCursor& cursor, const RowKey& subject, Position as_of
) {
    cursor.seek(since_key(subject, as_of));
    if (cursor.valid()) {
        if (cursor.key().starts_with(subject)) return std::optional(std::string(cursor.value()));
        return std::optional<std::string>();
    }
    auto status = cursor.status();
    if (!status) return failure(status.error());
    return std::optional<std::string>();
}

StoreResult<std::optional<std::string>> row_as_of(
    const Storage& storage, std::size_t column, const RowKey& subject, Position as_of
) {
    const auto cursor = storage.cursor(column, end_of_prefix(subject));
    return row_as_of(*cursor, subject, as_of);
}

StoreResult<void> scan_rows(
    const Storage& storage,
    std::size_t column,
    std::string_view prefix,
    std::string_view after,
    const std::function<StoreResult<bool>(std::string_view, std::string_view)>& visit
) {
    const auto cursor = storage.cursor(column, end_of_prefix(prefix));
    cursor->seek(std::max(prefix, after));
    if (cursor->valid() && cursor->key() == after) cursor->next();
    for (; cursor->valid(); cursor->next()) {
        const auto goes_on = visit(cursor->key(), cursor->value());
        if (!goes_on) return failure(goes_on.error());
        if (!*goes_on) return {};
    }
    return cursor->status();
}

}  // namespace verbatim
