#pragma once

#include "eventstore/codec.hpp"
#include "eventstore/event_log.hpp"
#include "eventstore/event_record.hpp"
#include "eventstore/log_storage.hpp"
#include "eventstore/record_layout.hpp"
#include "eventstore/store_error.hpp"

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

// Internal to the log: how bytes of the columns `records` and `contents` become events again.
namespace verbatim {

// Any thread. `storage` must outlive it. All errors carry the position. That contents match their
// commitments is not checked here: verbatim audit does.
class RecordReader {
public:
    explicit RecordReader(const Storage& storage) : storage_(storage) {}
    // A content that is gone is an error until an event says that it was destroyed, where its event
    // is behind `position`: everywhere unless said otherwise. Before it reads.
    void expect_contents_after(Position position) { contents_expected_after_ = position; }
    static constexpr Position never{std::numeric_limits<std::uint64_t>::max()};
    // The same of secrets alone.
    void expect_secrets(bool expected) { expects_secrets_ = expected; }

    // Errors: missing_record, io_failed, corrupt_record.
    [[nodiscard]] StoreResult<std::string> stored(Position position) const;
    // Errors: corrupt_record (also a record that stands under another's position),
    // written_by_newer_build.
    [[nodiscard]] static StoreResult<RecordView> parse(Position position, std::string_view stored);
    // The record at `position`, joined with its contents. Errors: those of EventLog::read.
    [[nodiscard]] StoreResult<RecordedEvent> event(Position position) const;
    // The same from parts that the caller has: `contents` by ordinal, one for each commitment.
    // Errors: missing_content unless a later event destroyed it, written_by_newer_build,
    // corrupt_record, io_failed.
    [[nodiscard]] StoreResult<RecordedEvent> join(
        const RecordView& record, std::vector<FoundContent> contents
    ) const;
    // `event` with the envelope that its record holds.
    [[nodiscard]] static RecordedEvent enveloped(const RecordView& record, Event event);
    // The event as it stands without its contents. Errors: written_by_newer_build, corrupt_record.
    [[nodiscard]] static StoreResult<RecordedEvent> bare(const RecordView& record);
    // What a value of `contents` holds behind its salt. Errors: corrupt_record.
    [[nodiscard]] static StoreResult<std::string> content(
        Position position, std::string_view stored
    );
    // The same with its salt.
    [[nodiscard]] static StoreResult<StoredContent> salted_content(
        Position position, std::string_view stored
    );

private:
    [[nodiscard]] StoreResult<bool> is_destroyed(const RecordedEvent& event) const;
    [[nodiscard]] StoreResult<bool> destroys(Position position) const;
    [[nodiscard]] StoreResult<std::optional<std::uint64_t>> noted(std::string_view key) const;

    const Storage& storage_;
    Position contents_expected_after_;
    bool expects_secrets_ = true;
};

// `error`, said of `position`.
[[nodiscard]] tl::unexpected<StoreError> failure_at(Position position, StoreError error);
[[nodiscard]] tl::unexpected<StoreError> failure_at(
    Position position, StoreFault fault, std::string detail
);

}  // namespace verbatim
