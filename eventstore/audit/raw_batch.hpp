#pragma once

#include "eventstore/audit/findings.hpp"
#include "eventstore/log_keys.hpp"
#include "eventstore/log_storage.hpp"

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace verbatim {

// A piece of the log as it stands in the store: records with the contents beside them, copied out.
struct RawBatch {
    struct Slice {
        std::size_t begin = 0;
        std::size_t size = 0;
    };
    struct Content {
        std::uint16_t ordinal = 0;
        Slice value;
    };
    struct Record {
        Position position;  // that of its key
        Slice value;
        std::size_t contents_begin = 0;  // in `contents`, ascending by ordinal
        std::size_t contents_end = 0;
    };
    std::string bytes;
    std::vector<Record> records;
    std::vector<Content> contents;

    [[nodiscard]] std::string_view view(const Slice& slice) const {
        return std::string_view(bytes).substr(slice.begin, slice.size);
    }
};

// Reads records and contents side by side, once, in order. What is out of place in the keys alone
// becomes a finding; it goes on behind it. Single thread.
class RawReader {
public:
    RawReader(const Storage& storage, Position after, AuditFindings& findings);

    // The next records; empty at the end.
    [[nodiscard]] RawBatch next();
    // The last position that was read.
    [[nodiscard]] Position at() const { return at_; }

private:
    void add_record(RawBatch& batch);
    void take_contents(RawBatch& batch, Position position);
    void note_unknown(const std::optional<ContentPlace>& place);
    void end();
    [[nodiscard]] static RawBatch::Slice copy(RawBatch& batch, std::string_view value);

    AuditFindings& findings_;
    std::unique_ptr<StorageCursor> records_;
    std::unique_ptr<StorageCursor> contents_;
    Position at_;
    bool has_ended_ = false;
};

}  // namespace verbatim
