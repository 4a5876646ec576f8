#include "protocol/forgetting_requests.hpp"
#include "tests/tools/forgetting_fixture.hpp"
#include "tools/forget.hpp"

namespace verbatim::testing {

namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST_F(ForgettingOnDisk, LeavesNothingOfAUserInAnyFile) {
    auto engine = open(data);
    write_history(*engine);
    const auto before = found_in(data);
    for (const auto& [what, text] : secrets)
        EXPECT_TRUE(std::ranges::any_of(before, [&, name = what](const std::string& found) {
            return found.starts_with(name + " in ");
        })) << what;
    begin_erasure(*engine);
    ASSERT_TRUE(engine->forgetting().run());
    expect_forgotten(*engine, data);
    engine.reset();
    EXPECT_THAT(found_in(data), IsEmpty()) << "nor once it was closed";
    expect_audited(data);
}

TEST_F(ForgettingOnDisk, ComesToTheSameEndFromACrashBeforeAnyStep) {
    std::vector<fs::path> images;
    std::vector<std::string> steps;
    const auto crash = [&](ForgettingStep step) {
        images.push_back(folder.path() / ("image" + std::to_string(images.size())));
        copy_of_what_stands(images.back());
        steps.emplace_back(name_of(step));
    };
    {
        auto engine = open(data, crash);
        write_history(*engine);
        begin_erasure(*engine);
        ASSERT_TRUE(engine->forgetting().run());
    }
    for (const char* const step :
         {"end_memberships",
          "destroy",
          "forget_uploads",
          "sweep_blobs",
          "scrub_search",
          "scrub_views",
          "scrub_log",
          "complete"})
        EXPECT_TRUE(std::ranges::count(steps, step)) << step;
    for (std::size_t i = 0; i < images.size(); ++i) {
        SCOPED_TRACE("a crash before " + steps[i]);
        auto engine = open(images[i]);
        EXPECT_EQ(engine->log().erasures_pending().value(), std::vector{ada});
        ASSERT_TRUE(engine->forgetting().run());
        expect_forgotten(*engine, images[i]);
        engine.reset();
        expect_audited(images[i]);
    }
}

TEST_F(ForgettingOnDisk, GoesOnByItselfAtTheNextStart) {
    {
        auto engine = open(data);
        write_history(*engine);
        begin_erasure(*engine);
    }
    EngineOptions options;
    options.data = data;
    options.disk_reserve_bytes = 0;
    options.report = [](const std::string& what) { ADD_FAILURE() << what; };
    auto engine = *Engine::open(std::move(options));
    ASSERT_TRUE(engine->catch_up({}));
    engine->prepare_search({});
    std::promise<void> erased;
    engine->on_announced([&](const std::shared_ptr<const CommittedBatch>& batch) {
        for (const RecordedEvent& event : batch->events)
            if (event.event == Event(AccountEvent(UserErased{}))) erased.set_value();
    });
    engine->start();
    erased.get_future().get();
    expect_forgotten(*engine, data);
}

TEST_F(ForgettingOnDisk, KeepsAFileThatSomebodyElseHasPostedToo) {
    auto engine = open(data);
    write_history(*engine);
    const Attachment shared = upload(*engine, ada, "shared", "shared bytes");
    for (const UserId& user : {ada, ben}) {
        SendMessage send;
        send.attachments.push_back(shared);
        in_room(*engine, hall, user, send);
    }
    begin_erasure(*engine);
    ASSERT_TRUE(engine->forgetting().run());
    EXPECT_TRUE(engine->uploads().blobs().has(shared.sha256));
    EXPECT_EQ(engine->views().posted_files().file(shared.file).value()->uploader, ben);
}

TEST_F(ForgettingOnDisk, LeavesNothingOfADestroyedMessage) {
    auto engine = open(data);
    write_history(*engine);
    in_room(*engine, hall, ada, DeleteMessage{said});
    EXPECT_TRUE(engine->log().needs_scrub());
    ASSERT_TRUE(engine->forgetting().run());
    for (const std::string& found : found_in(data))
        for (const char* const what :
             {"text in", "metadata", "name of a posted file", "bytes of a posted file"})
            EXPECT_FALSE(found.starts_with(what)) << found;
}

TEST_F(ForgettingOnDisk, DestroysNothingOfAHeldRoomOrUser) {
    auto engine = open(data);
    write_history(*engine);
    run(*engine, server_stream, the_server, ServerCommand(SetHold{ada, std::nullopt, "a case"}));
    const auto deleted = in_room(*engine, hall, ada, DeleteMessage{said});
    EXPECT_FALSE(
        std::get<MessageDeleted>(std::get<RoomEvent>(deleted.events().front().event)).destroyed
    );
    EXPECT_FALSE(engine->log().needs_scrub());
}

// As it happens to a request that has looked before, and is decided after.
TEST_F(ForgettingOnDisk, IsRefusedByAHoldThatWasSetAfterTheUsersRoomsWereLookedUp) {
    auto engine = open(data);
    write_history(*engine);
    auto erasure = erasure_of(engine->views(), ben, std::nullopt);
    ASSERT_TRUE(erasure);
    EXPECT_THAT(erasure->rooms, ElementsAre(hall));
    run(*engine, server_stream, the_server, ServerCommand(SetHold{std::nullopt, hall, "a case"}));
    std::promise<CommandResult> decided;
    engine->sequencer().submit(
        {.stream = stream_of(ben),
         .command = AccountCommand(*erasure),
         .actor = ben,
         .id = CommandId(new_uuid(system_now())),
         .key = std::nullopt,
         .if_match = std::nullopt,
         .occurred_at = std::nullopt},
        [&](CommandResult result) { decided.set_value(std::move(result)); }
    );
    const CommandResult refused = decided.get_future().get();
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().rule, Rule::is_held);
    EXPECT_EQ(engine->log().erased_at(ben).value(), std::nullopt);
}

