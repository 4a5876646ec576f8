#include "eventstore/commands/decider.hpp"

#include "domain/invariant.hpp"
#include "domain/limits.hpp"
#include "eventstore/commands/judgement.hpp"

#include <algorithm>
#include <iterator>

namespace verbatim {
namespace {

using std::chrono::steady_clock;

// As many are decided before the write thread is looked at again: an idle one should not wait for
// a full batch, a busy one should find more than a few.
constexpr int commands_per_look = 64;

std::int64_t microseconds(steady_clock::duration duration) {
    return std::chrono::duration_cast<std::chrono::microseconds>(duration).count();
}

Accepted replay_of(const IdempotencyRecord& record) {
    return {
        .stream = record.stream,
        .position = record.position,
        .version = record.version,
        .first = record.first,
        .count = record.count,
        .replayed = true,
        .already_so = record.count == 0,
        .status = record.status,
        .batch = nullptr};
}

// The event as a deletion, if it is one.
template <class AnyEvent>
auto* deletion_in(AnyEvent& event) {
    auto* const room_event = std::get_if<RoomEvent>(&event);
    return room_event == nullptr ? nullptr : std::get_if<MessageDeleted>(room_event);
}

AggregateLimits limits_of(const SequencerOptions& options) {
    return {
        .rooms_max = options.cached_rooms_max,
        .members_max = options.cached_members_max,
        .accounts_max = options.cached_accounts_max,
        .messages_max = options.cached_messages_max};
}

}  // namespace

Decider::Decider(EventLog& log, Loader& loader, const SequencerOptions& options)
    : log_(log),
      loader_(loader),
      options_(options),
      aggregates_(limits_of(options)),
      claims_(log),
      keys_(log),
      notes_(log),
      joins_(log.head()),
      parking_(aggregates_, loader),
      ids_(options.random),
      erased_(log.erased_at_opening().begin(), log.erased_at_opening().end()),
      last_position_(log.head()),
      now_(log.last_at()) {}

void Decider::receive(std::vector<Job> jobs) {
    if (jobs.empty()) return;
    jobs_ = std::move(jobs);
    next_job_ = 0;
}

void Decider::receive(std::vector<Loaded> loaded) {
    if (failed_) return;
    for (Loaded& one : loaded) parking_.receive(std::move(one));
}

std::vector<Job> Decider::spare_jobs() {
    jobs_.clear();
    next_job_ = 0;
    return std::exchange(jobs_, {});
}

void Decider::forget_durable(std::uint64_t batch) {
    durable_batch_ = batch;
    claims_.forget_durable(batch);
    keys_.forget_durable(batch);
}

void Decider::decide_some() {
    if (failed_) return give_up();
    begun_at_ = steady_clock::now();
    now_ = std::max(now_, options_.clock());
    for (int i = 0; i < commands_per_look && has_work() && !batch_is_full(); ++i) take_up_next();
    encode();
    drop_stale_rooms();
    aggregates_.shrink(log_.head());
    if (batch_) batch_->timing.decide_us += microseconds(steady_clock::now() - begun_at_);
}

void Decider::take_up_next() {
    if (!again_.empty()) {
        Job job = std::move(again_.front());
        again_.pop_front();
        take_up(std::move(job));
    } else if (parking_.has_released()) {
        take_up_released();
    } else {
        take_up(std::move(jobs_[next_job_++]));
    }
}

void Decider::take_up(Job job) {
    if (job.forgotten) return destroy(std::move(job));
    if (job.submission.key && settle_by_key(job)) return;
    if (parking_.holds(job.submission.stream)) return parking_.park_behind(std::move(job));
    recall_and_decide(std::move(job));
}

void Decider::take_up_released() {
    auto [job, error] = parking_.release();
    const StreamId stream = job.submission.stream;
    if (error) {
        conclude_failed_read(std::move(job), *error);
        parking_.decided(stream);
    } else if (recall_and_decide(std::move(job))) {
        parking_.decided(stream);
    }
}

bool Decider::settle_by_key(Job& job) {
    const CommandKey& key = *job.submission.key;
    if (const auto* const waiting = parking_.fingerprint_of(key.key)) {
        if (*waiting == key.fingerprint) {
            parking_.attach(std::move(job));
        } else {
            answer(std::move(job), failure(command_error(CommandFault::idempotency_key_reused)));
        }
        return true;
    }
    const auto found = keys_.find(key.key, now_);
    if (!found) {
        conclude_failed_read(std::move(job), found.error());
        return true;
    }
    if (!*found) return false;
    if ((*found)->fingerprint == key.fingerprint) {
        answer(std::move(job), replay_of(**found));
    } else {
        answer(std::move(job), failure(command_error(CommandFault::idempotency_key_reused)));
    }
    return true;
}

bool Decider::recall_and_decide(Job job) {
    std::optional<Uuid> holder;
    if (const auto wanted = claim_wanted_by(job.submission)) {
        const auto found = claims_.holder_of(*wanted);
        if (!found) return conclude_failed_read(std::move(job), found.error()), true;
        holder = *found;
    }
    const auto needs = needs_of(job.submission, holder, aggregates_);
    for (const AggregateKey& need : needs) {
        if (aggregates_.touch(need)) continue;
        parking_.park_first(std::move(job), needs);
        return false;
    }
    decide(std::move(job), holder);
    return true;
}

void Decider::decide(Job job, const std::optional<Uuid>& holder) {
    if (job.records_note) return record_note(std::move(job));
    const Submission& submission = job.submission;
    if (is_by_erased(submission)) {
        CommandError error = command_error(CommandFault::refused);
        error.rule = Rule::account_is_not_active;
        return conclude(std::move(job), failure(std::move(error)));
    }
    if (!add_later_rooms(job.submission))
        return conclude(std::move(job), failure(command_error(CommandFault::queue_is_full)));
    auto verdict = judge(submission, holder, aggregates_, now_);
    if (!verdict) return conclude(std::move(job), failure(std::move(verdict.error())));
    if (submission.stream.kind == StreamKind::reader) hold_back(submission, verdict->events);
    Accepted accepted = verdict->events.empty() ? already_so(submission, verdict->stream)
                                                : stage(submission, std::move(verdict->events));
    remember(submission, accepted);
    conclude(std::move(job), std::move(accepted));
}

Accepted Decider::stage(const Submission& submission, std::vector<Event> events) {
    invariant(
        events.size() <= limits::events_per_command_max, "the limits of commands bound their events"
    );
    const StreamId& stream = submission.stream;
    Accepted accepted{
        .stream = stream,
        .position = {},
        .version = aggregates_.place_of(stream).version,
        .first = last_position_.next(),
        .count = static_cast<std::uint16_t>(events.size()),
        .status = submission.key ? submission.key->status : std::uint16_t{0},
        .batch = nullptr,
        .batch_index = batch().next_event()};
    for (Event& event : events) {
        if (auto* const deleted = deletion_in(event))
            deleted->destroyed = destroys(stream, *deleted);
        last_position_ = last_position_.next();
        accepted.version = accepted.version.next();
        stage_event(
            {.position = last_position_,
             .stream = stream,
             .version = accepted.version,
             .id = ids_.next(now_),
             .command = submission.id,
             .at = now_,
             .occurred_at = submission.occurred_at,
             .actor = submission.actor,
             .key = submission.key,
             .event = std::move(event)}
        );
    }
    accepted.position = last_position_;
    if (aggregates_.take_due_snapshot(stream, now_)) loader_.keep_snapshot(stream);
    return accepted;
}

// A legal hold on the room or the sender leaves the contents where they are, hidden.
bool Decider::destroys(const StreamId& room, const MessageDeleted& deletion) const {
    if (!options_.destroy_deleted) return false;
    const ServerState& server = aggregates_.server().state;
    const Message& message = aggregates_.message(room, deletion.seq).state;
    return !server.held_rooms.contains(RoomId(room.id)) &&
           !server.held_users.contains(message.sender);
}

void Decider::stage_event(RecordedEvent event) {
    for (ClaimChange& change : claims_of(event, aggregates_.claimed_name(event.stream))) {
        claims_.stage(change, batch().number);
        batch().unstaged.claims.push_back(std::move(change));
    }
    if (const auto* const deleted = deletion_in(event.event);
        deleted != nullptr && deleted->destroyed) {
        for (const Position position : aggregates_.message(event.stream, deleted->seq).texts)
            batch().unstaged.destroyed.contents.push_back({.position = position});
    }
    if (const auto* const account = std::get_if<AccountEvent>(&event.event);
        account != nullptr && std::holds_alternative<ErasureBegun>(*account)) {
        erased_.insert(UserId(event.stream.id));
        forget_notes_of(UserId(event.stream.id));
    }
    if (event.stream.kind == StreamKind::reader) forget_note(event);
    joins_.note(event);
    aggregates_.apply(event);
    batch().unstaged.events.push_back(std::move(event));
}

Accepted Decider::already_so(const Submission& submission, const StreamId& stream) const {
    const auto place = aggregates_.place_of(stream);
    return {
        .stream = stream,
        .position = place.position,
        .version = place.version,
        .first = {},
        .count = 0,
        .already_so = true,
        .status = submission.key ? submission.key->status : std::uint16_t{0},
        .batch = nullptr};
}

void Decider::remember(const Submission& submission, const Accepted& accepted) {
    if (!submission.key) return;
    const IdempotencyRecord record{
        .fingerprint = submission.key->fingerprint,
        .first = accepted.first,
        .count = accepted.count,
        .status = submission.key->status,
        .stream = accepted.stream,
        .position = accepted.position,
        .version = accepted.version,
        .at = now_};
    keys_.stage(submission.key->key, record, batch().number);
    batch().unstaged.keys.emplace_back(submission.key->key, record);
}

void Decider::encode() {
    if (!batch_ || batch_->unstaged.empty()) return;
    log_.stage(batch_->prepared, batch_->unstaged);
    auto& staged = batch_->unstaged.events;
    if (batch_->events.empty()) {
        batch_->events.swap(staged);
    } else {
        std::move(staged.begin(), staged.end(), std::back_inserter(batch_->events));
    }
    auto& notes = batch_->unstaged.notes;
    std::move(notes.begin(), notes.end(), std::back_inserter(batch_->notes));
    batch_->unstaged = {};
}

void Decider::fail() {
    failed_ = true;
    for (Job& job : parking_.clear()) again_.push_back(std::move(job));
    aggregates_.clear();
    claims_.clear();
    keys_.clear();
    notes_.clear();
    stale_rooms_.clear();
}

void Decider::give_up() {
    while (has_work()) {
        Job job;
        if (again_.empty()) {
            job = std::move(jobs_[next_job_++]);
        } else {
            job = std::move(again_.front());
            again_.pop_front();
        }
        answer(std::move(job), failure(command_error(CommandFault::outcome_unknown)));
    }
}

void Decider::answer(Job job, CommandResult result) {
    auto& timing = batch().timing;
    timing.queue_us = std::max(timing.queue_us, microseconds(begun_at_ - job.taken_at));
    batch().answers.push_back({std::move(job.callback), std::move(result)});
}

void Decider::conclude(Job job, CommandResult result) {
    const auto key = job.submission.key;
    answer(std::move(job), std::move(result));
    if (!key || parking_.empty()) return;
    for (Job& duplicate : parking_.detach(key->key)) again_.push_back(std::move(duplicate));
}

void Decider::conclude_failed_read(Job job, const StoreError& error) {
    if (options_.on_store_error) options_.on_store_error(error);
    conclude(std::move(job), failure(command_error(CommandFault::storage_failed)));
}

Batch& Decider::batch() {
    if (!batch_) {
        batch_ = std::make_unique<Batch>();
        batch_->number = ++batches_;
    }
    return *batch_;
}

}  // namespace verbatim
