#include "broker/feed/catch_up_worker.hpp"

#include <utility>

namespace verbatim::feed {

CatchUpWorker::CatchUpWorker() : thread_([this] { run(); }) {}

CatchUpWorker::~CatchUpWorker() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
        tasks_.clear();
    }
    wake_.notify_all();
    thread_.join();
}

void CatchUpWorker::submit(std::function<void()> task) {
    {
        const std::lock_guard lock(mutex_);
        if (stopping_) return;
        tasks_.push_back(std::move(task));
    }
    wake_.notify_one();
}

void CatchUpWorker::run() {
    std::unique_lock lock(mutex_);
    while (true) {
        wake_.wait(lock, [this] { return stopping_ || !tasks_.empty(); });
        if (stopping_) return;
        auto task = std::move(tasks_.front());
        tasks_.pop_front();
        lock.unlock();
        task();
        task = nullptr;  // what it held goes without the lock
        lock.lock();
    }
}

}  // namespace verbatim::feed
