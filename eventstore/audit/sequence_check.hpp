#pragma once

#include "eventstore/audit/examiner.hpp"
#include "eventstore/audit/findings.hpp"
#include "eventstore/log_storage.hpp"

#include <map>
#include <unordered_map>
#include <utility>
#include <vector>

namespace verbatim {

// Judges records by those before them: versions without gaps, log time that never goes back, and
// contents that are gone for a reason. Single thread, in the order of the log.
class SequenceCheck {
public:
    // What lies at or before `trusted` was judged already; its streams go on from there.
    SequenceCheck(const Storage& storage, Position trusted, AuditFindings& findings)
        : storage_(storage), trusted_(trusted), findings_(findings) {}

    void next(const ExaminedRecord& record);
    // So many records are missing or damaged here: their streams go on with a gap.
    void missed(std::uint64_t count) { missed_ += count; }
    // After the last: what is gone and was destroyed by nobody.
    void end();

private:
    void check_version(const ExaminedRecord& record);
    // A record whose contents are gone, not all of them at least.
    struct Gone {
        Position position;
        StreamId stream;
        UserId actor;
        std::optional<Version> message;
    };

    void check_contents(const ExaminedRecord& record);
    [[nodiscard]] bool has_reason(const Gone& gone) const;
    [[nodiscard]] bool was_erased(const Uuid& user, Position before) const;
    [[nodiscard]] bool goes_on_from_trusted(const ExaminedRecord& record) const;

    using MessageKey = std::pair<StreamId, Version>;

    const Storage& storage_;
    const Position trusted_;
    AuditFindings& findings_;
    std::unordered_map<StreamId, Version> versions_;
    Timestamp last_at_;
    std::uint64_t missed_ = 0;  // and no stream's gap has been put down to them yet
    // Contents that are gone wait here for the event that destroyed them.
    std::map<MessageKey, std::vector<Gone>> gone_of_messages_;
    std::vector<Gone> gone_;  // of other events
    struct Expiry {
        Position position;
        Version up_to;
    };
    std::unordered_map<Uuid, Position> erased_;        // users, and where their erasure began
    std::unordered_map<StreamId, Expiry> expired_to_;  // rooms; the newest
};

}  // namespace verbatim
