#include "tools/forgetting.hpp"

#include "eventstore/audit/log_audit.hpp"
#include "eventstore/rocks_storage.hpp"
#include "protocol/random.hpp"
#include "tests/support/temporary_folder.hpp"
#include "tools/engine.hpp"
#include "tools/forget.hpp"

#include <algorithm>
#include <fstream>
#include <future>
#include <gmock/gmock.h>
#include <map>

namespace verbatim::testing {

namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

// What must not be found any more. No two have anything in common that a compressor could use.
const std::map<std::string, std::string> secrets{
    {"text", "kQ7vXw2ZpLr9TnB4"},
    {"text before an edit", "hYd3JmF8sAqWe6Uc"},
    {"metadata", "0gTzNb5KxVo1RiPl"},
    {"name of a posted file", "wEr4tYu7iOp2aSdF"},
    {"bytes of a posted file", "ZxC9vBn3mQwErT5y"},
    {"name of an upload", "uIo8PlKj6HgFdSa1"},
    {"bytes of an upload", "MnBv7CxZ2LkJh4Gf"},
    {"display name", "dSaQ0wEr6TyUi3Op"},
    {"name of a room", "lKjH9gFd5SaPo8Iu"},
    {"reason of a ban", "yTrE1wQm4NbVc7Xz"},
    {"address of a session", "fGhJ2kLz8XcVb0Nm"},
    {"agent of a session", "qAzW3sXe6DcRf9Vt"}};

std::string secret(const std::string& what) {
    return secrets.at(what);
}

// Which of them stand in which files below `folder`. Tables are compressed by LZ4, which leaves
// what it has not seen before as it is.
std::vector<std::string> found_in(const fs::path& folder) {
    std::vector<std::string> found;
    for (const auto& entry : fs::recursive_directory_iterator(folder)) {
        if (!entry.is_regular_file()) continue;
        std::ifstream file(entry.path(), std::ios::binary);
        const std::string bytes{std::istreambuf_iterator<char>(file), {}};
        for (const auto& [what, text] : secrets)
            if (bytes.find(text) != std::string::npos)
                found.push_back(what + " in " + fs::relative(entry.path(), folder).string());
    }
    std::ranges::sort(found);
    return found;
}

// A data directory in which ada has written all kinds of things, and ben and cy some.
class ForgettingOnDisk : public ::testing::Test {
protected:
    using Step = std::function<void(ForgettingStep)>;

    [[nodiscard]] static std::unique_ptr<Engine> open(const fs::path& files, Step before = {}) {
        EngineOptions options;
        options.data = files;
        options.disk_reserve_bytes = 0;
        options.destroy_deleted = true;
        options.forgets_by_itself = false;
        options.before_forgetting = std::move(before);
        options.report = [](const std::string& what) { ADD_FAILURE() << what; };
        auto engine = Engine::open(std::move(options));
        EXPECT_TRUE(engine) << describe(engine.error());
        EXPECT_TRUE((*engine)->catch_up({}));
        (*engine)->prepare_search({});
        (*engine)->start();
        return std::move(*engine);
    }
    static Accepted run(
        Engine& engine,
        const StreamId& stream,
        const UserId& actor,
        Command command,
        std::optional<CommandKey> key = std::nullopt
    ) {
        std::promise<CommandResult> promise;
        engine.sequencer().submit(
            {.stream = stream,
             .command = std::move(command),
             .actor = actor,
             .id = CommandId(new_uuid(system_now())),
             .key = std::move(key),
             .if_match = std::nullopt,
             .occurred_at = std::nullopt},
            [&](CommandResult result) { promise.set_value(std::move(result)); }
        );
        auto result = promise.get_future().get();
        EXPECT_TRUE(result) << code_of(result.error().rule) << result.error().reason;
        return result ? *result : Accepted{};
    }
    static Accepted in_room(
        Engine& engine, const RoomId& room, const UserId& actor, RoomCommand command
    ) {
        return run(engine, stream_of(room), actor, std::move(command));
    }
    UserId register_user(Engine& engine, const std::string& name, const std::string& display) {
        const UserId user(new_uuid(system_now()));
        run(engine, stream_of(user), user, AccountCommand(RegisterUser{name, display, "hash"}));
        return user;
    }
    RoomId make_room(Engine& engine, const UserId& owner, const std::string& name) {
        const RoomId room(new_uuid(system_now()));
        CreateRoom create;
        create.name = name;
        create.max_members = 10;
        in_room(engine, room, owner, create);
        return room;
    }
    static Version say(
        Engine& engine, const RoomId& room, const UserId& by, const std::string& text
    ) {
        SendMessage send;
        send.text = text;
        return in_room(engine, room, by, send).version;
    }
    static Attachment upload(
        Engine& engine, const UserId& by, const std::string& name, const std::string& bytes
    ) {
        return *engine.uploads().store({by, bytes.size(), name, {}}, bytes);
    }

