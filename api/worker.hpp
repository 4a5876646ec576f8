#pragma once

#include "api/http.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

namespace verbatim::api {

// Which connection of a worker. Descriptors are used again by the kernel, serials never by us.
struct ConnectionKey {
    int descriptor = -1;
    std::uint64_t serial = 0;

    friend bool operator==(const ConnectionKey&, const ConnectionKey&) = default;
};

using Moment = std::chrono::steady_clock::time_point;

// An answer on its way to the connection that asked.
struct Completion {
    ConnectionKey to;
    HttpResponse response;
    std::shared_ptr<const HttpRequest> request;
    Moment begun;
};

// The letterbox of one worker thread: from any thread in, on that thread out. The worker is woken
// through an eventfd, and only when it sleeps: letters that come while it is busy are found by it.
class Worker {
public:
    Worker();  // throws std::system_error when there is no descriptor left
    ~Worker();
    Worker(const Worker&) = delete;
    Worker& operator=(const Worker&) = delete;

    // Any thread, any time; after close() what is posted is dropped.
    void post(Completion completion);
    void post(std::function<void()> closure);

    // The rest belongs to the worker thread.
    struct Letters {
        std::vector<Completion> completions;
        std::vector<std::function<void()>> closures;
    };
    // Says that the worker is awake and will collect() before it sleeps.
    void awake();
    // Fills `letters` (cleared first, its memory is used again). False when there were none: from
    // then on the worker counts as asleep and the next post() wakes it.
    [[nodiscard]] bool collect(Letters& letters);
    // Makes the next sleep end at once.
    void wake();
    void clear_wake();
    [[nodiscard]] int wake_descriptor() const { return wake_descriptor_; }
    // Drops what is in the box and all that will be posted.
    void close();

private:
    const int wake_descriptor_;
    std::mutex mutex_;
    Letters box_;
    bool is_awake_ = false;
    bool is_closed_ = false;
};

}  // namespace verbatim::api
