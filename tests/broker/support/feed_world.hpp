#pragma once

#include "broker/feed/feed_server.hpp"
#include "domain/limits.hpp"
#include "domain/type_id.hpp"
#include "eventstore/commands/sequencer.hpp"
#include "projections/views.hpp"
#include "protocol/audit_reads.hpp"
#include "protocol/random.hpp"
#include "protocol/secret_texts.hpp"
#include "protocol/tokens.hpp"
#include "tests/broker/support/feed_client.hpp"
#include "tests/support/log_scribe.hpp"
#include "tests/support/temporary_folder.hpp"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <functional>
#include <future>
#include <gtest/gtest.h>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace verbatim::testing {

// A node without REST: log and views in memory, the sequencer, and a feed on a free port.
class FeedWorld final : public CommitListener {
public:
    struct Person {
        UserId user;
        SessionId session;
        std::string token;
    };

    // With a leader it is a follower's feed.
    explicit FeedWorld(feed::FeedOptions options = {}, Leader* leader = nullptr)
        : log_(open_memory_event_log(random_bytes, new_uuid(system_now()), system_now()).value()),
          views_(make_memory_storage(Views::column_names().size())),
          tokens_(std::array<std::uint8_t, 32>{7}),
          authenticator_(tokens_, views_),
          command_keys_(Seed{8}) {
        EXPECT_TRUE(views_.catch_up(*log_, [](const RebuildProgress&) {}).has_value());
        for (const Limiter limiter : all_limiters())
            rate_limits_.set(limiter, {.per_second = 1e9, .burst = 1e9});
        SequencerOptions settings;
        settings.clock = system_now;
        settings.random = random_bytes;
        sequencer_ = std::make_unique<Sequencer>(*log_, *this, std::move(settings));
        uploads_ = Uploads::open(
                       {.data = folder_.path(),
                        .file_bytes_max = limits::file_bytes_max,
                        .clock = system_now,
                        .new_uuid = [] { return new_uuid(system_now()); },
                        .has_room = [](std::uint64_t) { return true; },
                        .report = [](const std::string& what) { ADD_FAILURE() << what; },
                        .before_change = {}},
                       views_
        )
                       .value();
        options.port = 0;
        options.now = [this] {
            return std::chrono::steady_clock::now() + std::chrono::microseconds(clock_ahead_us_);
        };
        server_ = std::make_unique<feed::FeedServer>(
            feed::FeedParts{
                .log = *log_,
                .views = views_,
                .authenticator = authenticator_,
                .command_keys = command_keys_,
                .sequencer = *sequencer_,
                .audit_reads = audit_reads_,
                .uploads = *uploads_,
                .file_pool = file_pool_,
                .rate_limits = rate_limits_,
                .metrics = metrics_,
                .clock =
                    [this] { return Timestamp(system_now().microseconds() + clock_ahead_us_); },
                .new_uuid = [] { return new_uuid(system_now()); },
                .client_address = [](const std::string& peer, const std::string&) { return peer; },
                .leader = leader,
                .report =
                    [this](const std::string& what) {
                        const std::lock_guard lock(mutex_);
                        if (!expects_reports_) ADD_FAILURE() << what;
                        reports_.push_back(what);
                        told_.notify_all();
                    },
                .tell_others =
                    [this](const Signal& signal) {
                        const std::lock_guard lock(mutex_);
                        signals_.push_back(signal);
                        told_.notify_all();
                    }},
            std::move(options)
        );
        const auto started = server_->start();
        EXPECT_TRUE(started.has_value());
    }
    ~FeedWorld() override {
        sequencer_->stop();
        file_pool_.stop();
        server_.reset();
    }
    FeedWorld(const FeedWorld&) = delete;
    FeedWorld& operator=(const FeedWorld&) = delete;

    Person person(const std::string& name) {
        const UserId user(new_uuid(system_now()));
        RegisterUser registration;
        registration.username = name;
        registration.display_name = name;
        registration.password_hash = "hash";
        EXPECT_TRUE(run(user, stream_of(user), AccountCommand(registration)).has_value());
        return log_in(user);
    }
    Person log_in(const UserId& user) {
        OpenSession opening;
        opening.session = SessionId(new_uuid(system_now()));
        opening.verified = Version(1);
        opening.refresh_hash = std::string(32, 'r');
        EXPECT_TRUE(run(user, stream_of(user), AccountCommand(opening)).has_value());
        return {user, opening.session, tokens_.issue(user, opening.session, system_now())};
    }
    // As a bot of the person's: by a key with these scopes instead of a session.
    Person with_key(const Person& person, std::vector<KeyScope> scopes, KeyId& key) {
        SecretText secret = make_api_key();
        key = KeyId(new_uuid(system_now()));
        CreateKey create;
        create.key = key;
        create.name = "bot";
        create.scopes = std::move(scopes);
        create.key_hash = secret.hash;
        EXPECT_TRUE(run(person.user, stream_of(person.user), AccountCommand(create)).has_value());
        return {person.user, {}, std::move(secret.text)};
    }
    RoomId room(const Person& owner, Visibility visibility = Visibility::public_) {
        const RoomId room(new_uuid(system_now()));
        CreateRoom create;
        create.name = "Hall";
        create.visibility = visibility;
        create.max_members = 1'000;
        EXPECT_TRUE(run(owner.user, stream_of(room), RoomCommand(create)).has_value());
        return room;
    }
    // Waits for the answer, and until the feed has been told. A refusal is an answer.
    CommandResult run(const UserId& actor, const StreamId& stream, Command command) {
        std::promise<CommandResult> promise;
        auto answer = promise.get_future();
        submit(actor, stream, std::move(command), [&](CommandResult result) {
            promise.set_value(std::move(result));
        });
        CommandResult result = answer.get();
        std::unique_lock lock(mutex_);
        told_.wait(lock, [&] { return !result || result->position <= announced_; });
        return result;
    }
    CommandResult run(const Person& actor, const RoomId& room, RoomCommand command) {
        return run(actor.user, stream_of(room), std::move(command));
    }
    void submit(
        const UserId& actor, const StreamId& stream, Command command, CommandCallback answered
    ) {
        sequencer_->submit(
            {.stream = stream,
             .command = std::move(command),
             .actor = actor,
             .id = CommandId(new_uuid(system_now())),
             .key = std::nullopt,
             .if_match = std::nullopt,
             .occurred_at = std::nullopt},
            std::move(answered)
        );
    }
    static SendMessage saying(const std::string& text) {
        SendMessage message;
        message.text = text;
        return message;
    }

