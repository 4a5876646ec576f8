#include "eventstore/commands/sequencer.hpp"

#include "eventstore/commands/decider.hpp"
#include "eventstore/commands/exchange.hpp"

#include <atomic>
#include <chrono>
#include <mutex>
#include <thread>
#include <utility>

namespace verbatim {
namespace {

using std::chrono::steady_clock;

std::int64_t microseconds_since(steady_clock::time_point start) {
    const auto passed = steady_clock::now() - start;
    return std::chrono::duration_cast<std::chrono::microseconds>(passed).count();
}

}  // namespace

// The five steps: the decide thread takes a batch of commands, recalls the aggregates that they
// need and decides (Decider); the write thread appends the batch and answers.
struct Sequencer::State {
    State(EventLog& event_log, CommitListener& commit_listener, SequencerOptions sequencer_options)
        : log(event_log),
          listener(commit_listener),
          options(std::move(sequencer_options)),
          exchange(options.queue_max, options.batch_commands_max),
          loader(log, [this](Loaded loaded) { exchange.deliver(std::move(loaded)); }),
          decider(log, loader, options),
          decide_thread([this] { decide_batches(); }),
          write_thread([this] { write_batches(); }) {}

    void decide_batches();
    [[nodiscard]] bool take();
    void hand_over();

    void write_batches();
    [[nodiscard]] bool append(Batch& batch);
    [[nodiscard]] std::shared_ptr<const CommittedBatch> project(Batch& batch);
    void answer(Batch& batch, const std::shared_ptr<const CommittedBatch>& committed);
    void abandon(Batch& batch);

    void stop();

    EventLog& log;
    CommitListener& listener;
    const SequencerOptions options;
    Exchange exchange;
    Loader loader;
    Decider decider;       // the decide thread's
    bool settled = false;  // the decide thread's
    std::atomic<std::uint64_t> durable_batch{0};
    bool failed = false;  // the write thread's
    std::mutex stopping;
    std::thread decide_thread;
    std::thread write_thread;
};

void Sequencer::State::decide_batches() {
    while (take()) {
        decider.forget_durable(durable_batch.load(std::memory_order_acquire));
        decider.decide_some();
        hand_over();
    }
}

// False: all was decided and there will be no more.
bool Sequencer::State::take() {
    using Waiting = Exchange::Waiting;
    const bool has_work = decider.has_work();
    const Waiting waiting = has_work               ? Waiting::not_at_all
                            : decider.has_parked() ? Waiting::for_loads
                                                   : Waiting::for_anything;
    auto arrivals = exchange.take(waiting, has_work ? std::vector<Job>() : decider.spare_jobs());
    if (arrivals.drained) {
        // Once: what cannot be recorded now stays noted.
        if (!arrivals.may_write || std::exchange(settled, true)) return false;
        exchange.took(decider.take_up_all_notes());
        return take();
    }
    decider.receive(std::move(arrivals.jobs));
    decider.receive(std::move(arrivals.loaded));
    if (arrivals.batch) decider.resume(std::move(arrivals.batch));
    if (arrivals.failed) decider.fail();
    if (arrivals.ticked) exchange.took(decider.take_up_due_notes());
    return true;
}

// While the write thread is busy and commands wait, more of them go into the same batch.
void Sequencer::State::hand_over() {
    if (!decider.has_batch()) return;
    const bool waits_for_more =
        decider.has_work() && !decider.batch_is_full() && !exchange.writer_is_idle();
    if (!waits_for_more) exchange.offer(decider.release_batch());
}

void Sequencer::State::write_batches() {
    while (const auto batch = exchange.next_batch()) {
        batch->timing.commands = batch->answers.size();
        batch->timing.events = batch->events.size();
        if (!append(*batch)) {
            abandon(*batch);
            continue;
        }
        durable_batch.store(batch->number, std::memory_order_release);
        const auto committed = project(*batch);
        if (!batch->notes.empty()) listener.note(batch->notes);
        for (const auto& forgotten : batch->forgotten) listener.forget(*forgotten);
        answer(*batch, committed);
        if (committed) listener.announce(committed);
        if (options.observer) options.observer(batch->timing);
    }
}

// Whether the batch is durable. After a write that failed none is written any more.
bool Sequencer::State::append(Batch& batch) {
    if (failed) return false;
    if (!batch.prepared.writes) return true;
    batch.timing.bytes = batch.prepared.writes->bytes();
    batch.last_leaf = batch.prepared.last_leaf;
    const auto start = steady_clock::now();
    const auto written = log.commit(std::move(batch.prepared));
    batch.timing.fsync_us = microseconds_since(start);
    if (written) return true;
    failed = true;
    exchange.fail();
    if (options.on_store_error) options.on_store_error(written.error());
    return false;
}

// The batch's events, readable now; null where it has none.
std::shared_ptr<const CommittedBatch> Sequencer::State::project(Batch& batch) {
    if (batch.events.empty()) return nullptr;
    auto committed = std::make_shared<const CommittedBatch>(CommittedBatch{
        std::move(batch.events), batch.last_leaf});
    const auto start = steady_clock::now();
    listener.project(committed);
    batch.timing.project_us = microseconds_since(start);
    return committed;
}

void Sequencer::State::answer(
    Batch& batch, const std::shared_ptr<const CommittedBatch>& committed
) {
    exchange.answered(batch.answers.size());
    for (Answer& answer : batch.answers) {
        const bool happened_now = answer.result && !answer.result->replayed;
        if (happened_now && answer.result->count > 0) answer.result->batch = committed;
        answer.callback(std::move(answer.result));
    }
}

// Refusals too: they may have read what is now in doubt.
void Sequencer::State::abandon(Batch& batch) {
    exchange.answered(batch.answers.size());
    for (const Answer& answer : batch.answers)
        answer.callback(failure(command_error(CommandFault::outcome_unknown)));
}

void Sequencer::State::stop() {
    const std::lock_guard lock(stopping);
    exchange.drain();
    if (decide_thread.joinable()) decide_thread.join();
    loader.stop();
    exchange.close();
    if (write_thread.joinable()) write_thread.join();
}

std::span<const RecordedEvent> Accepted::events() const {
    if (!batch) return {};
    return std::span(batch->events).subspan(batch_index, count);
}

Sequencer::Sequencer(EventLog& log, CommitListener& listener, SequencerOptions options)
    : state_(std::make_unique<State>(log, listener, std::move(options))) {}

Sequencer::~Sequencer() {
    stop();
}

void Sequencer::submit(Submission submission, CommandCallback callback) {
    Job job{std::move(submission), std::move(callback), steady_clock::now()};
    if (auto error = state_->exchange.submit(job)) job.callback(failure(std::move(*error)));
}

void Sequencer::destroy(std::shared_ptr<const Forgotten> forgotten, CommandCallback callback) {
    Job job{.submission = {}, .callback = std::move(callback), .taken_at = steady_clock::now()};
    job.forgotten = std::move(forgotten);
    if (auto error = state_->exchange.submit(job)) job.callback(failure(std::move(*error)));
}

void Sequencer::record_due_reads() {
    state_->exchange.tick();
}

void Sequencer::pause(std::string reason) {
    state_->exchange.pause(std::move(reason));
}

void Sequencer::resume() {
    state_->exchange.resume();
}

std::optional<std::string> Sequencer::pause_reason() const {
    return state_->exchange.pause_reason();
}

void Sequencer::stop() {
    state_->stop();
}

std::size_t Sequencer::queued() const {
    return state_->exchange.queued();
}

}  // namespace verbatim
