#include "tools/erasures.hpp"

#include "domain/message.hpp"
#include "domain/overloaded.hpp"
#include "eventstore/codec.hpp"
#include "eventstore/record_reader.hpp"
#include "tools/log_jsonl.hpp"
#include "tools/stored_log.hpp"

#include <algorithm>
#include <array>
#include <fstream>
#include <string>
#include <system_error>

namespace verbatim {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t events_per_scan = 1'024;
constexpr std::size_t examined_per_scan = 65'536;
constexpr std::size_t bytes_per_scan = 4u << 20;

bool is_erasing(std::string_view type) {
    constexpr std::array<std::string_view, 3> types{
        "user.erasure_begun", "message.deleted", "room.contents_expired"};
    return std::ranges::find(types, type) != types.end();
}

StoreError other_history(const fs::path& source, const CommonPast& past) {
    return {
        StoreFault::log_differs_from_checkpoint,
        past.position,
        source.string() + " is of another history, or ends before what is restored"};
}

StoreResult<Erasures> erasures_in_data(const fs::path& data, const CommonPast& past) {
    const auto log = open_log_to_read(data);
    if (!log) return failure(log.error());
    if ((*log)->head() < past.position) return failure(other_history(data, past));
    const auto leaf = (*log)->leaf_hash(past.position);
    if (!leaf) return failure(leaf.error());
    if (*leaf != past.leaf) return failure(other_history(data, past));
    return erasures_in(**log, past.position);
}

// A line's record, where it bears on anything: from the end of the common past on.
class ExportReader {
public:
    ExportReader(const fs::path& file, const CommonPast& past) : file_(file), past_(past) {}

    StoreResult<Erasures> read() {
        std::ifstream in(file_, std::ios::binary);
        if (!in)
            return failure(StoreError{StoreFault::cannot_open, {}, "cannot read " + file_.string()}
            );
        std::uint64_t number = 0;
        for (std::string line; std::getline(in, line);) {
            ++number;
            auto parsed = parse_export_line(line);
            auto taken = parsed ? take(*parsed) : failure(wrong(number, parsed.error()));
            if (!taken) return failure(taken.error());
        }
        if (erasures_.head < past_.position) return failure(other_history(file_, past_));
        return std::move(erasures_);
    }

private:
    [[nodiscard]] StoreError wrong(std::uint64_t number, const std::string& why) const {
        return {
            StoreFault::corrupt_record,
            {},
            file_.string() + ": line " + std::to_string(number) + " " + why};
    }

    StoreResult<void> take(const ExportLine& line) {
        const auto* const event = std::get_if<ExportedEvent>(&line);
        if (!event) return {};
        erasures_.head = event->position;
        if (event->position < past_.position) return {};
        const auto record = parse_record(event->stored.record);
        if (!record) return failure(record.error());
        if (event->position == past_.position) {
            if (leaf_hash_of(record->leaf) == past_.leaf) return {};
            return failure(other_history(file_, past_));
        }
        if (!is_erasing(record->type)) return {};
        auto decoded = decode(record->type, record->schema, record->facts, {});
        if (!decoded) return failure(decoded.error());
        erasures_.add(RecordReader::enveloped(*record, std::move(*decoded)));
        return {};
    }

    const fs::path& file_;
    const CommonPast& past_;
    Erasures erasures_;
};

}  // namespace

void Erasures::add(const RecordedEvent& event) {
    if (const auto* const account = std::get_if<AccountEvent>(&event.event)) {
        if (std::holds_alternative<ErasureBegun>(*account))
            users.emplace(UserId(event.stream.id), event.actor);
        return;
    }
    const auto* const room_event = std::get_if<RoomEvent>(&event.event);
    if (!room_event) return;
    const RoomId room(event.stream.id);
    if (const auto* const deleted = std::get_if<MessageDeleted>(room_event)) {
        if (deleted->destroyed) messages.emplace(std::pair(room, deleted->seq), event.actor);
    } else if (const auto* const ended = std::get_if<ContentsExpired>(room_event)) {
        Version& up_to = expired[room];
        up_to = std::max(up_to, ended->up_to);
    }
}

void Erasures::add(const Erasures& others) {
    users.insert(others.users.begin(), others.users.end());
    messages.insert(others.messages.begin(), others.messages.end());
    for (const auto& [room, up_to] : others.expired) expired[room] = std::max(expired[room], up_to);
    head = std::max(head, others.head);
}

StoreResult<bool> Erasures::destroy_contents_of(const RecordView& record) const {
    if (record.commitments.empty()) return false;
    if (users.contains(record.actor)) return true;
    if (record.stream.kind != StreamKind::room || !record.type.starts_with("message."))
        return false;
    const RoomId room(record.stream.id);
    const auto age = expired.find(room);
    if (age != expired.end() && record.version <= age->second) return true;
    // Of a room without destroyed messages nothing has to be decoded.
    const auto first = messages.lower_bound({room, Version()});
    if (first == messages.end() || first->first.first != room) return false;
    if (record.type == "message.sent") return messages.contains({room, record.version});
    std::vector<FoundContent> gone;
    for (const Commitment& commitment : record.commitments)
        gone.push_back({commitment.field, std::nullopt});
    const auto decoded = decode(record.type, record.schema, record.facts, gone);
    if (!decoded) return failure(decoded.error());
    const auto* const event = std::get_if<RoomEvent>(&*decoded);
    const auto seq = event ? message_named_by(*event) : std::nullopt;
    return seq && messages.contains({room, *seq});
}

StoreResult<Erasures> erasures_in(const EventLog& log, Position after) {
    Erasures erasures;
    const Position head = log.head();
    for (Position at = after; at < head;) {
        const auto found = log.scan(
            {.after = at,
             .up_to = head,
             .wants = [](const RecordView& record) { return is_erasing(record.type); },
             .events_max = events_per_scan,
             .examined_max = examined_per_scan,
             .bytes_max = bytes_per_scan}
        );
        if (!found) return failure(found.error());
        for (const RecordedEvent& event : found->events) erasures.add(event);
        at = found->reached;
    }
    erasures.head = std::max(head, after);
    return erasures;
}

StoreResult<Erasures> erasures_from(const fs::path& source, const CommonPast& past) {
    std::error_code fault;
    if (fs::is_directory(source, fault)) return erasures_in_data(source, past);
    return ExportReader(source, past).read();
}

}  // namespace verbatim
