#include "tools/interrupt.hpp"

#include "domain/invariant.hpp"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

namespace verbatim {

namespace {

constexpr std::array taken{SIGINT, SIGTERM, SIGPIPE};

// What a signal handler may touch. -1: nobody waits for signals.
volatile sig_atomic_t event_descriptor = -1;
std::array<struct sigaction, taken.size()> before;

void ask_to_end(int /*signal*/) {
    const int kept = errno;
    const std::uint64_t one = 1;
    // The counter cannot run over; there is nobody to tell if it did.
    [[maybe_unused]] const auto written = ::write(event_descriptor, &one, sizeof one);
    errno = kept;
}

}  // namespace

Interrupt::Interrupt() {
    invariant(event_descriptor == -1, "one Interrupt at a time");
    event_descriptor = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    invariant(event_descriptor != -1, "a process that has just begun has descriptors left");
    for (std::size_t i = 0; i < taken.size(); ++i) {
        struct sigaction action {};
        action.sa_handler = taken[i] == SIGPIPE ? SIG_IGN : ask_to_end;
        sigaction(taken[i], &action, &before[i]);
    }
}

Interrupt::~Interrupt() {
    for (std::size_t i = 0; i < taken.size(); ++i) sigaction(taken[i], &before[i], nullptr);
    ::close(event_descriptor);
    event_descriptor = -1;
}

bool Interrupt::is_requested() const {
    return wait(std::chrono::milliseconds(0));
}

bool Interrupt::wait(std::chrono::milliseconds time) const {
    pollfd waited{.fd = event_descriptor, .events = POLLIN, .revents = 0};
    return ::poll(&waited, 1, static_cast<int>(time.count())) != 0 && waited.revents != 0;
}

int Interrupt::descriptor() const {
    return event_descriptor;
}

}  // namespace verbatim
