#include "projections/views.hpp"

#include "domain/invariant.hpp"
#include "eventstore/rocks_storage.hpp"
#include "projections/view.hpp"
#include "projections/view_checkpoint.hpp"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <system_error>
#include <thread>
#include <utility>

namespace verbatim {
namespace {

// The views' numbers, in the order of Views::names().
enum Column : std::size_t {
    users_column,
    sessions_column,
    room_directory_column,
    memberships_column,
    room_timeline_column,
    read_markers_column,
    api_keys_column,
    invite_links_column,
    posted_files_column,
    holds_column,
};

constexpr std::chrono::milliseconds rebuild_look_interval(10);

}  // namespace

std::vector<std::string> Views::names() {
    return {
        "users",
        "sessions",
        "room_directory",
        "memberships",
        "room_timeline",
        "read_markers",
        "api_keys",
        "invite_links",
        "posted_files",
        "holds"};
}

std::vector<std::string> Views::column_names() {
    return ViewSlots::column_names(names());
}

Views::Views(std::unique_ptr<Storage> storage)
    : storage_(std::make_unique<ViewSlots>(std::move(storage), names())),
      users_(std::make_unique<Users>(*storage_, users_column)),
      sessions_(std::make_unique<Sessions>(*storage_, sessions_column)),
      rooms_(std::make_unique<RoomDirectory>(*storage_, room_directory_column)),
      memberships_(std::make_unique<Memberships>(*storage_, memberships_column)),
      timeline_(std::make_unique<RoomTimeline>(*storage_, room_timeline_column)),
      read_markers_(std::make_unique<ReadMarkers>(*storage_, read_markers_column)),
      api_keys_(std::make_unique<ApiKeys>(*storage_, api_keys_column)),
      invite_links_(std::make_unique<InviteLinks>(*storage_, invite_links_column)),
      posted_files_(std::make_unique<PostedFiles>(*storage_, posted_files_column)),
      holds_(std::make_unique<Holds>(*storage_, holds_column)) {
    views_.push_back(std::make_unique<View>(*storage_, *users_, users_column));
    views_.push_back(std::make_unique<View>(*storage_, *sessions_, sessions_column));
    views_.push_back(std::make_unique<View>(*storage_, *rooms_, room_directory_column));
    views_.push_back(std::make_unique<View>(*storage_, *memberships_, memberships_column));
    views_.push_back(std::make_unique<View>(*storage_, *timeline_, room_timeline_column));
    views_.push_back(std::make_unique<View>(*storage_, *read_markers_, read_markers_column));
    views_.push_back(std::make_unique<View>(*storage_, *api_keys_, api_keys_column));
    views_.push_back(std::make_unique<View>(*storage_, *invite_links_, invite_links_column));
    views_.push_back(std::make_unique<View>(*storage_, *posted_files_, posted_files_column));
    views_.push_back(std::make_unique<View>(*storage_, *holds_, holds_column));
    if (auto opened = storage_->open(); !opened) failed_ = opened.error();
}

Views::~Views() = default;

std::unique_ptr<Projection> Views::make_projection(
    std::size_t view, const Storage& storage, std::size_t column
) {
    switch (static_cast<Column>(view)) {
        case users_column: return std::make_unique<Users>(storage, column);
        case sessions_column: return std::make_unique<Sessions>(storage, column);
        case room_directory_column: return std::make_unique<RoomDirectory>(storage, column);
        case memberships_column: return std::make_unique<Memberships>(storage, column);
        case room_timeline_column: return std::make_unique<RoomTimeline>(storage, column);
        case read_markers_column: return std::make_unique<ReadMarkers>(storage, column);
        case api_keys_column: return std::make_unique<ApiKeys>(storage, column);
        case invite_links_column: return std::make_unique<InviteLinks>(storage, column);
        case posted_files_column: return std::make_unique<PostedFiles>(storage, column);
        case holds_column: return std::make_unique<Holds>(storage, column);
    }
    broken_invariant("every view is listed above");
}

StoreResult<void> Views::apply(const CommittedBatch& batch, Uuid epoch) {
    const std::lock_guard lock(apply_mutex_);
    if (failed_) return failure(*failed_);
    if (batch.events.empty() || batch.events.back().position <= position()) return {};
    invariant(
        batch.events.front().position <= position().next(), "batches follow one another without gap"
    );
    auto done = fold(batch.events);
    if (done) done = write(batch.last_leaf, epoch);
    if (!done) {
        failed_ = done.error();
        return done;
    }
    position_.store(batch.events.back().position.value(), std::memory_order_release);
    return {};
}

StoreResult<void> Views::forget(std::span<const RecordedEvent> events) {
    const std::lock_guard lock(apply_mutex_);
    if (failed_) return failure(*failed_);
    if (forgotten_meanwhile_)
        forgotten_meanwhile_->insert(forgotten_meanwhile_->end(), events.begin(), events.end());
    auto writes = storage_->new_batch();
    StoreResult<void> done;
    for (const auto& view : views_) {
        ViewBatch changes(*storage_, view->column);
        for (const RecordedEvent& event : events) {
            if (done) done = view->projection.forget(event, changes);
        }
        changes.write_to(*writes);
    }
    if (done) done = storage_->write(std::move(writes), Durability::buffered);
    if (!done) failed_ = done.error();
    return done;
}

// A copy that is made may hold in its column what the live one has forgotten: it is waited for.
// Whoever has copies made stops that before the views are closed.
StoreResult<void> Views::scrub() {
    const auto is_rebuilding = [this] {
        const std::lock_guard lock(apply_mutex_);
        return forgotten_meanwhile_.has_value();
    };
    while (is_rebuilding()) std::this_thread::sleep_for(rebuild_look_interval);
    std::vector<KeyRange> all;
    for (const auto& view : views_) all.push_back({view->column, {}, {}});
    return storage_->scrub(all);
}

void Views::cancel_scrub() {
    storage_->cancel_scrub();
}

void Views::note(const std::vector<ReadNoteChange>& changes) {
    for (const ReadNoteChange& change : changes) read_markers_->note(change);
}

// Feeds every view what it does not have yet. Not visible before write().
StoreResult<void> Views::fold(std::span<const RecordedEvent> events) {
    for (const auto& view : views_) {
        if (view->folded >= events.back().position) continue;
        for (const RecordedEvent& event : events) {
            if (event.position <= view->folded) continue;
            auto applied = view->projection.apply(event, view->changes());
            if (!applied) return applied;
        }
        view->folded = events.back().position;
    }
    return {};
}

// Writes what was folded since the last write, with all checkpoints, at once.
StoreResult<void> Views::write(const Digest& last_leaf, Uuid epoch) {
    auto writes = storage_->new_batch();
    for (const auto& view : views_) {
        if (!view->has_changes()) continue;
        view->changes().write_to(*writes);
        const ViewCheckpoint checkpoint{view->folded, epoch, last_leaf, view->projection.schema()};
        writes->put(view->column, checkpoint_key, checkpoint_row(checkpoint));
    }
    auto written = storage_->write(std::move(writes), Durability::buffered);
    if (!written) return written;
    for (const auto& view : views_) view->written();
    return {};
}

std::size_t Views::unwritten_bytes() const {
    std::size_t bytes = 0;
    for (const auto& view : views_)
        if (view->unwritten) bytes += view->unwritten->bytes();
    return bytes;
}

std::vector<ViewStatus> Views::status() const {
    std::vector<ViewStatus> statuses;
    for (const auto& view : views_)
        statuses.push_back(
            {std::string(view->projection.name()),
             view->projection.schema(),
             Position(view->position.load(std::memory_order_relaxed)),
             storage_->exchanged_at(view->column)}
        );
    return statuses;
}

Views::View& Views::view_named(std::string_view name) const {
    const auto found = std::ranges::find(views_, name, [](const std::unique_ptr<View>& candidate) {
        return candidate->projection.name();
    });
    invariant(found != views_.end(), "views are named as in names()");
    return **found;
}

StoreResult<void> Views::for_each_row(
    std::string_view view, const std::function<void(std::string_view, std::string_view)>& row
) const {
    const auto cursor = storage_->cursor(view_named(view).column, {});
    for (cursor->seek({}); cursor->valid(); cursor->next())
        if (cursor->key() != checkpoint_key) row(cursor->key(), cursor->value());
    return cursor->status();
}

std::uint64_t Views::disk_bytes() const {
    return storage_->disk_bytes();
}

StoreResult<std::vector<FoldedView>> folded_views(std::unique_ptr<Storage> views) {
    const std::vector<std::string> names = Views::names();
    ViewSlots slots(std::move(views), names);
    if (auto opened = slots.open(); !opened) return failure(opened.error());
    std::vector<FoldedView> folded;
    for (std::size_t view = 0; view < names.size(); ++view) {
        const auto stored = slots.get(view, checkpoint_key);
        if (!stored) return failure(stored.error());
        if (!*stored) continue;
        const auto checkpoint = parse_checkpoint(**stored);
        if (!checkpoint)
            return failure(StoreError{
                StoreFault::corrupt_record, {}, "the checkpoint of the view " + names[view]});
        folded.push_back({names[view], checkpoint->position, checkpoint->epoch, checkpoint->leaf});
    }
    return folded;
}

StoreResult<std::unique_ptr<Storage>> open_views_storage(
    const std::string& directory, const std::function<void(const StoreError&)>& discarded
) {
    RocksOptions options;
    options.directory = directory;
    options.columns = Views::column_names();
    const std::size_t views = Views::names().size();
    for (std::size_t view = 0; view < views; ++view) {
        if (view == room_timeline_column) continue;  // read by ranges
        options.point_lookup_columns.push_back(view);
        options.point_lookup_columns.push_back(view + views);
    }
    auto opened = open_rocks_storage(options);
    if (opened) return opened;
    const StoreFault fault = opened.error().fault;
    if (fault != StoreFault::corrupt_record && fault != StoreFault::written_by_newer_build)
        return opened;

    if (discarded) discarded(opened.error());
    std::error_code error;
    std::filesystem::remove_all(directory, error);
    if (error)
        return failure(StoreError{
            StoreFault::cannot_open,
            {},
            "cannot remove the damaged views in " + directory + ": " + error.message()});
    return open_rocks_storage(options);
}

}  // namespace verbatim
