#include "projections/log_reader.hpp"
#include "projections/view.hpp"
#include "projections/view_checkpoint.hpp"

#include <algorithm>
#include <chrono>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

// Views::rebuild: a fresh copy of one view in its idle column, while the live one goes on.
namespace verbatim {
namespace {

// One write. Those of apply() queue behind it: it must be short.
constexpr std::size_t bytes_per_write = 256u << 10;
constexpr std::uint64_t events_per_write = 1'024;
// What is left to fold while apply() is held up: a millisecond or two.
constexpr std::uint64_t events_held_up_max = 256;
// Folding one view is faster than deciding, writing and applying all that comes; where it is not,
// apply() is held up longer in the end.
constexpr int rounds_max = 100;
constexpr std::uint64_t rows_per_report = 4'096;
constexpr std::chrono::milliseconds look_again_interval(1);
constexpr std::chrono::seconds look_again_patience(10);
constexpr int looks_max = 20;
constexpr std::chrono::milliseconds look_again_pause(10);

// The rows of one column, as they were when it was made, without the checkpoint.
class Rows {
public:
    explicit Rows(std::unique_ptr<StorageCursor> cursor) : cursor_(std::move(cursor)) {}

    void seek(std::string_view key) {
        cursor_->seek(key);
        pass_checkpoint();
    }
    void next() {
        cursor_->next();
        pass_checkpoint();
    }
    [[nodiscard]] bool valid() const { return cursor_->valid(); }
    [[nodiscard]] std::string_view key() const { return cursor_->key(); }
    [[nodiscard]] std::string_view value() const { return cursor_->value(); }
    [[nodiscard]] std::optional<std::string_view> value_at(std::string_view key) const {
        if (!valid() || cursor_->key() != key) return std::nullopt;
        return cursor_->value();
    }
    [[nodiscard]] StoreResult<void> status() const { return cursor_->status(); }

private:
    void pass_checkpoint() {
        if (cursor_->valid() && cursor_->key() == checkpoint_key) cursor_->next();
    }

    std::unique_ptr<StorageCursor> cursor_;
};

std::optional<std::string> copy_of(const std::optional<std::string_view>& value) {
    return value ? std::optional<std::string>(*value) : std::nullopt;
}

}  // namespace

class Views::Rebuild {
public:
    Rebuild(Views& views, const View& live, const EventLog& log, const RebuildRequest& request)
        : views_(views),
          live_(live),
          log_(log),
          request_(request),
          columns_(views.storage_->columns()),
          column_(views.storage_->idle_column(live.column)),
          fresh_(make_projection(live.column, columns_, column_)) {}

    StoreResult<RebuildReport> run();

private:
    struct Meeting {
        Rows live;
        Rows fresh;
    };

    [[nodiscard]] bool tell(RebuildStage stage);
    [[nodiscard]] StoreResult<void> fold_near();
    [[nodiscard]] StoreResult<void> fold_rest();
    [[nodiscard]] StoreResult<void> fold(const RecordedEvent& event);
    [[nodiscard]] StoreResult<void> forget_meanwhile();
    [[nodiscard]] StoreResult<std::vector<RecordedEvent>> forget(std::vector<RecordedEvent> events);
    [[nodiscard]] StoreResult<void> write();
    [[nodiscard]] StoreResult<Meeting> meet();
    [[nodiscard]] StoreResult<void> compare();
    [[nodiscard]] StoreResult<std::optional<std::string>> next_difference(Meeting& meeting);
    [[nodiscard]] StoreResult<bool> still_differ(Meeting& meeting, const std::string& key);
    [[nodiscard]] StoreResult<void> wait_for_what_was_told();
    [[nodiscard]] StoreResult<void> exchange();

