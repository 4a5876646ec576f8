#pragma once

#include "domain/account_events.hpp"
#include "domain/ids.hpp"
#include "eventstore/log_storage.hpp"

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

// The bytes of the views' rows. A key is one byte for the kind of row, then ids (16 bytes) and
// numbers (8 bytes, most significant first, so that key order is their order). A value is fixed
// fields, most significant byte first, and texts behind their length. Private to the views.
namespace verbatim {

// The kind of each view's checkpoint, before all others.
inline constexpr char checkpoint_kind = '\0';

// A key under construction; never allocates. Holds the longest: two ids and two numbers.
class RowKey {
public:
    explicit RowKey(char kind) { bytes_[size_++] = kind; }
    template <class Tag>
    RowKey& id(const StrongId<Tag>& id) {
        for (const std::uint8_t byte : id.value().bytes) bytes_[size_++] = static_cast<char>(byte);
        return *this;
    }
    RowKey& digest(const std::array<std::uint8_t, 32>& digest) {
        for (const std::uint8_t byte : digest) bytes_[size_++] = static_cast<char>(byte);
        return *this;
    }
    RowKey& number(std::uint64_t value) {
        for (int shift = 56; shift >= 0; shift -= 8)
            bytes_[size_++] = static_cast<char>(value >> shift & 0xff);
        return *this;
    }
    template <class Tag>
    RowKey& place(const Ordinal<Tag>& place) {
        return number(place.value());
    }
    operator std::string_view() const { return {bytes_.data(), size_}; }

private:
    std::array<char, 1 + 16 + 16 + 8 + 8> bytes_;  // NOLINT: only the first size_ are ever read
    std::size_t size_ = 0;
};

class RowWriter {
public:
    RowWriter& u8(std::uint8_t value) { return number<1>(value); }
    RowWriter& u32(std::uint32_t value) { return number<4>(value); }
    RowWriter& u64(std::uint64_t value) { return number<8>(value); }
    template <class Enum>
    RowWriter& choice(Enum value) {
        return u8(static_cast<std::uint8_t>(value));
    }
    template <class Tag>
    RowWriter& place(const Ordinal<Tag>& place) {
        return u64(place.value());
    }
    RowWriter& time(Timestamp time) { return u64(static_cast<std::uint64_t>(time.microseconds())); }
    RowWriter& bytes(std::span<const std::uint8_t> bytes);
    template <class Tag>
    RowWriter& id(const StrongId<Tag>& id) {
        return bytes(id.value().bytes);
    }
    RowWriter& text(const Text& text);  // absent ones too

    [[nodiscard]] std::string take() { return std::move(row_); }

private:
    template <int width>
    RowWriter& number(std::uint64_t value) {
        for (int shift = 8 * (width - 1); shift >= 0; shift -= 8)
            row_ += static_cast<char>(value >> shift & 0xff);
        return *this;
    }

    std::string row_;
};

// Reads what a RowWriter wrote. Reading beyond the end gives zeros and is remembered.
class RowReader {
public:
    explicit RowReader(std::string_view row) : left_(row) {}

    [[nodiscard]] std::uint8_t u8() { return static_cast<std::uint8_t>(number(1)); }
    [[nodiscard]] std::uint32_t u32() { return static_cast<std::uint32_t>(number(4)); }
    [[nodiscard]] std::uint64_t u64() { return number(8); }
    // `last`: the greatest enumerator; more is damage.
    template <class Enum>
    [[nodiscard]] Enum choice(Enum last) {
        const std::uint8_t value = u8();
        if (value > static_cast<std::uint8_t>(last)) is_whole_ = false;
        return static_cast<Enum>(value);
    }
    template <class Place>
    [[nodiscard]] Place place() {
        return Place(u64());
    }
    [[nodiscard]] Timestamp time() { return Timestamp(static_cast<std::int64_t>(u64())); }
    [[nodiscard]] Uuid uuid();
    template <class Id>
    [[nodiscard]] Id id() {
        return Id(uuid());
    }
    [[nodiscard]] std::array<std::uint8_t, 32> digest();
    [[nodiscard]] Text text();
    [[nodiscard]] std::string_view rest() { return take(left_.size()); }

