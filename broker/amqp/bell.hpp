#pragma once

#include <atomic>
#include <chrono>

namespace verbatim::amqp {

// Wakes a thread that waits for a socket. Rung more often than heard is heard once.
// Threads: ring() by any; the rest by the one that listens.
class Bell {
public:
    Bell();
    ~Bell();
    Bell(const Bell&) = delete;
    Bell& operator=(const Bell&) = delete;

    // Does not block; a system call only when it was heard since.
    void ring();
    // Readable from ring() to hear().
    [[nodiscard]] int descriptor() const { return descriptor_; }
    // To be called before looking for what was rung for.
    void hear();
    // Waits until it is rung, and hears it.
    void wait(std::chrono::milliseconds longest);

private:
    int descriptor_;
    std::atomic<bool> rung_{false};
};

}  // namespace verbatim::amqp
