#include "tools/engine.hpp"

#include "domain/limits.hpp"
#include "eventstore/rocks_event_log.hpp"
#include "protocol/key_file.hpp"
#include "protocol/random.hpp"
#include "tools/epoch.hpp"
#include "tools/former_notes.hpp"
#include "tools/unfinished.hpp"

#include <algorithm>
#include <chrono>
#include <sys/stat.h>
#include <system_error>
#include <utility>

namespace verbatim {

namespace {

constexpr auto house_interval = std::chrono::seconds(1);
constexpr auto upload_sweep_interval = std::chrono::minutes(1);

StoreResult<void> make_private_directory(const std::filesystem::path& directory) {
    std::error_code fault;
    const bool made = std::filesystem::create_directories(directory, fault);
    if (fault)
        return failure(StoreError{
            .fault = StoreFault::cannot_open,
            .position = {},
            .detail = "cannot make " + directory.string() + ": " + fault.message()});
    if (made) std::filesystem::permissions(directory, std::filesystem::perms::owner_all, fault);
    return {};
}

}  // namespace

StoreResult<std::unique_ptr<Engine>> Engine::open(EngineOptions options) {
    std::unique_ptr<Engine> engine(new Engine(std::move(options)));
    if (auto made = make_private_directory(engine->options_.data); !made)
        return failure(made.error());
    if (auto opened = engine->open_log(); !opened) return failure(opened.error());
    if (auto opened = engine->open_keys(); !opened) return failure(opened.error());
    if (!engine->options_.follows) engine->compare_with_checkpoint();
    auto views = open_views_storage((engine->options_.data / "views").string());
    if (!views) return failure(views.error());
    engine->views_ = std::make_unique<Views>(std::move(*views));
    for (const ReadNote& note : engine->log_->notes_at_opening()) engine->views_->note({{note}});
    if (auto opened = engine->open_uploads(); !opened) return failure(opened.error());
    engine->authenticator_ = std::make_unique<Authenticator>(*engine->tokens_, *engine->views_);
    return engine;
}

StoreResult<void> Engine::open_log() {
    if (const auto what = unfinished_in(options_.data))
        return failure(StoreError{
            StoreFault::cannot_open,
            {},
            options_.data.string() + ": " + *what + " has not ended. Begin it anew"});
    auto storage = open_log_storage(options_.data / "log");
    if (!storage) return failure(storage.error());
    log_storage_ = storage->get();
    LogOrigin if_new{.epoch = new_uuid(system_now()), .created_at = system_now()};
    if (options_.follows) if_new = options_.follows->origin;
    auto log = EventLog::open(std::move(*storage), random_bytes, if_new);
    if (!log) return failure(log.error());
    log_ = std::move(*log);
    return check_role();
}

StoreResult<void> Engine::check_role() {
    const LogOrigin& origin = log_->origin();
    if (!options_.follows) {
        if (!origin.is_replica) return {};
        return failure(StoreError{
            StoreFault::cannot_open,
            {},
            "this is a follower's copy, without secrets: use it with `verbatim follow`, or lead "
            "with the leader's own data or a backup of it"});
    }
    const Uuid& leaders = options_.follows->origin.epoch;
    if (leaders != Uuid() && origin.epoch != leaders)
        return failure(StoreError{
            StoreFault::log_diverged,
            {},
            "the log is of another epoch than the leader's. It is not repaired: follow with an "
            "empty data directory, or one copied from the leader"});
    // A copied data directory is a leader's until it follows.
    return origin.is_replica ? StoreResult<void>() : log_->mark_replica();
}

StoreResult<void> Engine::open_keys() {
    if (options_.follows) {
        tokens_ = Tokens::of_leader(options_.follows->jwks);
        // It makes none: its leader takes the commands.
        command_keys_ = std::make_unique<CommandKeys>(Seed{});
        if (tokens_) return {};
        return failure(StoreError{StoreFault::cannot_open, {}, "the leader's key set is none"});
    }
    auto tokens = Tokens::open(options_.data / "keys");
    if (!tokens) return failure(tokens.error());
    tokens_ = std::move(*tokens);
    const auto command_keys = CommandKeys::open(options_.data / "keys");
    if (!command_keys) return failure(command_keys.error());
    command_keys_ = std::make_unique<CommandKeys>(*command_keys);
    const std::filesystem::path key = options_.data / "keys" / "log.key";
    std::error_code fault;
    log_key_is_new_ = !std::filesystem::exists(key, fault);
    const auto seed = read_or_make_seed(key);
    if (!seed) return failure(seed.error());
    log_key_ = std::make_unique<NoteSigner>(log_key_name(log_->epoch()), *seed);
    if (log_key_is_new_) put_old_checkpoints_aside();
    return {};
}

StoreResult<void> Engine::open_uploads() {
    auto uploads = Uploads::open(
        {.data = options_.data,
         .file_bytes_max = options_.file_bytes_max,
         .clock = system_now,
         .new_uuid = [] { return new_uuid(system_now()); },
         .has_room = [this](std::uint64_t bytes
                     ) { return disk_free_bytes() >= options_.disk_reserve_bytes + bytes; },
         .report = options_.report,
         .before_change = {}},
        *views_
    );
    if (!uploads) return failure(uploads.error());
    uploads_ = std::move(*uploads);
    return {};
}

// What a lost key signed cannot be checked against the new one; it is kept for whoever has the old
// verifier key.
void Engine::put_old_checkpoints_aside() {
    const std::filesystem::path file = options_.data / "checkpoint";
    std::error_code fault;
    if (!std::filesystem::exists(file, fault)) return;
    const auto retired = retire_notes(options_.data);
    options_.report(
        "the log key was made anew: " + log_key_->verifier_key() +
        "; what the lost one signed is " +
        (retired ? "kept in " + file.string() + ".old"
                 : "still in " + file.string() + ": " + describe(retired.error()))
    );
}

void Engine::declare_loss(std::string why) {
    options_.report(
        why + "; no commands are taken. Restore a backup of the log, or go on " +
        "without what is lost: verbatim log accept-loss."
    );
    loss_ = std::move(why);
}

void Engine::compare_with_checkpoint() {
    const std::uint64_t head = log_->head().value();
    const std::filesystem::path path = options_.data / "checkpoint";
    std::error_code ignored;
    // A log is never without: the first note is signed before the first command is taken. Not made
    // anew here, or the next start would know nothing of it.
    const bool must_be_there = head > 0 && !log_key_is_new_;
    if (must_be_there && !std::filesystem::exists(path, ignored))
        return declare_loss(
            path.string() + " is missing: the log has positions 1 to " + std::to_string(head) +
            ", and whether positions from " + std::to_string(head + 1) + " on are missing " +
            "cannot be told"
        );
    auto file = CheckpointFile::open(path, log_key_->verifier_key());
    if (!file)
        return declare_loss(
            "the signed tree heads do not belong to this log: " + describe(file.error())
        );
    checkpoints_ = std::move(*file);
    publish_tree_head();
    const auto& signed_head = checkpoints_->last();
    if (!signed_head && must_be_there)
        return declare_loss(
            path.string() + " holds no signed tree head: whether positions from " +
            std::to_string(head + 1) + " on are missing cannot be told"
        );
    if (!signed_head) return sign_tree_head();
    if (signed_head->size > head) {
        declare_loss(
            "positions " + std::to_string(head + 1) + " to " + std::to_string(signed_head->size) +
            " are missing: the log is shorter than its checkpoint"
        );
        return;
    }
    const auto root = root_at(signed_head->size, log_->tree_nodes());
    if (!root)
        declare_loss("the log's tree cannot be read: " + describe(root.error()));
    else if (*root != signed_head->root)
        declare_loss(
            "the log differs from its checkpoint at or before position " +
            std::to_string(signed_head->size)
        );
}

StoreResult<void> Engine::catch_up(const std::function<void(const RebuildProgress&)>& progress) {
    auto caught_up = views_->catch_up(*log_, progress);
    return caught_up && options_.follows ? forget_what_was_copied() : caught_up;
}

void Engine::on_projected(std::function<void(const CommittedBatch&)> listener) {
    projected_ = std::move(listener);
}

void Engine::on_noted(std::function<void(const std::vector<ReadNoteChange>&)> listener) {
    noted_ = std::move(listener);
}

void Engine::on_announced(std::function<void(const std::shared_ptr<const CommittedBatch>&)> listener
) {
    announced_ = std::move(listener);
}

void Engine::prepare_sequencer() {
    SequencerOptions options;
    options.clock = system_now;
    options.random = random_bytes;
    options.observer = options_.batch_observer;
    options.destroy_deleted = options_.destroy_deleted;
    options.on_store_error = [this](const StoreError& error) { options_.report(describe(error)); };
    sequencer_ = std::make_unique<Sequencer>(*log_, *this, std::move(options));
    sequencer_->pause("not_ready");
}

void Engine::prepare_search(std::function<void(Position)> advanced) {
    search_ = std::make_unique<SearchIndex>(
        *log_,
        SearchIndexOptions{
            .file = options_.data / "search.sqlite",
            .report = options_.report,
            .advanced = std::move(advanced)}
    );
}

void Engine::start() {
    if (!sequencer_) prepare_sequencer();
    if (search_) search_->start();
    make_forgetting();
    {
        const std::lock_guard lock(pause_mutex_);
        started_ = true;
        pause_or_resume();
    }
    if (!loss_ && search_ && options_.forgets_by_itself) forgetting_->start();
    if (options_.follows) return;
    watch_disk();
    house_ = std::thread([this] { keep_house(); });
}

void Engine::make_forgetting() {
    forgetting_ = std::make_unique<Forgetting>(
        Forgetting::Parts{
            .log = *log_,
            .views = *views_,
            .sequencer = *sequencer_,
            .uploads = *uploads_,
            .search = search_.get()},
        ForgettingOptions{
            .retention_days = options_.retention_days,
            .is_of_copy = options_.follows.has_value(),
            .clock = system_now,
            .new_uuid = [] { return new_uuid(system_now()); },
            .report = options_.report,
            .before_step = options_.before_forgetting}
    );
    forgetting_->destroyed_copies(std::exchange(destroyed_copies_, {}));
}

void Engine::stop() {
    if (forgetting_) forgetting_->stop();
    if (sequencer_) sequencer_->stop();
    if (search_) search_->stop();
    {
        const std::lock_guard lock(house_mutex_);
        stopping_ = true;
    }
    house_wake_.notify_all();
    if (!house_.joinable()) return tree_heads_.end();
    house_.join();
    sign_tree_head();
    tree_heads_.end();
}

Engine::~Engine() {
    stop();
}

void Engine::project(const std::shared_ptr<const CommittedBatch>& batch) {
    if (!views_failed_) note_views(views_->apply(*batch, log_->epoch()));
    authenticator_->sessions_changed(*batch);
    note_posted(*batch);
    if (options_.follows) forget_copied(batch->events);
    if (projected_) projected_(*batch);
}

void Engine::note_posted(const CommittedBatch& batch) {
    for (const RecordedEvent& event : batch.events) {
        const auto* const room = std::get_if<RoomEvent>(&event.event);
        const auto* const sent = room ? std::get_if<MessageSent>(room) : nullptr;
        if (sent == nullptr) continue;
        for (const Attachment& file : sent->attachments) uploads_->note_posted(file.file);
    }
}

void Engine::note(const std::vector<ReadNoteChange>& changes) {
    views_->note(changes);
    if (noted_) noted_(changes);
}

void Engine::forget(const Forgotten& forgotten) {
    if (!views_failed_) note_views(views_->forget(forgotten.events));
}

void Engine::note_views(const StoreResult<void>& written) {
    if (written) return;
    views_failed_ = true;
    options_.report(
        "the views cannot be written: " + describe(written.error()) +
        ". Queries are refused until a restart; the log is complete."
    );
    const std::lock_guard lock(pause_mutex_);
    pause_or_resume();
}

void Engine::announce(const std::shared_ptr<const CommittedBatch>& batch) {
    if (search_) search_->wake();
    if (forgetting_) tell_forgetting(*batch);
    if (announced_) announced_(batch);
}

void Engine::tell_forgetting(const CommittedBatch& batch) {
    const bool begins_erasure = std::ranges::any_of(batch.events, [](const RecordedEvent& event) {
        const auto* const account = std::get_if<AccountEvent>(&event.event);
        return account != nullptr && std::holds_alternative<ErasureBegun>(*account);
    });
    if (begins_erasure) return forgetting_->wake();
    if (log_->needs_scrub()) forgetting_->found_destroyed();
}

std::optional<std::string> Engine::views_failure() const {
    return views_failed_ ? std::optional<std::string>("views_failed") : std::nullopt;
}

StoreResult<CopyNumber> Engine::copy_log_to(
    const std::filesystem::path& directory, const CopyProgress& progress
) {
    return copy_log(*log_storage_, directory, progress);
}

std::uint64_t Engine::disk_free_bytes() const {
    if (options_.disk_free_bytes) return options_.disk_free_bytes();
    std::error_code fault;
    const auto space = std::filesystem::space(options_.data, fault);
    return fault ? 0 : space.available;
}

void Engine::keep_house() {
    std::unique_lock lock(house_mutex_);
    while (!stopping_) {
        house_wake_.wait_for(lock, house_interval, [this] { return stopping_; });
        lock.unlock();
        watch_disk();
        sequencer_->record_due_reads();
        sign_tree_head();
        tree_heads_.sweep(TreeHeads::Clock::now());
        sweep_uploads();
        lock.lock();
    }
}

// RocksDB can crash-loop on a full disk even with synced writes (facebook/rocksdb#7784), so
// commands stop while there is still room.
void Engine::watch_disk() {
    if (loss_ || views_failed_) return;
    const bool is_low = disk_free_bytes() < options_.disk_reserve_bytes;
    const std::lock_guard lock(pause_mutex_);
    if (is_low == paused_for_disk_) return;
    paused_for_disk_ = is_low;
    options_.report(
        is_low ? "less than " + std::to_string(options_.disk_reserve_bytes >> 20) +
                     " MiB are free for " + options_.data.string() +
                     ": no commands are taken until there is room"
               : "there is room on the disk again"
    );
    pause_or_resume();
}

void Engine::hold_commands(std::optional<std::string> reason) {
    const std::lock_guard lock(pause_mutex_);
    held_ = std::move(reason);
    pause_or_resume();
}

// Requires: pause_mutex_ is held.
void Engine::pause_or_resume() {
    if (!started_) return;
    if (options_.follows) return sequencer_->pause("follower");
    if (loss_) return sequencer_->pause("log_incomplete");
    if (views_failed_) return sequencer_->pause("restart_required");
    if (held_) return sequencer_->pause(*held_);
    if (paused_for_disk_) return sequencer_->pause("disk_almost_full");
    sequencer_->resume();
}

// A view that failed does not know any more what was posted.
void Engine::sweep_uploads() {
    const auto now = std::chrono::steady_clock::now();
    if (loss_ || views_failed_ || now < next_sweep_) return;
    next_sweep_ = now + upload_sweep_interval;
    uploads_->sweep();
}

void Engine::sign_tree_head() {
    if (loss_ || !checkpoints_) return;
    const auto [size, root] = log_->tree_head();
    if (checkpoints_->last() && checkpoints_->last()->size == size) return;
    const TreeHead head{.origin = log_key_->name(), .size = size, .root = root, .at = system_now()};
    const auto kept = checkpoints_->append(log_key_->sign(head), head);
    if (!kept)
        return options_.report("the signed tree head was not kept: " + describe(kept.error()));
    publish_tree_head();
}

void Engine::publish_tree_head() {
    if (!checkpoints_->last()) return;
    tree_heads_.kept({.note = checkpoints_->last_note(), .size = checkpoints_->last()->size});
}

std::string Engine::verifier_key() const {
    return log_key_ ? log_key_->verifier_key() : std::string();
}

void Engine::tell_tree_head(Position covering, TreeHeadListener listener) {
    const auto patience = std::chrono::milliseconds(limits::min_position_wait_ms);
    tree_heads_.tell(covering, TreeHeads::Clock::now() + patience, std::move(listener));
}

}  // namespace verbatim