    FeedClient client(int receive_buffer_bytes = 0) {
        return FeedClient(server_->port(), receive_buffer_bytes);
    }
    FeedClient open(const Person& person, const std::string& query = {}, int receive_buffer = 0) {
        FeedClient opened = client(receive_buffer);
        const std::string target = "/api/v1/feed?token=" + person.token + query;
        EXPECT_TRUE(opened.upgrade(target).starts_with("HTTP/1.1 101"));
        return opened;
    }
    // Opened at the tail, welcome and caught_up read.
    FeedClient live(const Person& person, const std::string& query = {}) {
        FeedClient opened = open(person, query);
        EXPECT_EQ(opened.read().at("type"), "welcome");
        EXPECT_EQ(opened.read().at("type"), "caught_up");
        return opened;
    }
    static std::string after(Position position) {
        return "&after=" + std::to_string(position.value());
    }

    [[nodiscard]] EventLog& log() { return *log_; }
    [[nodiscard]] Sequencer& sequencer() { return *sequencer_; }
    [[nodiscard]] Views& views() { return views_; }
    [[nodiscard]] Tokens& tokens() { return tokens_; }
    [[nodiscard]] feed::FeedServer& server() { return *server_; }
    [[nodiscard]] RateLimits& rate_limits() { return rate_limits_; }
    // From now on log and views move on and the hub does not hear of it, until it is told.
    void withhold_news() {
        const std::lock_guard lock(mutex_);
        withholding_ = true;
    }
    void tell_news() {
        const std::lock_guard lock(mutex_);
        withholding_ = false;
        tell();
    }
    // From now on failures may be reported.
    void expect_reports() {
        const std::lock_guard lock(mutex_);
        expects_reports_ = true;
    }
    // Waits until there is one.
    std::string report() {
        std::unique_lock lock(mutex_);
        told_.wait(lock, [this] { return !reports_.empty(); });
        return reports_.front();
    }
    // Waits until other nodes were told what `is_meant` takes; returns it.
    Signal signal(const std::function<bool(const Signal&)>& is_meant) {
        std::unique_lock lock(mutex_);
        auto found = signals_.end();
        told_.wait(lock, [&] {
            found = std::ranges::find_if(signals_, is_meant);
            return found != signals_.end();
        });
        return *found;
    }
    [[nodiscard]] const Metrics& metrics() const { return metrics_; }
    void move_clock(std::int64_t seconds) { clock_ahead_us_ += seconds * 1'000'000; }

private:
    void project(const std::shared_ptr<const CommittedBatch>& batch) override {
        EXPECT_TRUE(views_.apply(*batch, log_->epoch()).has_value());
        authenticator_.sessions_changed(*batch);
    }
    void note(const std::vector<ReadNoteChange>& changes) override {
        views_.note(changes);
        server_->note(changes);
    }
    void forget(const Forgotten& forgotten) override {
        EXPECT_TRUE(views_.forget(forgotten.events).has_value());
    }
    void announce(const std::shared_ptr<const CommittedBatch>& batch) override {
        const std::lock_guard lock(mutex_);
        withheld_.push_back(batch);
        if (!withholding_) tell();
        announced_ = batch->events.back().position;
        told_.notify_all();
    }

    void tell() {
        for (const auto& batch : std::exchange(withheld_, {})) server_->announce(batch);
    }

    std::unique_ptr<EventLog> log_;
    Views views_;
    Tokens tokens_;
    Authenticator authenticator_;
    CommandKeys command_keys_;
    RateLimits rate_limits_;
    Metrics metrics_;
    std::atomic<std::int64_t> clock_ahead_us_{0};
    std::mutex mutex_;
    std::condition_variable told_;
    Position announced_;
    bool withholding_ = false;
    bool expects_reports_ = false;
    std::vector<std::string> reports_;
    std::vector<Signal> signals_;  // what other nodes were told
    std::vector<std::shared_ptr<const CommittedBatch>> withheld_;
    TemporaryFolder folder_;
    AuditReads audit_reads_{
        {.submit = [this](
                       Submission submission, CommandCallback callback
                   ) { sequencer_->submit(std::move(submission), std::move(callback)); },
         .new_uuid = [] { return new_uuid(system_now()); }}};
    std::unique_ptr<Uploads> uploads_;
    std::unique_ptr<feed::FeedServer> server_;
    std::unique_ptr<Sequencer> sequencer_;
    WorkPool file_pool_{1, limits::file_jobs_max};
};

}  // namespace verbatim::testing
