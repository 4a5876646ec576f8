#pragma once

#include "domain/limits.hpp"
#include "eventstore/checkpoint.hpp"
#include "eventstore/commands/sequencer.hpp"
#include "eventstore/event_log.hpp"
#include "eventstore/log_copies.hpp"
#include "projections/search_index.hpp"
#include "projections/views.hpp"
#include "protocol/authenticator.hpp"
#include "protocol/command_key.hpp"
#include "protocol/tokens.hpp"
#include "protocol/uploads.hpp"
#include "tools/forgetting.hpp"
#include "tools/tree_heads.hpp"

#include <chrono>
#include <condition_variable>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <thread>
#include <vector>

namespace verbatim {

// What a follower knows of the leader whose log it copies.
struct FollowedLeader {
    // Of its log; is_replica is set. The epoch is nil where the leader is away: then any will do.
    LogOrigin origin;
    std::string jwks;  // the keys that it signs access tokens with
};

struct EngineOptions {
    // nullopt: this node leads. Otherwise the log is a replica: its sequencer takes no command,
    // nothing is signed, and what is beside the log is only what the leader has too.
    std::optional<FollowedLeader> follows;
    std::filesystem::path data = "data";
    std::uint64_t disk_reserve_bytes = 1ull << 30;  // below it no commands are taken
    bool destroy_deleted = false;
    std::optional<std::uint32_t> retention_days{};  // of rooms that say nothing
    bool forgets_by_itself = true;                  // false: forgetting().run() is the caller's
    std::function<void(ForgettingStep)> before_forgetting{};  // tests stop here
    std::uint64_t file_bytes_max = limits::file_bytes_max;    // of an upload
    // Operating failures and what becomes of them, for people.
    std::function<void(const std::string&)> report;
    std::function<void(const BatchTiming&)> batch_observer;  // may be empty
    // Free bytes beside `data`, asked about every second; empty: those of its file system.
    std::function<std::uint64_t()> disk_free_bytes;
};

// The part of a node that needs no socket: a data directory with its log, read models, keys and
// checkpoints, and the sequencer on top. What `verbatim serve` and the tools that write share.
//
// Threads:  open, catch_up, start and stop by one thread; the rest as the parts say.
// Lifetime: parts live as long as the engine; listeners must outlive stop().
class Engine final : public CommitListener {
public:
    // Opens or makes `data`. A log that is shorter than its checkpoint, differs from it, or has
    // lost it, is a declared loss: it opens, says which positions are missing, and takes no
    // commands. Errors: those of the log, the views and the keys; cannot_open when another process
    // has it, a restore or an import has not filled it, or it is a replica and this node was to
    // lead; log_diverged when it is of another epoch than the leader's.
    [[nodiscard]] static StoreResult<std::unique_ptr<Engine>> open(EngineOptions options);
    ~Engine() override;

    // Brings the views to the log's head. A follower then destroys what its log says is destroyed
    // and is still there: what was copied without telling listener(), or just before a crash.
    // Before start().
    [[nodiscard]] StoreResult<void> catch_up(
        const std::function<void(const RebuildProgress&)>& progress
    );

    // Called after the views were changed and before the commands are answered, on the writer
    // thread.
    void on_projected(std::function<void(const CommittedBatch&)> listener);
    // Called when read markers are noted, after queries show them, on the writer thread. Must not
    // block.
    void on_noted(std::function<void(const std::vector<ReadNoteChange>&)> listener);
    // Called after the answers, on the writer thread. Must not block.
    void on_announced(std::function<void(const std::shared_ptr<const CommittedBatch>&)> listener);

    // Makes the sequencer, paused with `not_ready` until start(): for parts that refer to it.
    void prepare_sequencer();
    // Makes the search index, for nodes that answer searches. It is built from start() on, while
    // everything else goes on; `advanced` is called on its thread after each step.
    void prepare_search(std::function<void(Position)> advanced);
    // From now on commands are taken. Requires: catch_up() has succeeded; listeners are set.
    void start();
    // Refuses commands with `reason`, one of the closed list; nullopt: takes them again where
    // nothing else stands against it. What was taken goes on. Any thread, from prepare_sequencer()
    // on; before start() it decides what that does.
    void hold_commands(std::optional<std::string> reason);
    // Answers what was taken, signs the last tree head.
    void stop();