// ---- Retention ----------------------------------------------------------------------------------

class RetentionOnDisk : public ForgettingOnDisk {
protected:
    // A forgetting that believes it is so many days later.
    [[nodiscard]] std::unique_ptr<Forgetting> in_days(
        Engine& engine, std::int64_t days, std::optional<std::uint32_t> server_days
    ) {
        return std::make_unique<Forgetting>(
            Forgetting::Parts{
                engine.log(),
                engine.views(),
                engine.sequencer(),
                engine.uploads(),
                &engine.search()},
            ForgettingOptions{
                .retention_days = server_days,
                .is_of_copy = false,
                .clock =
                    [days] {
                        return Timestamp(
                            system_now().microseconds() + days * 24 * 3'600 * 1'000'000
                        );
                    },
                .new_uuid = [] { return new_uuid(system_now()); },
                .report = {},
                .before_step = {}}
        );
    }
    [[nodiscard]] static std::vector<RoomId> rooms_of(const std::vector<DueExpiry>& due) {
        std::vector<RoomId> rooms;
        for (const DueExpiry& expiry : due) rooms.push_back(expiry.span.room);
        return rooms;
    }
    [[nodiscard]] static std::string text_of(Engine& engine, const RoomId& room, Version seq) {
        return engine.views().timeline().message(room, seq).value().value();
    }
};

TEST_F(RetentionOnDisk, DestroysWhatIsOlderThanTheRoomKeepsAndNothingElse) {
    auto engine = open(data);
    write_history(*engine);
    const Version elsewhere = say(*engine, alone, ada, "ada stays elsewhere");
    in_room(*engine, hall, ada, SetRetention{.days = 30});
    EXPECT_THAT(in_days(*engine, 29, std::nullopt)->due_expiries().value(), IsEmpty());
    const auto later = in_days(*engine, 31, std::nullopt);
    const auto due = later->due_expiries().value();
    ASSERT_THAT(rooms_of(due), ElementsAre(hall));
    EXPECT_EQ(due.front().messages, 3U);
    EXPECT_GE(due.front().bytes, secret("text").size() + secret("metadata").size());
    EXPECT_LE(due.front().oldest, due.front().newest);
    ASSERT_TRUE(later->run());
    EXPECT_THAT(text_of(*engine, hall, said), ::testing::HasSubstr(R"("text":null)"));
    EXPECT_THAT(text_of(*engine, alone, elsewhere), ::testing::HasSubstr("ada stays elsewhere"));
    EXPECT_THAT(engine->log().expiries_pending().value(), IsEmpty());
    expect_views_as_rebuilt(*engine);
    for (const std::string& found : found_in(data))
        for (const char* const what :
             {"text", "metadata", "name of a posted file", "bytes of a posted file"})
            EXPECT_FALSE(found.starts_with(what)) << found;
    EXPECT_THAT(later->due_expiries().value(), IsEmpty()) << "once";
    engine.reset();
    expect_audited(data);
}

