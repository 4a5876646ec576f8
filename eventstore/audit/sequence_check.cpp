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

// A deletion is known to have destroyed a message's contents once it is read; what else may have
// is asked at the end.
void SequenceCheck::check_contents(const ExaminedRecord& record) {
    if (record.lacks_content) {
        const Gone gone{record.position, record.stream, record.actor, record.message};
        if (record.message)
            gone_of_messages_[{record.stream, *record.message}].push_back(gone);
        else
            gone_.push_back(gone);
    }
    if (record.destroys_message && record.message)
        gone_of_messages_.erase({record.stream, *record.message});
    if (record.erases_user) erased_.try_emplace(record.stream.id, record.position);
    if (record.expires_to) expired_to_[record.stream] = {record.position, *record.expires_to};
}

bool SequenceCheck::was_erased(const Uuid& user, Position before) const {
    const auto erased = erased_.find(user);
    return erased != erased_.end() && before < erased->second;
}

bool SequenceCheck::has_reason(const Gone& gone) const {
    if (was_erased(gone.actor.value(), gone.position)) return true;
    if (gone.stream.kind == StreamKind::account && was_erased(gone.stream.id, gone.position))
        return true;
    if (!gone.message) return false;
    const auto expiry = expired_to_.find(gone.stream);
    return expiry != expired_to_.end() && *gone.message <= expiry->second.up_to &&
           gone.position < expiry->second.position;
}

void SequenceCheck::end() {
    for (const auto& [message, of_message] : gone_of_messages_)
        gone_.insert(gone_.end(), of_message.begin(), of_message.end());
    std::erase_if(gone_, [this](const Gone& gone) { return has_reason(gone); });
    std::ranges::sort(gone_, {}, &Gone::position);
    for (const Gone& gone : gone_) {
        findings_.add(
            AuditFault::content_missing,
            gone.position,
            "a content is gone and no event destroyed it"
        );
    }
}

}  // namespace verbatim
