#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace verbatim {

// Threads for work that waits for a disk, so that no thread that serves many does. What waits is
// bounded. Threads: any.
class WorkPool {
public:
    WorkPool(std::size_t threads, std::size_t waiting_max);
    // Drops what waits, ends what was begun, and joins.
    ~WorkPool();
    WorkPool(const WorkPool&) = delete;
    WorkPool& operator=(const WorkPool&) = delete;

    // False, and `work` is not run, when `waiting_max` wait already or stop() was called. It must
    // not throw.
    [[nodiscard]] bool submit(std::function<void()> work);
    // The same as the destructor; nothing is run from then on.
    void stop();

private:
    void run();

    const std::size_t waiting_max_;
    std::mutex mutex_;
    std::condition_variable wake_;
    std::deque<std::function<void()>> waiting_;
    bool stopping_ = false;
    std::vector<std::jthread> threads_;
};

}  // namespace verbatim
