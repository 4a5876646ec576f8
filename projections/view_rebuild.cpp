#include "projections/view.hpp"
#include "projections/view_checkpoint.hpp"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>
#include <utility>

// Views::catch_up: one pass over the log for all views that are behind, reading and decoding on one
// thread, folding and writing on the caller's.
namespace verbatim {
namespace {

constexpr std::size_t events_per_batch = 2'048;
constexpr std::size_t text_bytes_per_batch = 4u << 20;
constexpr std::size_t batches_waiting_max = 4;
// Rows that change often are written once for so many events, and rows of one room stand together.
constexpr std::uint64_t events_per_write = 16'384;
constexpr std::size_t bytes_per_write = 16u << 20;
constexpr std::chrono::milliseconds progress_interval(100);

// Nearly all that an event weighs, where it weighs anything.
std::size_t text_bytes(const RecordedEvent& recorded) {
    const auto* const event = std::get_if<RoomEvent>(&recorded.event);
    if (event == nullptr) return 0;
    if (const auto* const sent = std::get_if<MessageSent>(event))
        return sent->text ? sent->text->size() : 0;
    if (const auto* const edited = std::get_if<MessageEdited>(event))
        return edited->text ? edited->text->size() : 0;
    return 0;
}

// Reads the log ahead of its one consumer, by at most batches_waiting_max.
class LogReader {
public:
    using Batch = std::vector<RecordedEvent>;

    LogReader(const EventLog& log, Position after)
        : thread_([this, &log, after] { read(log, after); }) {}
    ~LogReader() {
        {
            const std::lock_guard lock(mutex_);
            is_stopped_ = true;
        }
        changed_.notify_all();
        thread_.join();
    }
    LogReader(const LogReader&) = delete;
    LogReader& operator=(const LogReader&) = delete;

    // Empty at the end of the log.
    StoreResult<Batch> next() {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [this] { return !waiting_.empty(); });
        auto batch = std::move(waiting_.front());
        waiting_.pop_front();
        lock.unlock();
        changed_.notify_all();
        return batch;
    }

private:
    void read(const EventLog& log, Position after) {
        const auto cursor = log.read_all(after);
        while (true) {
            auto batch = next_of(*cursor);
            const bool is_last = !batch || batch->empty();
            if (!hand_over(std::move(batch)) || is_last) return;
        }
    }
    static StoreResult<Batch> next_of(EventCursor& cursor) {
        Batch batch;
        batch.reserve(events_per_batch);
        std::size_t bytes = 0;
        while (batch.size() < events_per_batch && bytes < text_bytes_per_batch) {
            auto event = cursor.next();
            if (!event) return failure(event.error());
            if (!*event) break;
            bytes += text_bytes(**event);
            batch.push_back(std::move(**event));
        }
        return batch;
    }
    // False: nobody wants more.
    bool hand_over(StoreResult<Batch> batch) {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [this] {
            return is_stopped_ || waiting_.size() < batches_waiting_max;
        });
        if (is_stopped_) return false;
        waiting_.push_back(std::move(batch));
        lock.unlock();
        changed_.notify_all();
        return true;
    }

    std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<StoreResult<Batch>> waiting_;
    bool is_stopped_ = false;
    std::thread thread_;  // last: it uses all of the above
};

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

StoreResult<void> Views::catch_up(
    const EventLog& log, const std::function<void(const RebuildProgress&)>& progress
) {
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
