#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>

namespace verbatim::feed {

// The thread that reads the log for feeds that resume, so that the feed thread never waits for a
// disk. Steps are short and taken in turn. Bounded by its users: a session has one step waiting.
class CatchUpWorker {
public:
    CatchUpWorker();
    // Tasks that have not begun are dropped.
    ~CatchUpWorker();
    CatchUpWorker(const CatchUpWorker&) = delete;
    CatchUpWorker& operator=(const CatchUpWorker&) = delete;

    // Any thread.
    void submit(std::function<void()> task);

private:
    void run();

    std::mutex mutex_;
    std::condition_variable wake_;
    std::deque<std::function<void()>> tasks_;
    bool stopping_ = false;
    std::thread thread_;
};

}  // namespace verbatim::feed
