#include "projections/log_reader.hpp"

#include <utility>

namespace verbatim {
namespace {

constexpr std::size_t events_per_batch = 2'048;
constexpr std::size_t text_bytes_per_batch = 4u << 20;
constexpr std::size_t batches_waiting_max = 4;

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

}  // namespace

LogReader::LogReader(const EventLog& log, Position after)
    : thread_([this, &log, after] { read(log, after); }) {}

LogReader::~LogReader() {
    {
        const std::lock_guard lock(mutex_);
        is_stopped_ = true;
    }
    changed_.notify_all();
    thread_.join();
}

StoreResult<LogReader::Batch> LogReader::next() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return !waiting_.empty(); });
    auto batch = std::move(waiting_.front());
    waiting_.pop_front();
    lock.unlock();
    changed_.notify_all();
    return batch;
}

void LogReader::read(const EventLog& log, Position after) {
    const auto cursor = log.read_all(after);
    while (true) {
        auto batch = next_of(*cursor);
        const bool is_last = !batch || batch->empty();
        if (!hand_over(std::move(batch)) || is_last) return;
    }
}

StoreResult<LogReader::Batch> LogReader::next_of(EventCursor& cursor) {
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
bool LogReader::hand_over(StoreResult<Batch> batch) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return is_stopped_ || waiting_.size() < batches_waiting_max; });
    if (is_stopped_) return false;
    waiting_.push_back(std::move(batch));
    lock.unlock();
    changed_.notify_all();
    return true;
}

}  // namespace verbatim
