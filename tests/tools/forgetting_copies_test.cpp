#include "eventstore/delivery.hpp"
#include "eventstore/digest.hpp"
#include "eventstore/replica.hpp"
#include "tests/support/log_scribe.hpp"
#include "tests/tools/forgetting_fixture.hpp"

#include <set>

namespace verbatim::testing {

namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

// A leader's engine, and a follower's on `data`, which is told what the leader's log says. A crash
// is a copy of the follower's files at that moment.
class ForgettingCopies : public ForgettingOnDisk {
protected:
    struct Crash {
        std::string moment;
        fs::path files;
    };

    ForgettingCopies() {
        write_history(*original);
        SendMessage keyed;
        keyed.text = "sent once";
        run(*original, stream_of(hall), ada, RoomCommand(keyed), key);
    }

    // Follows whether its leader is there or not. Errors are failures of the test.
    [[nodiscard]] std::unique_ptr<Engine> follow(const fs::path& files, Step before = {}) const {
        EngineOptions options;
        options.data = files;
        options.disk_reserve_bytes = 0;
        options.forgets_by_itself = false;
        options.follows = FollowedLeader{original->log().origin(), original->tokens().jwks()};
        options.follows->origin.is_replica = true;
        options.before_forgetting = std::move(before);
        options.report = [](const std::string& what) { ADD_FAILURE() << what; };
        auto engine = Engine::open(std::move(options));
        EXPECT_TRUE(engine) << describe(engine.error());
        EXPECT_TRUE((*engine)->catch_up({}));
        (*engine)->prepare_search({});
        (*engine)->start();
        return std::move(*engine);
    }
    // What the leader's log has beyond `engine`'s, without telling anybody.
    [[nodiscard]] std::shared_ptr<const CommittedBatch> copy_rest(Engine& engine) const {
        const Position head = engine.log().head();
        auto delivery = gather_delivery(
            original->log(), Uuid(), head, {.events_max = 10'000, .bytes_max = 64u << 20}
        );
        EXPECT_TRUE(delivery) << describe(delivery.error());
        ReplicaPart part{head, delivery->root_before, {}};
        for (DeliveredEvent& event : delivery->events)
            part.events.push_back({std::move(event.record), std::move(event.contents)});
        auto verified = verify(std::move(part));
        EXPECT_TRUE(verified) << describe(verified.error());
        auto batch = engine.log().replicate(std::move(*verified));
        EXPECT_TRUE(batch) << describe(batch.error());
        return *batch;
    }
    static void tell(Engine& engine, const std::shared_ptr<const CommittedBatch>& batch) {
        engine.listener().project(batch);
        engine.listener().announce(batch);
    }
    // Somebody has downloaded it there.
    void fetch_posted_file(Engine& engine) const {
        const std::string bytes = secret("bytes of a posted file");
        const fs::path file = folder.path() / "fetched";
        std::ofstream(file, std::ios::binary) << bytes;
        ASSERT_TRUE(engine.uploads().keep_blob(sha256({bytes}), file));
    }
    void crash(std::string moment) {
        crashes.push_back({std::move(moment), folder.path() / std::to_string(crashes.size())});
        copy_of_what_stands(crashes.back().files);
    }
    // The follower copies what the original did meanwhile, crashing at each boundary.
    void follow_to_the_end(Engine& engine) {
        const auto batch = copy_rest(engine);
        crash("after copying, before anybody was told");
        tell(engine, batch);
        crash("after destroying, before any bytes went");
        ASSERT_TRUE(engine.forgetting().run());
    }
    // The log of one crash and the views of an earlier one: theirs are not synced.
    void crash_with_older_views(const Crash& of_log, const Crash& of_views) {
        crashes.push_back({of_log.moment + ", with older views", folder.path() / "mixed"});
        fs::copy(of_log.files, crashes.back().files, fs::copy_options::recursive);
        fs::remove_all(crashes.back().files / "views");
        fs::copy(
            of_views.files / "views", crashes.back().files / "views", fs::copy_options::recursive
        );
    }
    [[nodiscard]] Step crash_before_each_step() {
        return [this](ForgettingStep step) {
            steps.insert(step);
            crash("before " + std::string(name_of(step)));
        };
    }
    static void expect_clean(Engine& engine, const fs::path& files) {
        EXPECT_THAT(engine.log().erasures_pending().value(), IsEmpty());
        EXPECT_THAT(engine.log().expiries_pending().value(), IsEmpty());
        EXPECT_FALSE(engine.log().needs_scrub());
        expect_views_as_rebuilt(engine);
        EXPECT_FALSE(engine.uploads().blobs().has(sha256({secret("bytes of a posted file")})));
        for (const std::string& found : found_in(files)) {
            const auto is_gone = [&](const char* what) { return found.starts_with(what); };
            EXPECT_FALSE(is_gone("text") || is_gone("metadata") || is_gone("name of a posted file"))
                << found;
        }
    }

    const CommandKey key = key_numbered(5);
    const std::unique_ptr<Engine> original = open(folder.path() / "original");
    std::vector<Crash> crashes;
    std::set<ForgettingStep> steps;
};

TEST_F(ForgettingCopies, LeaveNothingOfAnErasedUserWhereverTheFollowerIsKilled) {
    {
        auto follower = follow(data, crash_before_each_step());
        tell(*follower, copy_rest(*follower));
        fetch_posted_file(*follower);
        const auto before = found_in(data);
        for (const auto& [what, text] : secrets) {
            if (what.ends_with("an upload")) continue;  // the leader's alone until it is posted
            EXPECT_TRUE(std::ranges::any_of(before, [&, name = what](const std::string& found) {
                return found.starts_with(name + " in ");
            })) << what;
        }
        EXPECT_TRUE(follower->log().remembered(key.key).value());
        begin_erasure(*original);
        ASSERT_TRUE(original->forgetting().run());
        follow_to_the_end(*follower);
        expect_clean(*follower, data);
    }
    EXPECT_THAT(found_in(data), IsEmpty());
    EXPECT_THAT(
        steps,
        ElementsAre(
            ForgettingStep::destroy,
            ForgettingStep::forget_uploads,
            ForgettingStep::sweep_blobs,
            ForgettingStep::scrub_search,
            ForgettingStep::scrub_log,
            ForgettingStep::scrub_views,
            ForgettingStep::complete
        )
    );
    EXPECT_THAT(found_in(crashes.front().files), ::testing::Not(IsEmpty()));
    crash_with_older_views(crashes.back(), crashes.front());
    for (const Crash& crash : crashes) {
        SCOPED_TRACE("a crash " + crash.moment);
        {
            auto follower = follow(crash.files);
            ASSERT_TRUE(follower->forgetting().run());
            EXPECT_EQ(follower->log().tree_head(), original->log().tree_head());
            EXPECT_FALSE(follower->log().remembered(key.key).value());
            expect_clean(*follower, crash.files);
        }
        EXPECT_THAT(found_in(crash.files), IsEmpty());
        expect_audited(crash.files);
    }
}

TEST_F(ForgettingCopies, LeaveNothingOfWhatHasExpiredWhereverTheFollowerIsKilled) {
    {
        auto follower = follow(data, crash_before_each_step());
        tell(*follower, copy_rest(*follower));
        fetch_posted_file(*follower);
        in_room(*original, hall, the_server, ExpireContents{.up_to = said});
        ASSERT_TRUE(original->forgetting().run());
        follow_to_the_end(*follower);
        expect_clean(*follower, data);
    }
    for (const Crash& crash : crashes) {
        SCOPED_TRACE("a crash " + crash.moment);
        auto follower = follow(crash.files);
        ASSERT_TRUE(follower->forgetting().run());
        expect_clean(*follower, crash.files);
    }
}

// Its leader has not gone as far yet: what the follower knows is enough.
TEST_F(ForgettingCopies, ForgetAsSoonAsTheErasureHasBegun) {
    auto follower = follow(data);
    tell(*follower, copy_rest(*follower));
    begin_erasure(*original);
    tell(*follower, copy_rest(*follower));
    ASSERT_TRUE(follower->forgetting().run());
    expect_clean(*follower, data);
    ASSERT_TRUE(original->forgetting().run());
    tell(*follower, copy_rest(*follower));
    ASSERT_TRUE(follower->forgetting().run());
    expect_clean(*follower, data);
    follower.reset();
    EXPECT_THAT(found_in(data), IsEmpty());
}

// From before its leader has destroyed it, as a queue of the broker may still hold it.
TEST_F(ForgettingCopies, ForgetWhatComesToThemInOnePieceWithTheErasure) {
    begin_erasure(*original);
    {
        auto engine = follow(data);
        (void)copy_rest(*engine);
    }
    EXPECT_THAT(found_in(data), ::testing::Not(IsEmpty()));
    {
        auto follower = follow(data);
        ASSERT_TRUE(follower->forgetting().run());
        expect_clean(*follower, data);
    }
    EXPECT_THAT(found_in(data), IsEmpty());
}

}  // namespace

}  // namespace verbatim::testing