    Views& views_;
    const View& live_;
    const EventLog& log_;
    const RebuildRequest& request_;
    Storage& columns_;
    const std::size_t column_;
    const std::unique_ptr<Projection> fresh_;
    std::optional<ViewBatch> changes_;
    Position folded_;
    Position written_;
    RebuildReport report_;
};

StoreResult<RebuildReport> Views::Rebuild::run() {
    {
        const std::lock_guard lock(views_.apply_mutex_);
        views_.forgotten_meanwhile_.emplace();
    }
    auto done = columns_.clear(column_);
    if (done) done = fold_near();
    if (done && !report_.was_given_up) done = compare();
    if (done && !report_.was_given_up && !request_.compares_only) done = exchange();
    report_.position = folded_;
    // The column that is not live now, whichever that is.
    const auto cleared = columns_.clear(views_.storage_->idle_column(live_.column));
    {
        // Not before: scrub() waits for it.
        const std::lock_guard lock(views_.apply_mutex_);
        views_.forgotten_meanwhile_.reset();
    }
    if (!done) return failure(done.error());
    if (!cleared) return failure(cleared.error());
    return std::move(report_);
}

bool Views::Rebuild::tell(RebuildStage stage) {
    if (request_.reached && !request_.reached(stage, folded_)) report_.was_given_up = true;
    return !report_.was_given_up;
}

// Until few events are missing of those that the live copy shows.
StoreResult<void> Views::Rebuild::fold_near() {
    for (int round = 0; round < rounds_max; ++round) {
        const Position target = views_.position();
        if (target.value() - folded_.value() <= events_held_up_max) return {};
        LogReader reader(log_, folded_);
        while (folded_ < target) {
            const auto events = reader.next();
            if (!events) return failure(events.error());
            for (const RecordedEvent& event : *events) {
                if (event.position > target) break;
                auto done = fold(event);
                if (!done) return done;
            }
            if (!tell(RebuildStage::folding)) return {};
        }
        // Not sooner: the reader may have read what was destroyed since.
        auto done = forget_meanwhile();
        if (!done) return done;
    }
    return {};
}

// What the live copy was told to forget, and this one may have folded with its texts.
StoreResult<void> Views::Rebuild::forget_meanwhile() {
    std::vector<RecordedEvent> forgotten;
    {
        const std::lock_guard lock(views_.apply_mutex_);
        forgotten.swap(*views_.forgotten_meanwhile_);
    }
    auto later = forget(std::move(forgotten));
    if (!later) return failure(later.error());
    const std::lock_guard lock(views_.apply_mutex_);
    auto& noted = *views_.forgotten_meanwhile_;
    noted.insert(noted.end(), later->begin(), later->end());
    return {};
}

// Gives those back that are not folded yet.
StoreResult<std::vector<RecordedEvent>> Views::Rebuild::forget(std::vector<RecordedEvent> events) {
    std::vector<RecordedEvent> later;
    for (RecordedEvent& event : events) {
        if (event.position > folded_) {
            later.push_back(std::move(event));
            continue;
        }
        if (!changes_) changes_.emplace(columns_, column_);
        auto done = fresh_->forget(event, *changes_);
        if (done && changes_->bytes() >= bytes_per_write) done = write();
        if (!done) return failure(done.error());
    }
    return later;
}

// Requires: apply() is held up.
StoreResult<void> Views::Rebuild::fold_rest() {
    if (views_.failed_) return failure(*views_.failed_);
    const Position target = views_.position();
    const auto cursor = log_.read_all(folded_);
    while (folded_ < target) {
        const auto event = cursor->next();
        if (!event) return failure(event.error());
        auto done = fold(**event);
        if (!done) return done;
    }
    // All of it is folded: the live copy is told of what it shows.
    const auto later = forget(std::exchange(*views_.forgotten_meanwhile_, {}));
    if (!later) return failure(later.error());
    return write();
}

StoreResult<void> Views::Rebuild::fold(const RecordedEvent& event) {
    if (!changes_) changes_.emplace(columns_, column_);
    auto done = fresh_->apply(event, *changes_);
    if (!done) return done;
    folded_ = event.position;
    const bool is_due = changes_->bytes() >= bytes_per_write ||
                        folded_.value() - written_.value() >= events_per_write;
    return is_due ? write() : done;
}

StoreResult<void> Views::Rebuild::write() {
    if (!changes_) return {};
    auto writes = columns_.new_batch();
    changes_->write_to(*writes);
    changes_.reset();
    written_ = folded_;
    return columns_.write(std::move(writes), Durability::buffered);
}

// Both copies as they are when they have folded the same.
StoreResult<Views::Rebuild::Meeting> Views::Rebuild::meet() {
    const std::lock_guard lock(views_.apply_mutex_);
    auto done = fold_rest();
    if (!done) return failure(done.error());
    return Meeting{
        .live = Rows(views_.storage_->cursor(live_.column, {})),
        .fresh = Rows(columns_.cursor(column_))};
}

StoreResult<void> Views::Rebuild::compare() {
    auto meeting = meet();
    if (!meeting) return failure(meeting.error());
    meeting->live.seek({});
    meeting->fresh.seek({});
    while (true) {
        const auto key = next_difference(*meeting);
        if (!key) return failure(key.error());
        if (!*key || report_.was_given_up) return {};
        auto differs = still_differ(*meeting, **key);
        if (!differs) return failure(differs.error());
        if (*differs || report_.was_given_up) return {};
    }
}

// The log may have destroyed a text before the live copy was told: then both agree as soon as it
// was. True: they do not, and the report says so. Else `meeting` is a new one, at that key.
StoreResult<bool> Views::Rebuild::still_differ(Meeting& meeting, const std::string& key) {
    for (int look = 0; look < looks_max; ++look) {
        const auto told = wait_for_what_was_told();
        if (!told) return failure(told.error());
        if (report_.was_given_up) return false;
        auto next = meet();
        if (!next) return failure(next.error());
        meeting = std::move(*next);
        meeting.live.seek(key);
        meeting.fresh.seek(key);
        const auto live = meeting.live.value_at(key);
        const auto fresh = meeting.fresh.value_at(key);
        if (live == fresh) {
            report_.difference.reset();
            return false;
        }
        report_.difference = {folded_, key, copy_of(live), copy_of(fresh)};
        std::this_thread::sleep_for(look_again_pause);
    }
    return true;
}

// Moves both on to the first row that only one of them has, or that differs, and tells its key;
// nullopt at the end.
StoreResult<std::optional<std::string>> Views::Rebuild::next_difference(Meeting& meeting) {
    using Key = std::optional<std::string>;
    Rows& live = meeting.live;
    Rows& fresh = meeting.fresh;
    for (std::uint64_t rows = 1; live.valid() && fresh.valid(); ++rows) {
        if (live.key() != fresh.key()) return Key(std::min(live.key(), fresh.key()));
        if (live.value() != fresh.value()) return Key(live.key());
        live.next();
        fresh.next();
        if (rows % rows_per_report == 0 && !tell(RebuildStage::comparing)) return Key();
    }
    for (const Rows* const ended : {&live, &fresh})
        if (auto status = ended->status(); !status) return failure(status.error());
    if (live.valid()) return Key(live.key());
    if (fresh.valid()) return Key(fresh.key());
    return Key();
}

// Until the live copy was told of all that the log has by now.
StoreResult<void> Views::Rebuild::wait_for_what_was_told() {
    const auto deadline = std::chrono::steady_clock::now() + look_again_patience;
    const Position head = log_.head();
    while (views_.position() < head && std::chrono::steady_clock::now() < deadline) {
        if (!tell(RebuildStage::comparing)) return {};
        std::this_thread::sleep_for(look_again_interval);
    }
    return fold_near();
}

StoreResult<void> Views::Rebuild::exchange() {
    auto done = fold_near();
    if (!done || !tell(RebuildStage::exchanging)) return done;
    const std::lock_guard lock(views_.apply_mutex_);
    done = fold_rest();
    if (!done) return done;
    auto changes = columns_.new_batch();
    if (folded_ != Position()) {
        const auto leaf = log_.leaf_hash(folded_);
        if (!leaf) return failure(leaf.error());
        const ViewCheckpoint checkpoint{folded_, log_.epoch(), *leaf, fresh_->schema()};
        changes->put(column_, checkpoint_key, checkpoint_row(checkpoint));
    }
    return views_.storage_->exchange(live_.column, std::move(changes), request_.now);
}

StoreResult<RebuildReport> Views::rebuild(
    std::string_view view, const EventLog& log, const RebuildRequest& request
) {
    return Rebuild(*this, view_named(view), log, request).run();
}

}  // namespace verbatim
