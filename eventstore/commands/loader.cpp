#include "eventstore/commands/loader.hpp"

#include <utility>

namespace verbatim {
namespace {

constexpr std::size_t snapshots_waiting_max = 4'096;

}  // namespace

Loader::Loader(EventLog& log, std::function<void(Loaded)> deliver)
    : log_(log), deliver_(std::move(deliver)), thread_([this] { run(); }) {}

Loader::~Loader() {
    stop();
}

void Loader::load(const AggregateKey& key) {
    {
        const std::lock_guard lock(mutex_);
        loads_.push_back(key);
    }
    work_came_.notify_one();
}

void Loader::keep_snapshot(const StreamId& stream) {
    {
        const std::lock_guard lock(mutex_);
        if (snapshots_.size() >= snapshots_waiting_max) return;
        snapshots_.insert(stream);
    }
    work_came_.notify_one();
}

void Loader::stop() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    work_came_.notify_one();
    if (thread_.joinable()) thread_.join();
}

void Loader::run() {
    std::unique_lock lock(mutex_);
    for (;;) {
        work_came_.wait(lock, [this] {
            return stopping_ || !loads_.empty() || !snapshots_.empty();
        });
        if (stopping_) return;
        if (!loads_.empty()) {
            const AggregateKey key = loads_.front();
            loads_.pop_front();
            lock.unlock();
            deliver_({key, recall(log_, key)});
        } else {
            const StreamId stream = *snapshots_.begin();
            snapshots_.erase(snapshots_.begin());
            lock.unlock();
            verbatim::keep_snapshot(log_, stream);
        }
        lock.lock();
    }
}

}  // namespace verbatim
