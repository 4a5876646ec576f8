#include "eventstore/audit/raw_batch.hpp"

#include "eventstore/event_log.hpp"

namespace verbatim {
namespace {

constexpr std::size_t records_per_batch = 1'024;
constexpr std::size_t bytes_per_batch = 1u << 20;

}  // namespace

RawReader::RawReader(const Storage& storage, Position after, AuditFindings& findings)
    : findings_(findings),
      records_(storage.cursor(EventLog::records)),
      contents_(storage.cursor(EventLog::contents)),
      at_(after) {
    records_->seek(record_key(after.next()));
    contents_->seek(content_key(after.next(), 0));
}

RawBatch RawReader::next() {
    RawBatch batch;
    if (has_ended_) return batch;
    batch.bytes.reserve(bytes_per_batch + bytes_per_batch / 4);
    batch.records.reserve(records_per_batch);
    batch.contents.reserve(records_per_batch);
    while (records_->valid() && batch.records.size() < records_per_batch &&
           batch.bytes.size() < bytes_per_batch) {
        add_record(batch);
        records_->next();
    }
    if (!records_->valid()) end();
    return batch;
}

void RawReader::add_record(RawBatch& batch) {
    const auto position = position_of_record_key(records_->key());
    if (!position || *position <= at_) {
        findings_.add(AuditFault::unreadable, at_.next(), "a record's key is no position");
        return;
    }
    if (*position != at_.next()) {
        findings_.add(
            {AuditFault::missing_record,
             at_.next(),
             Position(position->value() - 1),
             "no record stands here, but one behind it"}
        );
    }
    at_ = *position;
    RawBatch::Record record{
        .position = *position,
        .value = copy(batch, records_->value()),
        .contents_begin = batch.contents.size()};
    take_contents(batch, *position);
    record.contents_end = batch.contents.size();
    batch.records.push_back(record);
}

void RawReader::take_contents(RawBatch& batch, Position position) {
    for (; contents_->valid(); contents_->next()) {
        const auto place = place_of_content_key(contents_->key());
        if (place && place->position > position) return;
        if (!place || place->position < position) {
            note_unknown(place);
            continue;
        }
        batch.contents.push_back({place->ordinal, copy(batch, contents_->value())});
    }
}

void RawReader::note_unknown(const std::optional<ContentPlace>& place) {
    findings_.add(
        AuditFault::content_unknown,
        place ? place->position : at_,
        "a content stands where no record commits to one"
    );
}

void RawReader::end() {
    has_ended_ = true;
    for (; contents_->valid(); contents_->next())
        note_unknown(place_of_content_key(contents_->key()));
    for (const auto* cursor : {records_.get(), contents_.get()}) {
        const auto status = cursor->status();
        if (!status)
            findings_.add(AuditFault::unreadable, at_.next(), verbatim::describe(status.error()));
    }
}

RawBatch::Slice RawReader::copy(RawBatch& batch, std::string_view value) {
    const RawBatch::Slice slice{batch.bytes.size(), value.size()};
    batch.bytes += value;
    return slice;
}

}  // namespace verbatim
