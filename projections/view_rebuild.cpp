#include "projections/log_reader.hpp"
#include "projections/view.hpp"
#include "projections/view_checkpoint.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

// Views::catch_up: one pass over the log for all views that are behind, reading and decoding on one
// thread, folding and writing on the caller's.
namespace verbatim {
namespace {

// Rows that change often are written once for so many events, and rows of one room stand together.
constexpr std::uint64_t events_per_write = 16'384;
constexpr std::size_t bytes_per_write = 16u << 20;
constexpr std::chrono::milliseconds progress_interval(100);

// Tells how far the rebuild is, as often as a progress bar needs it.
class Pace {
public:
    using Listener = std::function<void(const RebuildProgress&)>;
    using Clock = std::chrono::steady_clock;

    Pace(std::string views, Position from, Position target, const Listener& listener)
        : views_(std::move(views)), from_(from), target_(target), listener_(listener) {}

    void reached(Position done) {
        const auto now = Clock::now();
        const bool is_end = done >= target_;
        if (!listener_ || (!is_end && now - told_ < progress_interval)) return;
        told_ = now;
        const double seconds = std::chrono::duration<double>(now - began_).count();
        const auto folded = static_cast<double>(done.value() - from_.value());
        const double rate = seconds > 0 ? folded / seconds : 0;
        const auto left = is_end ? 0.0 : static_cast<double>(target_.value() - done.value());
        listener_({views_, done, target_, rate, rate > 0 ? left / rate : 0});
    }

private:
    const std::string views_;
    const Position from_;
    const Position target_;
    const Listener& listener_;
    const Clock::time_point began_ = Clock::now();
    Clock::time_point told_ = began_;
};

// Whether the view's rows are what folding `log` up to the checkpoint gives.
StoreResult<bool> is_of(
    const EventLog& log, const ViewCheckpoint& checkpoint, std::uint32_t schema
) {
    if (checkpoint.schema != schema || checkpoint.epoch != log.epoch()) return false;
    if (checkpoint.position == Position() || checkpoint.position > log.head()) return false;
    const auto leaf = log.leaf_hash(checkpoint.position);
    if (!leaf) return failure(leaf.error());
    return *leaf == checkpoint.leaf;
}

}  // namespace

// Where the view goes on from; 0 if it had to be emptied to begin anew.
StoreResult<Position> Views::begin_of(const View& view, const EventLog& log) {
    const auto stored = storage_->get(view.column, checkpoint_key);
    if (!stored) return failure(stored.error());
    const auto checkpoint = *stored ? parse_checkpoint(**stored) : std::nullopt;
    if (checkpoint) {
        const auto goes_on = is_of(log, *checkpoint, view.projection.schema());
        if (!goes_on) return failure(goes_on.error());
        if (*goes_on) return checkpoint->position;
    }
    auto cleared = storage_->clear(view.column);
    if (!cleared) return failure(cleared.error());
    return Position();
}

// What a rebuild beside a live view has left when it was interrupted, or when it ended and what it
// replaced was not cleared yet.
StoreResult<void> Views::clear_idle_columns() {
    for (const auto& view : views_) {
        auto cleared = storage_->columns().clear(storage_->idle_column(view->column));
        if (!cleared) return cleared;
    }
    return {};
}

StoreResult<void> Views::catch_up(
    const EventLog& log, const std::function<void(const RebuildProgress&)>& progress
) {
    if (failed_) return failure(*failed_);
    if (auto cleared = clear_idle_columns(); !cleared) return cleared;
    const Position head = log.head();
    Position from = head;
    std::string behind;
    for (const auto& view : views_) {
        const auto begin = begin_of(*view, log);
        if (!begin) return failure(begin.error());
        view->begin_at(*begin);
        if (*begin >= head) continue;
        from = std::min(from, *begin);
        if (!behind.empty()) behind += ',';
        behind += view->projection.name();
    }
    if (from < head) {
        auto fed =
            feed(log, from, [&, pace = Pace(behind, from, head, progress)](Position done) mutable {
                pace.reached(done);
            });
        if (!fed) return fed;
    }
    position_.store(views_.front()->position, std::memory_order_release);
    return {};
}

StoreResult<void> Views::feed(
    const EventLog& log, Position from, const std::function<void(Position)>& reached
) {
    const auto write_up_to = [&](Position last) -> StoreResult<void> {
        const auto leaf = log.leaf_hash(last);
        if (!leaf) return failure(leaf.error());
        return write(*leaf, log.epoch());
    };
    LogReader reader(log, from);
    Position folded = from;
    Position written = from;
    while (true) {
        const auto events = reader.next();
        if (!events) return failure(events.error());
        if (events->empty()) break;
        auto done = fold(*events);
        folded = events->back().position;
        const bool is_due = folded.value() - written.value() >= events_per_write ||
                            unwritten_bytes() >= bytes_per_write;
        if (done && is_due) {
            done = write_up_to(folded);
            written = folded;
        }
        if (!done) return done;
        reached(folded);
    }
    return folded == written ? StoreResult<void>() : write_up_to(folded);
}

}  // namespace verbatim
