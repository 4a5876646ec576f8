#include "tools/former_notes.hpp"

#include "domain/server.hpp"
#include "domain/type_id.hpp"
#include "eventstore/durable_file.hpp"
#include "eventstore/event_log.hpp"
#include "eventstore/log_keys.hpp"
#include "eventstore/record_reader.hpp"

#include <algorithm>
#include <iterator>
#include <limits>
#include <optional>
#include <system_error>
#include <utility>

namespace verbatim {

namespace fs = std::filesystem;

namespace {

constexpr std::string_view file_name = "checkpoint";
constexpr std::string_view former_prefix = "checkpoint.";
constexpr std::string_view origin_prefix = "verbatim/";
constexpr const char* retired_extension = ".old";

// An epoch that ended, and what the event that ended it says.
struct EndedEpoch {
    std::string epoch;
    FormerEpoch end;
};

// In the order of the log.
StoreResult<std::vector<EndedEpoch>> ended_epochs(const Storage& log) {
    std::vector<EndedEpoch> ended;
    const RecordReader reader(log);
    const Key prefix = stream_prefix(server_stream);
    const auto cursor = log.cursor(EventLog::streams, end_of_prefix(prefix));
    for (cursor->seek(prefix); cursor->valid(); cursor->next()) {
        const auto entry = parse_stream_value(cursor->value());
        if (!entry) continue;  // the audit does not look at the index: what it lacks, it lacks
        const auto event = reader.event(entry->position);
        if (!event) return failure(event.error());
        const auto* const server = std::get_if<ServerEvent>(&event->event);
        const auto* const begun = server ? std::get_if<EpochBegun>(server) : nullptr;
        if (begun == nullptr) continue;
        ended.push_back(
            {base32_text(begun->previous),
             {begun->kept_to, entry->position, begun->cause, event->at}}
        );
    }
    if (auto status = cursor->status(); !status) return failure(status.error());
    return ended;
}

// An epoch that no event names was before one that was cut off: it has at least what that one kept.
FormerEpoch former_epoch(const std::string& epoch, const std::vector<EndedEpoch>& ended) {
    if (ended.empty()) return {};
    const auto named = std::ranges::find(ended, epoch, &EndedEpoch::epoch);
    const auto first = named == ended.end() ? ended.begin() : named;
    const auto least = std::ranges::min_element(first, ended.end(), {}, [](const EndedEpoch& one) {
        return one.end.kept_to;
    });
    return least->end;
}

std::vector<fs::path> note_files(const fs::path& directory) {
    std::vector<fs::path> files;
    std::error_code fault;
    for (const auto& entry : fs::directory_iterator(directory, fault)) {
        const std::string name = entry.path().filename();
        if (name == file_name || (name.starts_with(former_prefix) && !name.ends_with(".new")))
            files.push_back(entry.path());
    }
    std::ranges::sort(files);
    return files;
}

AuditFinding not_signed(const std::string& note, const fs::path& file, std::size_t number) {
    const auto said = read_checkpoint(note);
    const Position at(said ? std::max<std::uint64_t>(said->size, 1) : 1);
    return {
        AuditFault::note_not_signed,
        at,
        at,
        "note " + std::to_string(number) + " of " + file.filename().string() +
            " is not signed by the log's key"};
}

}  // namespace

std::optional<TreeHead> verify_note_of_any_epoch(
    const std::string& note, const std::string& verifier_key
) {
    const auto said = read_checkpoint(note);
    if (!said || !said->origin.starts_with(origin_prefix)) return std::nullopt;
    const auto key = renamed_key(verifier_key, said->origin);
    return key ? verify_checkpoint(note, *key) : std::nullopt;
}

StoreResult<FormerNotes> read_former_notes(
    const fs::path& directory, const Storage& log, const std::string& verifier_key
) {
    const auto ended = ended_epochs(log);
    if (!ended) return failure(ended.error());
    FormerNotes former;
    for (const fs::path& file : note_files(directory)) {
        const std::string epoch = file.extension().string().erase(0, 1);
        // No name of an epoch: what a lost key signed, retired, which cannot be checked.
        if (!parse_base32(epoch)) continue;
        const auto notes = read_notes(file);
        if (!notes) return failure(notes.error());
        const Position common = former_epoch(epoch, *ended).kept_to;
        std::size_t number = 0;
        for (const std::string& note : *notes) {
            ++number;
            auto head = verify_note_of_any_epoch(note, verifier_key);
            if (!head || head->origin != std::string(origin_prefix) + epoch)
                former.findings.push_back(not_signed(note, file, number));
            else if (head->size > common.value())
                ++former.given_up;
            else
                former.heads.push_back(std::move(*head));
        }
    }
    std::ranges::stable_sort(former.heads, {}, &TreeHead::size);
    return former;
}

StoreResult<FormerEpoch> former_epoch_of(const Storage& log, const TreeHead& head) {
    const auto ended = ended_epochs(log);
    if (!ended) return failure(ended.error());
    return former_epoch(head.origin.substr(origin_prefix.size()), *ended);
}

StoreResult<std::vector<std::string>> all_notes_in(const fs::path& directory) {
    std::vector<std::string> all;
    for (const fs::path& file : note_files(directory)) {
        if (file.extension() == retired_extension) continue;
        auto notes = read_notes(file);
        if (!notes) return failure(notes.error());
        std::ranges::move(*notes, std::back_inserter(all));
    }
    return all;
}

StoreResult<void> copy_notes(const fs::path& from, const fs::path& to) {
    for (const fs::path& file : note_files(from)) {
        const auto notes = read_notes(file);
        if (!notes) return failure(notes.error());
        std::string text;
        for (const std::string& note : *notes) text += note;
        if (auto kept = replace_file(to / file.filename(), text); !kept) return kept;
    }
    return {};
}

StoreResult<void> retire_notes(const fs::path& directory) {
    for (const fs::path& file : note_files(directory)) {
        if (file.extension() == retired_extension) continue;
        if (auto moved = move_file(file, file.string() + retired_extension); !moved) return moved;
    }
    return {};
}

}  // namespace verbatim
