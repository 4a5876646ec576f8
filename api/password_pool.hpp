#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>

namespace verbatim::api {

// Argon2id (RFC 9106, libsodium's INTERACTIVE cost: 64 MiB, some 70 ms) on threads of its own, so
// that hashing stalls no other request. What waits is bounded.
//
// Threads: submit from any; callbacks run on a pool thread and must not block.
class PasswordPool {
public:
    struct Options {
        std::size_t threads = 1;
        std::size_t waiting_max = 64;  // about 5 s of work for one thread
    };
    explicit PasswordPool(Options options);
    // Drops what waits (its callbacks are not called) and joins.
    ~PasswordPool();

    // False, and the callback is not called, when `waiting_max` jobs wait already.
    // The callback gets the encoded hash, or "" when there was no memory for it.
    [[nodiscard]] bool hash(std::string password, std::function<void(std::string)> callback);
    // An empty `encoded` costs the same time and never matches: for users that do not exist.
    [[nodiscard]] bool verify(
        std::string password, std::string encoded, std::function<void(bool)> callback
    );

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace verbatim::api
