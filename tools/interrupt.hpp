#pragma once

#include <chrono>

namespace verbatim {

// While it lives, SIGINT and SIGTERM end the tool at a place of its choosing, and a reader of the
// output who has gone is an error of the write (EPIPE) instead of a signal. One at a time; made
// and destroyed by the main thread.
class Interrupt {
public:
    Interrupt();
    ~Interrupt();
    Interrupt(const Interrupt&) = delete;
    Interrupt& operator=(const Interrupt&) = delete;

    [[nodiscard]] bool is_requested() const;
    // Waits without using the processor. True: it was asked to end.
    [[nodiscard]] bool wait(std::chrono::milliseconds time) const;
    // Readable from the moment on when it is asked to end: for those who wait for something else,
    // too. Not theirs to read or close.
    [[nodiscard]] int descriptor() const;
};

// What a shell says of a program that Ctrl-C ended.
inline constexpr int exit_interrupted = 130;

}  // namespace verbatim
