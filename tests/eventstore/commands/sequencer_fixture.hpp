#pragma once

#include "domain/invariant.hpp"
#include "eventstore/commands/recall.hpp"
#include "eventstore/commands/sequencer.hpp"
#include "tests/eventstore/commands/controlled_storage.hpp"

#include <atomic>
#include <future>
#include <gtest/gtest.h>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace verbatim::testing {

template <class Id>
[[nodiscard]] Id id_numbered(std::uint64_t number) {
    Uuid uuid{.bytes = {0x01, 0x9b, 0x7a, 0x2c, 0x41, 0xd0, 0x70, 0x00}};
    for (std::size_t i = 0; i < 8; ++i)
        uuid.bytes[15 - i] = static_cast<std::uint8_t>(number >> (8 * i));
    return Id(uuid);
}
[[nodiscard]] inline UserId user(std::uint64_t number) {
    return id_numbered<UserId>(1'000'000 + number);
}
[[nodiscard]] inline RoomId room(std::uint64_t number) {
    return id_numbered<RoomId>(2'000'000 + number);
}

[[nodiscard]] inline RandomBytes pseudo_random_bytes(std::uint64_t seed) {
    return [state = seed](std::span<std::uint8_t> bytes) mutable {
        for (std::uint8_t& byte : bytes) {
            state = state * 6'364'136'223'846'793'005u + 1'442'695'040'888'963'407u;
            byte = static_cast<std::uint8_t>(state >> 56);
        }
    };
}

// Remembers what it was told and checks the order in which it was.
class RecordingListener final : public CommitListener {
public:
    void project(const std::shared_ptr<const CommittedBatch>& batch) override {
        gate.pass();
        const std::lock_guard lock(mutex_);
        invariant(!batch->events.empty(), "batches without events are not announced");
        for (const RecordedEvent& event : batch->events) {
            invariant(event.position.value() == projected_ + 1, "batches follow without a gap");
            projected_ = event.position.value();
            events_.push_back(event);
        }
    }
    void note(const std::vector<ReadNoteChange>& changes) override {
        const std::lock_guard lock(mutex_);
        notes_.insert(notes_.end(), changes.begin(), changes.end());
    }
    void forget(const Forgotten& forgotten) override {
        const std::lock_guard lock(mutex_);
        forgotten_.insert(forgotten_.end(), forgotten.events.begin(), forgotten.events.end());
    }
    void announce(const std::shared_ptr<const CommittedBatch>& batch) override {
        const std::lock_guard lock(mutex_);
        invariant(
            batch->events.back().position.value() == projected_,
            "a batch is announced before the next is projected"
        );
        announced_ = projected_.load();
    }
    void start_at(Position position) {
        projected_ = position.value();
        announced_ = position.value();
    }
    [[nodiscard]] Position projected() const { return Position(projected_); }
    [[nodiscard]] Position announced() const { return Position(announced_); }
    [[nodiscard]] std::vector<RecordedEvent> events() const {
        const std::lock_guard lock(mutex_);
        return events_;
    }
    // Whose contents it was told to forget.
    [[nodiscard]] std::vector<RecordedEvent> forgotten() const {
        const std::lock_guard lock(mutex_);
        return forgotten_;
    }
    [[nodiscard]] std::vector<ReadNoteChange> notes() const {
        const std::lock_guard lock(mutex_);
        return notes_;
    }

    Gate gate;

private:
    mutable std::mutex mutex_;
    std::vector<RecordedEvent> events_;
    std::vector<ReadNoteChange> notes_;
    std::vector<RecordedEvent> forgotten_;
    std::atomic<std::uint64_t> projected_{0};
    std::atomic<std::uint64_t> announced_{0};
};

// An answer and what was so at the moment at which it was given.
struct Answered {
    CommandResult result;
    Position durable;
    Position projected;
    Position announced;
};

class Pending {
public:
    explicit Pending(std::future<Answered> future) : future_(std::move(future)) {}
    [[nodiscard]] Answered wait() { return future_.get(); }
    [[nodiscard]] CommandResult result() { return future_.get().result; }
    [[nodiscard]] bool is_answered() const {
        return future_.wait_for(std::chrono::seconds(0)) == std::future_status::ready;
    }

private:
    std::future<Answered> future_;
};

// A sequencer over a log on memory that can be stopped and opened again.
class SequencerTest : public ::testing::Test {
protected:
    SequencerTest() : storage_(make_memory_storage(EventLog::column_names().size())) { start(); }
    ~SequencerTest() override {
        control->writes.open();
        control->reads_of_blocked.open();
        listener->gate.open();
    }

    void start() {
        auto opened = EventLog::open(
            std::make_unique<ControlledStorage>(storage_, control),
            pseudo_random_bytes(1),
            Uuid{},
            Timestamp(1)
        );
        ASSERT_TRUE(opened) << describe(opened.error());
        log = std::move(*opened);
        listener = std::make_unique<RecordingListener>();
        listener->start_at(log->head());
        options.clock = [this] { return Timestamp(clock.load()); };
        options.random = pseudo_random_bytes(2);
        sequencer = std::make_unique<Sequencer>(*log, *listener, options);
    }
    void restart() {
        sequencer.reset();
        control->writes_until_failure = -1;
        start();
    }