TEST_F(RetentionOnDisk, GoesByTheServersDaysWhereTheRoomSaysNothing) {
    auto engine = open(data);
    write_history(*engine);
    say(*engine, alone, ada, "old");
    in_room(*engine, hall, ada, SetRetention{.days = 90});
    EXPECT_THAT(rooms_of(in_days(*engine, 31, 30)->due_expiries().value()), ElementsAre(alone));
}

TEST_F(RetentionOnDisk, IsStoppedByAHoldOnTheRoomOrOnSomebodyWhoWasInIt) {
    auto engine = open(data);
    write_history(*engine);
    const auto hold = [&](std::optional<UserId> user, std::optional<RoomId> room) {
        run(*engine, server_stream, the_server, ServerCommand(SetHold{user, room, "a case"}));
    };
    const auto lift = [&](std::optional<UserId> user, std::optional<RoomId> room) {
        run(*engine, server_stream, the_server, ServerCommand(LiftHold{user, room}));
    };
    const auto later = in_days(*engine, 31, 30);
    hold(std::nullopt, hall);
    EXPECT_THAT(later->due_expiries().value(), IsEmpty());
    lift(std::nullopt, hall);
    in_room(*engine, hall, ben, LeaveRoom{});
    hold(ben, std::nullopt);
    EXPECT_THAT(later->due_expiries().value(), IsEmpty());
    lift(ben, std::nullopt);
    EXPECT_THAT(rooms_of(later->due_expiries().value()), ElementsAre(hall));
}

TEST_F(RetentionOnDisk, GoesOnWhereACrashLeftAnExpiry) {
    {
        auto engine = open(data);
        write_history(*engine);
        in_room(*engine, hall, the_server, ExpireContents{.up_to = said});
    }
    auto engine = open(data);
    EXPECT_THAT(
        engine->log().expiries_pending().value(), ElementsAre(PendingExpiry{hall, Version(), said})
    );
    ASSERT_TRUE(engine->forgetting().run());
    EXPECT_THAT(engine->log().expiries_pending().value(), IsEmpty());
    EXPECT_THAT(text_of(*engine, hall, said), ::testing::HasSubstr(R"("text":null)"));
    expect_views_as_rebuilt(*engine);
}

// ---- Without a server ---------------------------------------------------------------------------

TEST_F(ForgettingOnDisk, IsDoneByTheToolWhileNoServerRuns) {
    {
        auto engine = open(data);
        write_history(*engine);
        EXPECT_EQ(erase_user(data, "ada"), 1) << "the data is in use";
    }
    EXPECT_EQ(erase_user(data, "nobody"), 1);
    EXPECT_EQ(erase_user(folder.path() / "nothing", "ada"), 1);
    EXPECT_FALSE(fs::exists(folder.path() / "nothing"));
    EXPECT_EQ(erase_user(data, "ada"), 0);
    EXPECT_THAT(found_in(data), IsEmpty());
    auto engine = open(data);
    expect_forgotten(*engine, data);
    EXPECT_EQ(engine->log().holder_of({ClaimKind::username, "ada"}).value(), std::nullopt);
}

TEST_F(RetentionOnDisk, IsShownByTheToolWhichChangesNothingThen) {
    {
        auto engine = open(data);
        write_history(*engine);
    }
    ::testing::internal::CaptureStdout();
    EXPECT_EQ(run_retention({.data = data, .server_days = 30, .dry_run = true}), 0);
    EXPECT_EQ(
        ::testing::internal::GetCapturedStdout(), "0 messages, 0 bytes in 0 rooms would expire\n"
    );
    EXPECT_EQ(run_retention({.data = folder.path() / "nothing"}), 1);
    auto engine = open(data);
    EXPECT_THAT(text_of(*engine, hall, said), ::testing::HasSubstr(secret("text")));
}

TEST_F(ForgettingOnDisk, IsRefusedByTheToolWhileAHoldIsOnARoomOfTheUser) {
    {
        auto engine = open(data);
        write_history(*engine);
        run(*engine, server_stream, the_server, ServerCommand(SetHold{std::nullopt, hall, "a case"})
        );
    }
    EXPECT_EQ(erase_user(data, "ada"), 1);
    auto engine = open(data);
    EXPECT_THAT(engine->log().erasures_pending().value(), IsEmpty());
    EXPECT_EQ(engine->log().erased_at(ada).value(), std::nullopt);
}

}  // namespace

}  // namespace verbatim::testing
