#include "eventstore/audit/examiner.hpp"

#include "domain/message.hpp"
#include "eventstore/codec.hpp"
#include "eventstore/record_layout.hpp"

#include <algorithm>
#include <utility>

namespace verbatim {
namespace {

class Examination {
public:
    Examination(const RawBatch& batch, bool of_replica) : batch_(batch), of_replica_(of_replica) {}

    ExaminedBatch run() {
        examined_.records.reserve(batch_.records.size());
        for (const RawBatch::Record& record : batch_.records) examine_record(record);
        return std::move(examined_);
    }

private:
    void find(AuditFault fault, Position at, std::string detail) {
        examined_.findings.push_back({fault, at, at, std::move(detail)});
    }

    void examine_record(const RawBatch::Record& raw) {
        ExaminedRecord& examined = examined_.records.emplace_back();
        examined.position = raw.position;
        const auto record = parse_record(batch_.view(raw.value));
        if (!record) {
            const bool is_newer = record.error().fault == StoreFault::written_by_newer_build;
            return find(
                is_newer ? AuditFault::undecodable_facts : AuditFault::damaged_record,
                raw.position,
                record.error().detail
            );
        }
        if (record->position != raw.position) {
            return find(
                AuditFault::misplaced_record,
                raw.position,
                "here stands the record of position " + std::to_string(record->position.value())
            );
        }
        examined.is_whole = true;
        examined.stream = record->stream;
        examined.version = record->version;
        examined.at = record->at;
        examined.leaf = leaf_hash_of(record->leaf);
        examined.actor = record->actor;
        auto contents = examine_contents(raw, *record, examined);
        examine_facts(*record, contents, examined);
    }

    std::vector<FoundContent> examine_contents(
        const RawBatch::Record& raw, const RecordView& record, ExaminedRecord& examined
    ) {
        std::vector<FoundContent> found;
        found.reserve(record.commitments.size());
        std::size_t next = raw.contents_begin;
        for (const Commitment& commitment : record.commitments) {
            const auto ordinal = static_cast<std::uint16_t>(found.size());
            found.push_back({commitment.field, std::nullopt});
            if (next == raw.contents_end || batch_.contents[next].ordinal != ordinal) {
                if (!of_replica_ || !is_secret(commitment.field)) examined.lacks_content = true;
                continue;
            }
            found.back().bytes =
                examine_content(record, commitment, ordinal, batch_.contents[next++]);
        }
        if (next != raw.contents_end) {
            find(
                AuditFault::content_unknown,
                raw.position,
                "the record commits to no content " + std::to_string(batch_.contents[next].ordinal)
            );
        }
        return found;
    }

    std::string examine_content(
        const RecordView& record,
        const Commitment& commitment,
        std::uint16_t ordinal,
        const RawBatch::Content& content
    ) {
        const std::string_view stored = batch_.view(content.value);
        Salt salt{};
        const std::size_t salt_bytes = std::min(stored.size(), salt.size());
        std::copy_n(stored.begin(), salt_bytes, salt.begin());
        const std::string_view text = stored.substr(salt_bytes);
        const bool is_it = salt_bytes == salt.size() &&
                           commitment_to(record.position, commitment.field, ordinal, salt, text) ==
                               commitment.digest;
        if (!is_it) {
            find(
                AuditFault::content_differs,
                record.position,
                "content " + std::to_string(ordinal) + " is not what the record commits to"
            );
        }
        return std::string(text);
    }

    void examine_facts(
        const RecordView& record, std::vector<FoundContent>& contents, ExaminedRecord& examined
    ) {
        const auto event = decode(record.type, record.schema, record.facts, contents);
        if (!event)
            return find(AuditFault::undecodable_facts, record.position, event.error().detail);
        if (const auto* const account = std::get_if<AccountEvent>(&*event))
            examined.erases_user = std::holds_alternative<ErasureBegun>(*account);
        const auto* const room_event = std::get_if<RoomEvent>(&*event);
        if (room_event == nullptr) return;
        if (const auto* const expired = std::get_if<ContentsExpired>(room_event))
            examined.expires_to = expired->up_to;
        examined.message = std::holds_alternative<MessageSent>(*room_event)
                               ? std::optional(record.version)
                               : message_named_by(*room_event);
        const auto* const deleted = std::get_if<MessageDeleted>(room_event);
        examined.destroys_message = deleted != nullptr && deleted->destroyed;
    }

    const RawBatch& batch_;
    const bool of_replica_;
    ExaminedBatch examined_;
};

}  // namespace

ExaminedBatch examine(const RawBatch& batch, bool of_replica) {
    return Examination(batch, of_replica).run();
}

}  // namespace verbatim
