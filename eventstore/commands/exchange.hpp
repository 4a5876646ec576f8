#pragma once

#include "eventstore/commands/batch.hpp"
#include "eventstore/commands/loader.hpp"

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace verbatim {

// Where the sequencer's threads meet: commands come in, batches go from the decide thread to the
// write thread, what was loaded comes back. All waiting and all waking up is here.
class Exchange {
public:
    Exchange(std::size_t queue_max, std::size_t batch_commands_max)
        : queue_max_(queue_max), batch_commands_max_(batch_commands_max) {}

    // Any thread. The error with which the command is refused at the door; nullopt: it was taken
    // and `job` is gone.
    [[nodiscard]] std::optional<CommandError> submit(Job& job);
    void pause(std::string reason);
    void resume();
    [[nodiscard]] std::optional<std::string> pause_reason() const;
    // Has the decide thread look for what is due. Does nothing while commands are not taken.
    void tick();
    // Takes no more commands; take() will say when the last was dealt with.
    void drain();
    // Taken and not answered yet.
    [[nodiscard]] std::size_t queued() const { return queued_.load(std::memory_order_relaxed); }

    // The load thread.
    void deliver(Loaded loaded);

    // The decide thread.
    struct Arrivals {
        std::vector<Job> jobs;
        std::vector<Loaded> loaded;
        std::unique_ptr<Batch> batch;  // the offered one; null when the write thread has taken it
        bool failed = false;           // a write failed since the last time
        bool ticked = false;
        bool drained = false;    // nothing more will come
        bool may_write = false;  // drained: neither paused nor failed
    };
    enum class Waiting {
        for_anything,  // for arrivals, or for the end
        for_loads,     // the same, but commands are parked: this is not the end
        not_at_all,    // there are commands to decide. Still waits while the offered batch is full
    };
    // `spare`: an empty vector, for its memory.
    [[nodiscard]] Arrivals take(Waiting waiting, std::vector<Job> spare);
    // The batch goes to the write thread as soon as that is idle. Until then take() brings it back,
    // so that more can be decided into it. Requires: no batch is on offer.
    void offer(std::unique_ptr<Batch> batch);
    // The decide thread has made commands of its own; answered() counts them too.
    void took(std::size_t commands) { queued_.fetch_add(commands, std::memory_order_relaxed); }
    [[nodiscard]] bool writer_is_idle() const { return writer_is_idle_.load(); }
    // The last batch was offered.
    void close();

    // The write thread. Waits for the next batch; null: there will be none.
    [[nodiscard]] std::unique_ptr<Batch> next_batch();
    void fail();
    [[nodiscard]] bool has_failed() const;
    void answered(std::size_t commands) { queued_.fetch_sub(commands, std::memory_order_relaxed); }

private:
    [[nodiscard]] std::optional<std::string> reason() const;
    [[nodiscard]] bool may_go_on(Waiting waiting) const;

    const std::size_t queue_max_;
    const std::size_t batch_commands_max_;
    std::atomic<std::size_t> queued_{0};
    std::atomic<bool> writer_is_idle_{false};  // changes under mutex_

    mutable std::mutex mutex_;
    std::condition_variable decider_;
    std::condition_variable writer_;
    std::vector<Job> inbox_;
    std::vector<Loaded> loaded_;
    std::unique_ptr<Batch> offered_;  // can be taken back
    std::unique_ptr<Batch> given_;    // cannot: the write thread was idle and is waking up
    std::optional<std::string> paused_;
    bool ticked_ = false;
    bool draining_ = false;
    bool closed_ = false;
    bool failed_ = false;
    bool failure_was_told_ = false;
};

}  // namespace verbatim
