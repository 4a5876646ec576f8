#include "broker/amqp/bell.hpp"

#include "domain/invariant.hpp"

#include <cstdint>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

namespace verbatim::amqp {

Bell::Bell() : descriptor_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
    invariant(descriptor_ >= 0, "there is a descriptor left for a bell");
}

Bell::~Bell() {
    ::close(descriptor_);
}

void Bell::ring() {
    if (rung_.exchange(true, std::memory_order_acq_rel)) return;
    const std::uint64_t one = 1;
    invariant(::write(descriptor_, &one, sizeof one) == sizeof one, "a counter takes one more");
}

// The counter first: whoever rings between the two lines adds nothing to it, but what was rung for
// is seen by whoever has called this.
void Bell::hear() {
    std::uint64_t count = 0;
    if (::read(descriptor_, &count, sizeof count) == sizeof count)
        rung_.exchange(false, std::memory_order_acq_rel);
}

void Bell::wait(std::chrono::milliseconds longest) {
    pollfd watched{.fd = descriptor_, .events = POLLIN, .revents = 0};
    if (::poll(&watched, 1, static_cast<int>(longest.count())) > 0) hear();
}

}  // namespace verbatim::amqp
