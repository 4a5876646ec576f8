#pragma once

#include "domain/ids.hpp"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace verbatim {

// What an audit can find wrong. Closed.
enum class AuditFault {
    unreadable,         // the store could not be read here
    missing_record,     // a position that must exist does not
    damaged_record,     // checksum or layout disagrees with the bytes
    misplaced_record,   // it stands under another's position
    undecodable_facts,  // not what its type and schema say, or newer than this build
    broken_stream,      // a stream's versions do not follow each other
    broken_time,        // log time goes back
    content_differs,    // from what the record commits to
    content_missing,    // and no later event destroyed it
    content_unknown,    // no record commits to it
    tree_differs,       // a stored node is not the hash of these records
    no_tree_head,       // none is stored, so whether the log's end is there cannot be told
    note_not_signed,    // a stored tree head is not signed by the log's key
    note_out_of_order,  // a stored tree head is smaller than the one before it
    log_is_shorter,     // than a signed tree head
    log_differs,        // from a signed tree head
    view_differs,       // a view was folded from another record than stands here
    declared_loss,      // a tree head covers records that log.epoch_begun says were given up
};
[[nodiscard]] std::string_view name_of(AuditFault fault);

// One thing wrong, in [first, last]: exactly there, or, where only a tree head tells, somewhere.
struct AuditFinding {
    AuditFault fault = AuditFault::unreadable;
    Position first;
    Position last;
    std::string detail;  // for people

    [[nodiscard]] bool is_exact() const { return first == last; }
};

// What was found, bounded: of a log that is all wrong only the first are kept, and counted on.
class AuditFindings {
public:
    void add(AuditFinding finding) {
        ++count_;
        if (!first_bad_ || finding.first < *first_bad_) first_bad_ = finding.first;
        if (kept_.size() < kept_max) kept_.push_back(std::move(finding));
    }
    void add(AuditFault fault, Position at, std::string detail) {
        add({fault, at, at, std::move(detail)});
    }
    [[nodiscard]] const std::vector<AuditFinding>& kept() const { return kept_; }
    [[nodiscard]] std::uint64_t count() const { return count_; }
    [[nodiscard]] std::optional<Position> first_bad() const { return first_bad_; }

private:
    static constexpr std::size_t kept_max = 100;
    std::vector<AuditFinding> kept_;
    std::uint64_t count_ = 0;
    std::optional<Position> first_bad_;
};

}  // namespace verbatim
