#include "tools/epoch.hpp"

#include "domain/type_id.hpp"
#include "eventstore/checkpoint.hpp"
#include "eventstore/durable_file.hpp"
#include "eventstore/log_keys.hpp"
#include "protocol/key_file.hpp"
#include "protocol/random.hpp"

#include <algorithm>
#include <string>

namespace verbatim {

namespace fs = std::filesystem;

namespace {

// What the notes of the file say their key's name is; all of one file say the same.
StoreResult<std::string> origin_of(const std::vector<std::string>& notes, const fs::path& file) {
    const auto head = notes.empty() ? std::nullopt : read_checkpoint(notes.front());
    if (head) return head->origin;
    return failure(StoreError{
        StoreFault::corrupt_record, {}, file.string() + " holds no signed tree head"});
}

StoreResult<void> put_aside(const fs::path& file, const std::string& own_name) {
    std::error_code fault;
    if (!fs::exists(file, fault)) return {};
    auto notes = read_notes(file);
    if (!notes) return failure(notes.error());
    const auto origin = origin_of(*notes, file);
    const bool is_unreadable = !origin;
    if (!is_unreadable && *origin == own_name) return {};  // repeated: it is the new one
    const std::string suffix =
        is_unreadable ? "unreadable" : origin->substr(origin->rfind('/') + 1);
    const fs::path aside = file.string() + "." + suffix;
    if (is_unreadable || !fs::exists(aside, fault)) return move_file(file, aside);
    // An epoch that came back with a restored backup, and ended again.
    auto all = read_notes(aside);
    if (!all) return failure(all.error());
    std::string text;
    for (const std::string& note : *all) text += note;
    for (const std::string& note : *notes)
        if (std::ranges::find(*all, note) == all->end()) text += note;
    if (auto kept = replace_file(aside, text); !kept) return kept;
    return remove_file(file);
}

}  // namespace

std::string log_key_name(const Uuid& epoch) {
    return "verbatim/" + base32_text(epoch);
}

StoreResult<Uuid> begin_epoch(EventLog& log, const EpochChange& change) {
    const auto version = log.version_of(server_stream);
    if (!version) return failure(version.error());
    const Timestamp now = system_now();
    const Uuid epoch = new_uuid(now);
    const EpochBegun begun{
        .cause = change.cause,
        .previous = log.epoch(),
        .kept_to = change.kept_to,
        .lost_to = change.lost_to};
    CommitBatch begins;
    begins.events.push_back(
        {.position = log.head().next(),
         .stream = server_stream,
         .version = version->next(),
         .id = EventId(new_uuid(now)),
         .command = CommandId(new_uuid(now)),
         .at = std::max(now, log.last_at()),
         .occurred_at = std::nullopt,
         .actor = the_server,
         .key = std::nullopt,
         .event = ServerEvent(begun)}
    );
    PreparedBatch batch = log.prepare(begins);
    batch.writes->put(
        EventLog::meta,
        meta_key,
        meta_value({.min_reader = log.min_reader(), .epoch = epoch, .created_at = log.created_at()})
    );
    if (log.origin().is_replica) {
        batch.writes->put(EventLog::meta, without_secrets_key, {});
        // What had destroyed a content may not have been copied yet.
        batch.writes->put(EventLog::meta, thinned_key, number_value(change.kept_to.value()));
    }
    if (auto written = log.commit(std::move(batch)); !written) return failure(written.error());
    return epoch;
}

StoreResult<void> put_tree_heads_aside(const fs::path& data, const EventLog& log) {
    return put_aside(data / "checkpoint", log_key_name(log.epoch()));
}

StoreResult<void> begin_tree_heads(const fs::path& data, const EventLog& log) {
    const auto seed = read_or_make_seed(data / "keys" / "log.key");
    if (!seed) return failure(seed.error());
    const NoteSigner signer(log_key_name(log.epoch()), *seed);
    if (auto aside = put_tree_heads_aside(data, log); !aside) return aside;
    auto checkpoints = CheckpointFile::open(data / "checkpoint", signer.verifier_key());
    if (!checkpoints) return failure(checkpoints.error());
    const auto [size, root] = log.tree_head();
    if ((*checkpoints)->last() && (*checkpoints)->last()->size == size) return {};
    const TreeHead head{.origin = signer.name(), .size = size, .root = root, .at = system_now()};
    return (*checkpoints)->append(signer.sign(head), head);
}

}  // namespace verbatim
