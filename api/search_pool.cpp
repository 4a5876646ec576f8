#include "api/search_pool.hpp"

#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

namespace verbatim::api {

struct SearchPool::State {
    std::mutex mutex;
    std::condition_variable wake;
    std::deque<std::function<void()>> waiting;
    bool stopping = false;
    std::size_t waiting_max = 0;
    std::vector<std::jthread> threads;

    void run() {
        std::unique_lock lock(mutex);
        while (true) {
            wake.wait(lock, [&] { return stopping || !waiting.empty(); });
            if (stopping) return;
            {
                const std::function<void()> job = std::move(waiting.front());
                waiting.pop_front();
                lock.unlock();
                job();
            }
            lock.lock();
        }
    }
};

SearchPool::SearchPool(Options options) : state_(std::make_unique<State>()) {
    state_->waiting_max = options.waiting_max;
    for (std::size_t i = 0; i < options.threads; ++i)
        state_->threads.emplace_back([state = state_.get()] { state->run(); });
}

SearchPool::~SearchPool() {
    stop();
}

bool SearchPool::submit(std::function<void()> job) {
    {
        const std::lock_guard lock(state_->mutex);
        if (state_->stopping || state_->waiting.size() >= state_->waiting_max) return false;
        state_->waiting.push_back(std::move(job));
    }
    state_->wake.notify_one();
    return true;
}

void SearchPool::stop() {
    std::deque<std::function<void()>> dropped;
    {
        const std::lock_guard lock(state_->mutex);
        state_->stopping = true;
        dropped.swap(state_->waiting);
    }
    state_->wake.notify_all();
    state_->threads.clear();
}

}  // namespace verbatim::api