    void write_history(Engine& engine) {
        ada = register_user(engine, "ada", secret("display name"));
        ben = register_user(engine, "ben", "Ben");
        cy = register_user(engine, "cy", "Cy");
        OpenSession session;
        session.session = SessionId(new_uuid(system_now()));
        session.verified = Version(1);
        session.address = secret("address of a session");
        session.agent = secret("agent of a session");
        run(engine, stream_of(ada), ada, AccountCommand(session));
        hall = make_room(engine, ada, secret("name of a room"));
        for (const UserId& user : {ben, cy}) in_room(engine, hall, user, JoinRoom{});
        in_room(engine, hall, ada, PutMember{cy, MemberRole::admin});
        alone = make_room(engine, ada, "Alone");
        in_room(
            engine,
            hall,
            ada,
            BanUser{register_user(engine, "dan", "Dan"), secret("reason of a ban")}
        );
        write_messages(engine);
        EXPECT_TRUE(engine.uploads().store(
            {ada, 16, secret("name of an upload"), {}}, secret("bytes of an upload")
        ));
    }
    void write_messages(Engine& engine) {
        const Version edited = say(engine, hall, ada, "before " + secret("text before an edit"));
        in_room(engine, hall, ada, EditMessage{edited, "after", {}});
        SendMessage full;
        full.text = "secret " + secret("text");
        full.metadata = R"({"a":")" + secret("metadata") + R"("})";
        full.attachments.push_back(
            upload(engine, ada, secret("name of a posted file"), secret("bytes of a posted file"))
        );
        said = in_room(engine, hall, ada, full).version;
        say(engine, hall, ben, "ben stays");
        in_room(engine, hall, ben, AddReaction{said, "👍"});
    }
    // As after a crash, with the search index lost: nobody writes into the rest at this moment.
    void copy_of_what_stands(const fs::path& image) const {
        fs::create_directory(image);
        for (const auto& entry : fs::directory_iterator(data))
            if (!entry.path().filename().string().starts_with("search.sqlite"))
                fs::copy(
                    entry.path(), image / entry.path().filename(), fs::copy_options::recursive
                );
    }
    void begin_erasure(Engine& engine) {
        run(engine, stream_of(ada), ada, AccountCommand(BeginErasure{.verified = std::nullopt}));
    }

    [[nodiscard]] static std::vector<RecordedEvent> events_of(
        Engine& engine, const StreamId& stream
    ) {
        std::vector<RecordedEvent> events;
        const auto cursor = engine.log().read_stream(stream, Version());
        for (auto next = cursor->next(); next && *next; next = cursor->next())
            events.push_back(**next);
        return events;
    }
    static void expect_views_as_rebuilt(Engine& engine) {
        Views rebuilt(make_memory_storage(Views::column_names().size()));
        ASSERT_TRUE(rebuilt.catch_up(engine.log(), {}));
        for (const std::string& view : Views::names()) {
            EXPECT_EQ(rows_of(engine.views(), view), rows_of(rebuilt, view)) << view;
        }
    }
    static std::map<std::string, std::string> rows_of(const Views& views, const std::string& view) {
        std::map<std::string, std::string> rows;
        EXPECT_TRUE(views.for_each_row(view, [&](std::string_view key, std::string_view value) {
            rows.emplace(key, value);
        }));
        return rows;
    }
    // Ada is forgotten, in the views, the log and the files; the rest is as it was.
    void expect_forgotten(Engine& engine, const fs::path& files) const {
        EXPECT_THAT(engine.log().erasures_pending().value(), IsEmpty());
        EXPECT_EQ(
            std::get<AccountEvent>(events_of(engine, stream_of(ada)).back().event),
            AccountEvent(UserErased{})
        );
        EXPECT_THAT(engine.views().memberships().rooms_of(ada, {}, 9).value(), IsEmpty());
        EXPECT_EQ(engine.views().memberships().member(hall, cy).value()->role, MemberRole::owner);
        EXPECT_TRUE(engine.views().rooms().room(alone).value()->archived);
        EXPECT_EQ(engine.views().rooms().room(hall).value()->name, std::nullopt);
        EXPECT_FALSE(engine.log().needs_scrub());
        expect_views_as_rebuilt(engine);
        EXPECT_THAT(found_in(files), IsEmpty());
    }
    static void expect_audited(const fs::path& files) {
        const auto storage = open_rocks_storage_to_read(
            {.directory = files / "log", .columns = EventLog::column_names()}
        );
        const auto report = audit_log(**storage, {});
        ASSERT_TRUE(report);
        for (const AuditFinding& finding : report->findings.kept())
            EXPECT_TRUE(finding.fault == AuditFault::no_tree_head) << name_of(finding.fault);
    }

    TemporaryFolder folder;
    const fs::path data = folder.path() / "data";
    UserId ada;
    UserId ben;
    UserId cy;
    RoomId hall;
    RoomId alone;
    Version said;
};

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
