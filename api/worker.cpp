#include "api/worker.hpp"

#include <cerrno>
#include <sys/eventfd.h>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace verbatim::api {

namespace {

int new_eventfd() {
    const int descriptor = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (descriptor < 0) throw std::system_error(errno, std::system_category(), "eventfd");
    return descriptor;
}

}  // namespace

Worker::Worker() : wake_descriptor_(new_eventfd()) {}

Worker::~Worker() {
    ::close(wake_descriptor_);
}

void Worker::post(Completion completion) {
    {
        const std::lock_guard lock(mutex_);
        if (is_closed_) return;
        box_.completions.push_back(std::move(completion));
        if (std::exchange(is_awake_, true)) return;
    }
    wake();
}

void Worker::post(std::function<void()> closure) {
    {
        const std::lock_guard lock(mutex_);
        if (is_closed_) return;
        box_.closures.push_back(std::move(closure));
        if (std::exchange(is_awake_, true)) return;
    }
    wake();
}

void Worker::awake() {
    const std::lock_guard lock(mutex_);
    is_awake_ = true;
}

bool Worker::collect(Letters& letters) {
    letters.completions.clear();
    letters.closures.clear();
    const std::lock_guard lock(mutex_);
    std::swap(letters, box_);
    is_awake_ = !letters.completions.empty() || !letters.closures.empty();
    return is_awake_;
}

void Worker::wake() {
    const std::uint64_t one = 1;
    // EAGAIN would mean that 2^64 - 2 wake-ups are already due.
    [[maybe_unused]] const auto written = ::write(wake_descriptor_, &one, sizeof one);
}

void Worker::clear_wake() {
    std::uint64_t count = 0;
    [[maybe_unused]] const auto bytes = ::read(wake_descriptor_, &count, sizeof count);
}

void Worker::close() {
    Letters dropped;  // destroyed outside the lock: a responder inside may post again
    const std::lock_guard lock(mutex_);
    is_closed_ = true;
    std::swap(dropped, box_);
}

}  // namespace verbatim::api