    // Nothing was missing so far.
    [[nodiscard]] bool is_whole() const { return is_whole_; }
    // Nothing was missing, and nothing is left.
    [[nodiscard]] bool is_done() const { return is_whole_ && left_.empty(); }

private:
    [[nodiscard]] std::string_view take(std::size_t size);
    [[nodiscard]] std::uint64_t number(std::size_t width);

    std::string_view left_;
    bool is_whole_ = true;
};

// A row that is nothing but an id.
template <class Id>
[[nodiscard]] std::optional<Id> parse_reference(std::string_view value) {
    RowReader row(value);
    const auto id = row.id<Id>();
    if (!row.is_done()) return std::nullopt;
    return id;
}

[[nodiscard]] tl::unexpected<StoreError> damaged_row(std::string_view view);

// What a get() found, as `parse(value)` reads it; nullopt where there is no such row.
template <class Parse>
[[nodiscard]] auto parse_stored(
    const StoreResult<std::optional<std::string>>& stored, std::string_view view, const Parse& parse
) {
    using Row = typename std::invoke_result_t<Parse, std::string_view>::value_type;
    using Result = StoreResult<std::optional<Row>>;
    if (!stored) return Result(failure(stored.error()));
    if (!*stored) return Result(std::optional<Row>());
    std::optional<Row> row = parse(std::string_view(**stored));
    if (!row) return Result(damaged_row(view));
    return Result(std::move(row));
}

// Rows of the past: how something was since an event. Their key is that of what they speak of, then
// the event's position, the newest first; so the row that held at a position is the first from
// there on.
[[nodiscard]] inline RowKey since_key(RowKey subject, Position position) {
    return subject.number(~position.value());
}
// The position at the end of such a key.
[[nodiscard]] Position since_of_key(std::string_view key);
// The value of the row that held at `as_of`; nullopt: there was none yet. Moves the cursor.
[[nodiscard]] StoreResult<std::optional<std::string>> row_as_of(
    StorageCursor& cursor, const RowKey& subject, Position as_of
);
[[nodiscard]] StoreResult<std::optional<std::string>> row_as_of(
    const Storage& storage, std::size_t column, const RowKey& subject, Position as_of
);

// Visits the rows whose keys begin with `prefix` and are greater than `after`, in order, until
// `visit` answers false. Errors: io_failed, and what `visit` fails with.
[[nodiscard]] StoreResult<void> scan_rows(
    const Storage& storage,
    std::size_t column,
    std::string_view prefix,
    std::string_view after,
    const std::function<StoreResult<bool>(std::string_view key, std::string_view value)>& visit
);

// The first `limit` of them, each as `parse(key without prefix, value)` reads it; nullopt is
// damage.
template <class Parse>
[[nodiscard]] auto list_rows(
    const Storage& storage,
    std::size_t column,
    std::string_view view,
    std::string_view prefix,
    std::string_view after,
    std::size_t limit,
    const Parse& parse
) {
    using Row =
        typename std::invoke_result_t<Parse, std::string_view, std::string_view>::value_type;
    using Result = StoreResult<std::vector<Row>>;
    std::vector<Row> rows;
    if (limit == 0) return Result(std::move(rows));
    auto scanned = scan_rows(
        storage,
        column,
        prefix,
        after,
        [&](std::string_view key, std::string_view value) -> StoreResult<bool> {
            auto row = parse(key.substr(prefix.size()), value);
            if (!row) return damaged_row(view);
            rows.push_back(std::move(*row));
            return rows.size() < limit;
        }
    );
    if (!scanned) return Result(failure(scanned.error()));
    return Result(std::move(rows));
}

}  // namespace verbatim
