#pragma once

#include "eventstore/commit_listener.hpp"
#include "eventstore/event_log.hpp"
#include "projections/api_keys.hpp"
#include "projections/holds.hpp"
#include "projections/invite_links.hpp"
#include "projections/memberships.hpp"
#include "projections/posted_files.hpp"
#include "projections/read_markers.hpp"
#include "projections/rebuild.hpp"
#include "projections/room_directory.hpp"
#include "projections/room_timeline.hpp"
#include "projections/sessions.hpp"
#include "projections/users.hpp"
#include "projections/view_slots.hpp"

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace verbatim {

struct RebuildProgress {
    std::string views;  // names, joined by commas
    Position done;
    Position target;
    double events_per_second = 0;
    double seconds_left = 0;
};

struct ViewStatus {
    std::string name;
    std::uint32_t schema = 0;
    Position position;
    std::optional<Timestamp> rebuilt_at{};  // by rebuild(), beside a live copy
};

// All read models and their store. What is applied becomes visible to queries at once, all views
// together.
//
// Threads:  apply() by one thread (the sequencer's writer, through app/node); rebuild() by another;
//           queries by any.
// Lifetime: queries read the store that the Views own; they must not outlive it.
class Views {
public:
    [[nodiscard]] static std::vector<std::string> names();
    // Of their store: each view has two, of which one is live (view_slots.hpp).
    [[nodiscard]] static std::vector<std::string> column_names();
    // Where it cannot be told which columns are live, catch_up() and apply() fail with the reason.
    explicit Views(std::unique_ptr<Storage> storage);
    ~Views();

    // Brings every view to the log's head: rebuilds those that are missing, of another schema, of
    // another epoch, ahead of the log or that differ from it at their checkpoint (leaf hash), and
    // lets the others catch up. Removes what an interrupted rebuild() has left beside them. Calls
    // `progress` about ten times a second while it lasts.
    // Before anything else is called. Errors: io_failed, corrupt_record, …; the views are then
    // unusable.
    [[nodiscard]] StoreResult<void> catch_up(
        const EventLog& log, const std::function<void(const RebuildProgress&)>& progress
    );

    // Applies what was committed, in order; events at or before position() are skipped. One write
    // with all checkpoints, not synced: what a crash takes is folded again at the next start.
    // Errors: io_failed, corrupt_record of a row, outcome_unknown. Nothing of the batch is visible;
    // every later apply() fails with the same until the process is restarted.
    [[nodiscard]] StoreResult<void> apply(const CommittedBatch& batch, Uuid epoch);

    // Folds the log into a fresh copy of one view beside the live one, which goes on being read and
    // applied to; compares the two where both have folded the same; then puts the fresh copy in the
    // place of the live one, whichever of them was wrong, and removes that. Holds apply() up for
    // some milliseconds, twice. Memory is bounded; on disk the view is there twice meanwhile. After
    // a crash the old copy is live and the next catch_up() removes the other, or the new one is.
    //
    // Requires: catch_up() has succeeded; no other rebuild() goes on; `view` is one of names().
    // Errors: those of reading `log`, of writing and of apply(). The old copy is live then.
    [[nodiscard]] StoreResult<RebuildReport> rebuild(
        std::string_view view, const EventLog& log, const RebuildRequest& request
    );
    // Contents that the views may show are destroyed in the log: they leave the rows, in one write.
    // On the thread of apply(). Errors: as of apply().
    [[nodiscard]] StoreResult<void> forget(std::span<const RecordedEvent> events);
    // Leaves no byte of what rows once held in the store's files, and makes all of it durable.
    // Slow; any thread, one at a time. Errors: io_failed.
    [[nodiscard]] StoreResult<void> scrub();
    // Has a scrub() that goes on end soon, as failed. Any thread.
    void cancel_scrub();

    // Read markers that are noted, or no more (CommitListener::note). On the thread of apply().
    void note(const std::vector<ReadNoteChange>& changes);

    // What every query on this node shows.
    [[nodiscard]] Position position() const {
        return Position(position_.load(std::memory_order_acquire));
    }
    [[nodiscard]] std::vector<ViewStatus> status() const;
    // Every row of a view in key order, checkpoint excluded: for comparing two of them.
    [[nodiscard]] StoreResult<void> for_each_row(
        std::string_view view, const std::function<void(std::string_view, std::string_view)>& row
    ) const;
    [[nodiscard]] std::uint64_t disk_bytes() const;

    [[nodiscard]] const Users& users() const { return *users_; }
    [[nodiscard]] const Sessions& sessions() const { return *sessions_; }
    [[nodiscard]] const RoomDirectory& rooms() const { return *rooms_; }
    [[nodiscard]] const Memberships& memberships() const { return *memberships_; }
    [[nodiscard]] const RoomTimeline& timeline() const { return *timeline_; }
    [[nodiscard]] const ReadMarkers& read_markers() const { return *read_markers_; }
    [[nodiscard]] const ApiKeys& api_keys() const { return *api_keys_; }
    [[nodiscard]] const InviteLinks& invite_links() const { return *invite_links_; }
    [[nodiscard]] const PostedFiles& posted_files() const { return *posted_files_; }
    [[nodiscard]] const Holds& holds() const { return *holds_; }

private:
    struct View;
    class Rebuild;

    [[nodiscard]] static std::unique_ptr<Projection> make_projection(
        std::size_t view, const Storage& storage, std::size_t column
    );
    [[nodiscard]] View& view_named(std::string_view name) const;
    [[nodiscard]] StoreResult<void> fold(std::span<const RecordedEvent> events);
    [[nodiscard]] StoreResult<void> write(const Digest& last_leaf, Uuid epoch);
    [[nodiscard]] std::size_t unwritten_bytes() const;
    [[nodiscard]] StoreResult<void> clear_idle_columns();
    [[nodiscard]] StoreResult<Position> begin_of(const View& view, const EventLog& log);
    [[nodiscard]] StoreResult<void> feed(
        const EventLog& log, Position from, const std::function<void(Position)>& reached
    );

    std::unique_ptr<ViewSlots> storage_;
    std::unique_ptr<Users> users_;
    std::unique_ptr<Sessions> sessions_;
    std::unique_ptr<RoomDirectory> rooms_;
    std::unique_ptr<Memberships> memberships_;
    std::unique_ptr<RoomTimeline> timeline_;
    std::unique_ptr<ReadMarkers> read_markers_;
    std::unique_ptr<ApiKeys> api_keys_;
    std::unique_ptr<InviteLinks> invite_links_;
    std::unique_ptr<PostedFiles> posted_files_;
    std::unique_ptr<Holds> holds_;
    std::vector<std::unique_ptr<View>> views_;  // in the order of names()
    // While a copy is made: what it must not hold either.
    std::optional<std::vector<RecordedEvent>> forgotten_meanwhile_;
    std::mutex apply_mutex_;  // what is applied, against what is exchanged
    std::atomic<std::uint64_t> position_{0};
    std::optional<StoreError> failed_;  // the first failure, which all later ones repeat
};

// How far each view of a store has folded which log: what an audit compares with the log. Views
// that have no checkpoint are left out. Errors: those of reading, corrupt_record.
struct FoldedView {
    std::string name;
    Position position;
    Uuid epoch;
    Digest leaf{};  // hash of the record at `position` when it was folded
};
[[nodiscard]] StoreResult<std::vector<FoldedView>> folded_views(std::unique_ptr<Storage> views);

// Opens the views' RocksDB in `directory`. A damaged one, or one with views that this build does
// not know, is removed and begun anew, since all of it is derived; `discarded` is told why. Errors:
// cannot_open (another process holds it, or no permission): nothing was removed.
[[nodiscard]] StoreResult<std::unique_ptr<Storage>> open_views_storage(
    const std::string& directory, const std::function<void(const StoreError&)>& discarded = {}
);

}  // namespace verbatim