    [[nodiscard]] Pending submit(Submission submission) {
        auto promise = std::make_shared<std::promise<Answered>>();
        Pending pending(promise->get_future());
        sequencer->submit(std::move(submission), [this, promise](CommandResult result) {
            promise->set_value(
                {std::move(result), log->head(), listener->projected(), listener->announced()}
            );
        });
        return pending;
    }
    CommandResult run(Submission submission) { return submit(std::move(submission)).result(); }
    Accepted accepted(Submission submission) {
        auto result = run(std::move(submission));
        EXPECT_TRUE(result) << "fault " << static_cast<int>(result.error().fault) << ", "
                            << code_of(result.error().rule);
        return result ? *result : Accepted{};
    }
    // Returns once all that was submitted before was decided, whether it is answered or not: the
    // command after it, to a stream that nobody knows, is being recalled.
    void wait_until_decided() {
        const std::size_t recalls = control->recalls_so_far();
        strangers_.push_back(submit(to_room(room(900'000 + strangers_.size()), user(0), JoinRoom{}))
        );
        control->wait_for_recalls(recalls + 1);
    }

    [[nodiscard]] Submission to_room(RoomId id, UserId actor, RoomCommand command) {
        return {
            .stream = stream_of(id),
            .command = std::move(command),
            .actor = actor,
            .id = id_numbered<CommandId>(++commands_),
            .key = std::nullopt,
            .if_match = std::nullopt,
            .occurred_at = std::nullopt};
    }
    [[nodiscard]] Submission to_account(UserId id, AccountCommand command) {
        auto submission = to_room({}, id, JoinRoom{});
        submission.stream = stream_of(id);
        submission.command = std::move(command);
        return submission;
    }
    [[nodiscard]] Submission mark_read(UserId reader, RoomId id, std::uint64_t up_to) {
        auto submission = to_room(id, reader, JoinRoom{});
        submission.stream = reader_stream_of(reader);
        submission.command = ReaderCommand(MarkRead{id, Version(up_to)});
        return submission;
    }
    [[nodiscard]] Submission registration(std::uint64_t number, const std::string& name) {
        return to_account(
            user(number),
            RegisterUser{.username = name, .display_name = name, .password_hash = "hash"}
        );
    }
    [[nodiscard]] Submission create(
        std::uint64_t number,
        UserId owner,
        std::uint32_t max_members = 1'000,
        Visibility visibility = Visibility::public_
    ) {
        return to_room(
            room(number),
            owner,
            CreateRoom{
                .kind = RoomKind::group,
                .name = "Harbour",
                .description = std::nullopt,
                .alias = std::nullopt,
                .visibility = visibility,
                .history = History::shared,
                .max_members = max_members,
                .members = {}}
        );
    }
    [[nodiscard]] Submission create_direct(std::uint64_t number, UserId one, UserId other) {
        return to_room(
            room(number),
            one,
            CreateRoom{
                .kind = RoomKind::direct,
                .name = std::nullopt,
                .description = std::nullopt,
                .alias = std::nullopt,
                .visibility = Visibility::private_,
                .history = History::shared,
                .max_members = 2,
                .members = {other}}
        );
    }
    [[nodiscard]] Submission send(
        std::uint64_t number, UserId sender, const std::string& text = "Ahoy"
    ) {
        return to_room(
            room(number),
            sender,
            SendMessage{
                .kind = MessageKind::text,
                .text = text,
                .metadata = std::nullopt,
                .attachments = {},
                .reply_to = std::nullopt,
                .mentions = {}}
        );
    }
    [[nodiscard]] static Submission keyed(
        Submission submission, std::uint64_t key, std::uint64_t fingerprint = 0
    ) {
        submission.key = CommandKey{
            .key = id_numbered<EventId>(key).value().bytes,
            .fingerprint = id_numbered<EventId>(fingerprint).value().bytes,
            .status = 201};
        return submission;
    }
    // Folded from nothing but the log.
    template <class State>
    [[nodiscard]] State in_log(const StreamId& stream) {
        auto recalled = recall(*log, {stream, {}});
        EXPECT_TRUE(recalled);
        return std::get<Recalled<State>>(std::move(*recalled)).state;
    }

    std::atomic<std::int64_t> clock{1'767'268'800'000'000};
    std::shared_ptr<StorageControl> control = std::make_shared<StorageControl>();
    SequencerOptions options;
    std::unique_ptr<EventLog> log;
    std::unique_ptr<RecordingListener> listener;
    std::unique_ptr<Sequencer> sequencer;

private:
    std::shared_ptr<Storage> storage_;
    std::uint64_t commands_ = 0;
    std::vector<Pending> strangers_;
};

[[nodiscard]] inline bool is_refused(const CommandResult& result, Rule rule) {
    return !result && result.error().fault == CommandFault::refused && result.error().rule == rule;
}
[[nodiscard]] inline bool is_fault(const CommandResult& result, CommandFault fault) {
    return !result && result.error().fault == fault;
}

}  // namespace verbatim::testing
