#include "api/password_pool.hpp"

#include "domain/invariant.hpp"
#include "protocol/password_hash.hpp"

#include <condition_variable>
#include <deque>
#include <mutex>
#include <sodium.h>
#include <thread>
#include <utility>
#include <vector>

namespace verbatim::api {

struct PasswordPool::State {
    std::mutex mutex;
    std::condition_variable wake;
    std::deque<std::function<void()>> waiting;
    bool stopping = false;
    std::size_t waiting_max = 0;
    // What an unknown user's password is checked against, so that its absence cannot be timed.
    std::string decoy;
    std::vector<std::jthread> threads;

    bool submit(std::function<void()> job) {
        {
            const std::lock_guard lock(mutex);
            if (waiting.size() >= waiting_max) return false;
            waiting.push_back(std::move(job));
        }
        wake.notify_one();
        return true;
    }

    void run() {
        std::unique_lock lock(mutex);
        while (true) {
            wake.wait(lock, [&] { return stopping || !waiting.empty(); });
            if (stopping) return;
            const std::function<void()> job = std::move(waiting.front());
            waiting.pop_front();
            lock.unlock();
            job();
            lock.lock();
        }
    }
};

PasswordPool::PasswordPool(Options options) : state_(std::make_unique<State>()) {
    invariant(sodium_init() >= 0, "libsodium finds a source of randomness");
    state_->waiting_max = options.waiting_max;
    state_->decoy = password_hash("nobody has this password");
    for (std::size_t i = 0; i < options.threads; ++i)
        state_->threads.emplace_back([state = state_.get()] { state->run(); });
}

PasswordPool::~PasswordPool() {
    {
        const std::lock_guard lock(state_->mutex);
        state_->stopping = true;
        state_->waiting.clear();
    }
    state_->wake.notify_all();
}

bool PasswordPool::hash(std::string password, std::function<void(std::string)> callback) {
    return state_->submit([password = std::move(password),
                           callback = std::move(callback)]() mutable {
        std::string encoded = password_hash(password);
        sodium_memzero(password.data(), password.size());
        callback(std::move(encoded));
    });
}

bool PasswordPool::verify(
    std::string password, std::string encoded, std::function<void(bool)> callback
) {
    return state_->submit([state = state_.get(),
                           password = std::move(password),
                           encoded = std::move(encoded),
                           callback = std::move(callback)]() mutable {
        const bool known = !encoded.empty();
        const std::string& against = known ? encoded : state->decoy;
        const bool matches =
            crypto_pwhash_str_verify(against.c_str(), password.data(), password.size()) == 0;
        sodium_memzero(password.data(), password.size());
        callback(known && matches);
    });
}

}  // namespace verbatim::api