    [[nodiscard]] EventLog& log() { return *log_; }
    // Whom a replicator tells of what it appended, as the sequencer does.
    [[nodiscard]] CommitListener& listener() { return *this; }
    [[nodiscard]] Views& views() { return *views_; }
    // Requires: prepare_sequencer() or start().
    [[nodiscard]] Sequencer& sequencer() { return *sequencer_; }
    // Requires: prepare_search().
    [[nodiscard]] SearchIndex& search() { return *search_; }
    [[nodiscard]] Tokens& tokens() { return *tokens_; }
    // What is to be forgotten; where there is a search index to be kept clean it goes by itself,
    // if it may, else run() is the caller's. Requires: start().
    [[nodiscard]] Forgetting& forgetting() { return *forgetting_; }
    [[nodiscard]] Authenticator& authenticator() { return *authenticator_; }
    [[nodiscard]] const CommandKeys& command_keys() const { return *command_keys_; }
    [[nodiscard]] Uploads& uploads() { return *uploads_; }
    // The key that the log's tree heads are signed with, as C2SP writes it. Empty on a follower.
    [[nodiscard]] std::string verifier_key() const;
    // Tells the newest signed tree head that covers `covering`: at once where there is one, else
    // when it is signed, which is within a second of the commit. nullopt: none came for
    // limits::min_position_wait_ms, or the log's end was lost and nothing is signed any more.
    // Any thread; `listener` is called by this one or the engine's own, and must not block.
    void tell_tree_head(Position covering, TreeHeadListener listener);
    // As copy_log() says. Any thread.
    [[nodiscard]] StoreResult<CopyNumber> copy_log_to(
        const std::filesystem::path& directory, const CopyProgress& progress
    );
    // The declared loss, in words; nullopt: there is none.
    [[nodiscard]] const std::optional<std::string>& declared_loss() const { return loss_; }
    [[nodiscard]] std::uint64_t disk_free_bytes() const;
    [[nodiscard]] bool has_room() const { return disk_free_bytes() >= options_.disk_reserve_bytes; }
    // Why queries cannot be trusted any more (the views' store failed), or nullopt.
    [[nodiscard]] std::optional<std::string> views_failure() const;

private:
    explicit Engine(EngineOptions options) : options_(std::move(options)) {}

    StoreResult<void> open_log();
    StoreResult<void> check_role();
    StoreResult<void> open_keys();
    StoreResult<void> open_uploads();
    void put_old_checkpoints_aside();
    void compare_with_checkpoint();
    void declare_loss(std::string why);
    void project(const std::shared_ptr<const CommittedBatch>& batch) override;
    void note(const std::vector<ReadNoteChange>& changes) override;
    void forget(const Forgotten& forgotten) override;
    void announce(const std::shared_ptr<const CommittedBatch>& batch) override;
    void note_views(const StoreResult<void>& written);
    void note_posted(const CommittedBatch& batch);
    [[nodiscard]] StoreResult<void> forget_what_was_copied();
    void forget_copied(std::span<const RecordedEvent> events);
    void forget_copies(DestroyedCopies due);
    [[nodiscard]] StoreResult<void> destroy_copies(const DestroyedCopies& due);
    [[nodiscard]] StoreResult<void> destroy_copies(ForgettingWalk& walk);
    void make_forgetting();
    void tell_forgetting(const CommittedBatch& batch);
    void keep_house();
    void watch_disk();
    void pause_or_resume();
    void sweep_uploads();
    void sign_tree_head();
    void publish_tree_head();

    EngineOptions options_;
    Storage* log_storage_ = nullptr;  // log_'s
    std::unique_ptr<EventLog> log_;
    std::unique_ptr<Views> views_;
    std::unique_ptr<SearchIndex> search_;
    std::unique_ptr<Uploads> uploads_;
    std::unique_ptr<Tokens> tokens_;
    std::unique_ptr<CommandKeys> command_keys_;
    std::unique_ptr<NoteSigner> log_key_;
    std::unique_ptr<CheckpointFile> checkpoints_;
    TreeHeads tree_heads_;
    std::unique_ptr<Authenticator> authenticator_;
    std::unique_ptr<Sequencer> sequencer_;
    std::unique_ptr<Forgetting> forgetting_;
    std::function<void(const CommittedBatch&)> projected_;
    std::function<void(const std::vector<ReadNoteChange>&)> noted_;
    std::function<void(const std::shared_ptr<const CommittedBatch>&)> announced_;
    DestroyedCopies destroyed_copies_;  // before start(): what forgetting_ is to be told
    bool log_key_is_new_ = false;       // it was missing, and made at this start
    std::optional<std::string> loss_;   // the declared one
    // What stands against taking commands, besides a loss and failed views.
    std::mutex pause_mutex_;
    bool started_ = false;
    bool paused_for_disk_ = false;
    std::optional<std::string> held_;
    std::chrono::steady_clock::time_point next_sweep_;  // of uploads
    std::atomic<bool> views_failed_{false};
    std::mutex house_mutex_;
    std::condition_variable house_wake_;
    bool stopping_ = false;
    std::thread house_;
};

}  // namespace verbatim
