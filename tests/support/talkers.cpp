#include "tests/support/talkers.hpp"

#include <algorithm>
#include <gtest/gtest.h>
#include <memory>
#include <nlohmann/json.hpp>

namespace verbatim::testing {

namespace {

using std::chrono::milliseconds;

constexpr std::chrono::minutes patience{1};
constexpr std::size_t refusals_max = 20;
// After a refusal, or where no node runs.
constexpr milliseconds retry_interval{50};

milliseconds in_ms(std::chrono::steady_clock::duration time) {
    return std::chrono::duration_cast<milliseconds>(time);
}

}  // namespace

// On a thread of its own.
class Talkers::Talker {
public:
    Talker(Talkers& talkers, std::size_t index, std::size_t round)
        : talkers_(talkers),
          index_(index),
          node_(index % talkers.options_.nodes),
          name_(std::to_string(index) + "." + std::to_string(round) + ".") {}

    void run() {
        const Options& options = talkers_.options_;
        const auto talkers = static_cast<std::int64_t>(options.tokens.size());
        // Not all at once.
        const auto phase = options.interval * static_cast<std::int64_t>(index_) / talkers;
        auto due = Clock::now() + phase;
        for (std::size_t count = 0; talkers_.wait_until(due); ++count) {
            say(name_ + std::to_string(count));
            due = std::max(due + options.interval, Clock::now());
        }
    }

private:
    void say(const std::string& text) {
        while (true) {
            const auto begun = Clock::now();
            const auto answer = ask(text);
            if (answer && answer->status == 201)
                return talkers_.acknowledged(text, Clock::now() - begun);
            node_ = (node_ + 1) % talkers_.options_.nodes;
            talkers_.pause_until(begun + retry_interval);
            const std::lock_guard lock(talkers_.mutex_);
            if (talkers_.is_over_ && Clock::now() > talkers_.give_up_at_) return;
        }
    }

    // nullopt: there was nobody to be asked, or no answer came.
    std::optional<HttpAnswer> ask(const std::string& text) {
        const std::uint16_t port = talkers_.options_.port_of(node_);
        if (port == 0) return std::nullopt;
        if (!client_ || client_->port() != port || !client_->is_open())
            client_ = std::make_unique<HttpClient>(port);
        auto answer = client_->ask(
            "POST",
            "/api/v1/rooms/" + talkers_.options_.room + "/messages",
            {{"Authorization", "Bearer " + talkers_.options_.tokens[index_]},
             {"Content-Type", "application/json"},
             {"Connection", "keep-alive"},
             {"Idempotency-Key", text}},
            nlohmann::json{{"text", text}}.dump()
        );
        if (answer && answer->status == 201) return answer;
        talkers_.refused(
            "node " + std::to_string(node_) + ": " +
            (answer ? std::to_string(answer->status) + " " + answer->body : "no answer")
        );
        return answer;
    }

    Talkers& talkers_;
    const std::size_t index_;
    std::size_t node_;
    const std::string name_;
    std::unique_ptr<HttpClient> client_;
};

void Talkers::start() {
    {
        const std::lock_guard lock(mutex_);
        is_over_ = false;
        account_ = {};
        last_ = Clock::now();
        ++round_;
    }
    for (std::size_t i = 0; i < options_.tokens.size(); ++i)
        threads_.emplace_back([this, i, round = round_] { Talker(*this, i, round).run(); });
}

void Talkers::finish() {
    {
        const std::lock_guard lock(mutex_);
        is_over_ = true;
        give_up_at_ = Clock::now() + patience;
    }
    over_.notify_all();
    for (std::thread& thread : threads_) thread.join();
    threads_.clear();
    EXPECT_LT(Clock::now(), give_up_at_) << "something was not acknowledged";
}

bool Talkers::wait_until(Clock::time_point due) {
    std::unique_lock lock(mutex_);
    return !over_.wait_until(lock, due, [this] { return is_over_; });
}

// Whether it is over or not.
void Talkers::pause_until(Clock::time_point due) {
    std::unique_lock lock(mutex_);
    (void)over_.wait_until(lock, due, [due] { return Clock::now() >= due; });
}

void Talkers::wait_for(std::size_t more) {
    std::unique_lock lock(mutex_);
    const std::size_t wanted = account_.acknowledged.size() + more;
    const bool came =
        answered_.wait_for(lock, patience, [&] { return account_.acknowledged.size() >= wanted; });
    EXPECT_TRUE(came) << "what was said was not answered";
}

void Talkers::go_on_for(milliseconds time) {
    (void)wait_until(Clock::now() + time);
}

void Talkers::acknowledged(const std::string& text, Clock::duration took) {
    {
        const std::lock_guard lock(mutex_);
        const auto now = Clock::now();
        account_.acknowledged.insert(text);
        account_.slowest = std::max(account_.slowest, in_ms(took));
        account_.longest_pause = std::max(account_.longest_pause, in_ms(now - last_));
        last_ = now;
    }
    answered_.notify_all();
}

void Talkers::refused(std::string how) {
    const std::lock_guard lock(mutex_);
    if (account_.refusals.size() < refusals_max) account_.refusals.push_back(std::move(how));
}

}  // namespace verbatim::testing
