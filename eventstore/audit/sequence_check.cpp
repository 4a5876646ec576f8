#include "eventstore/audit/sequence_check.hpp"

#include "eventstore/event_log.hpp"
#include "eventstore/log_keys.hpp"

#include <algorithm>

namespace verbatim {

void SequenceCheck::next(const ExaminedRecord& record) {
    check_version(record);
    if (record.at < last_at_)
        findings_.add(AuditFault::broken_time, record.position, "log time goes back here");
    last_at_ = std::max(last_at_, record.at);
    check_contents(record);
}

void SequenceCheck::check_version(const ExaminedRecord& record) {
    const auto [known, is_first] = versions_.try_emplace(record.stream, record.version);
    if (is_first && goes_on_from_trusted(record)) return;
    const Version wanted = is_first ? Version(1) : known->second.next();
    known->second = record.version;
    if (record.version == wanted) return;
    const std::uint64_t gap = record.version.value() - wanted.value();  // huge where it goes back
    if (gap <= missed_) {
        missed_ -= gap;
        return;
    }
    findings_.add(
        AuditFault::broken_stream,
        record.position,
        "version " + std::to_string(record.version.value()) + " of its stream follows version " +
            std::to_string(wanted.value() - 1)
    );
}

// The trusted part is not read again; its index says where a stream had come to.
bool SequenceCheck::goes_on_from_trusted(const ExaminedRecord& record) const {
    if (trusted_ == Position() || record.version.value() <= 1) return false;
    const Version before(record.version.value() - 1);
    const auto stored = storage_.get(EventLog::streams, stream_key(record.stream, before));
    const auto entry = stored && *stored ? parse_stream_value(**stored) : std::nullopt;
    return entry && entry->position <= trusted_;
}

// Whatever else destroys contents one day is another kind of key to wait under.
void SequenceCheck::check_contents(const ExaminedRecord& record) {
    if (record.lacks_content) {
        if (record.message)
            gone_of_messages_[{record.stream, *record.message}].push_back(record.position);
        else
            gone_for_no_reason_.push_back(record.position);
    }
    if (record.destroys_message && record.message)
        gone_of_messages_.erase({record.stream, *record.message});
}

void SequenceCheck::end() {
    for (const auto& [message, positions] : gone_of_messages_)
        gone_for_no_reason_.insert(gone_for_no_reason_.end(), positions.begin(), positions.end());
    std::ranges::sort(gone_for_no_reason_);
    for (const Position position : gone_for_no_reason_) {
        findings_.add(
            AuditFault::content_missing, position, "a content is gone and no event destroyed it"
        );
    }
}

}  // namespace verbatim
