#pragma once

#include "eventstore/audit/log_audit.hpp"
#include "eventstore/rocks_storage.hpp"
#include "protocol/random.hpp"
#include "tests/support/temporary_folder.hpp"
#include "tools/engine.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <future>
#include <gmock/gmock.h>
#include <map>

namespace verbatim::testing {

namespace fs = std::filesystem;

// What must not be found any more. No two have anything in common that a compressor could use.
inline const std::map<std::string, std::string> secrets{
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

inline std::string secret(const std::string& what) {
    return secrets.at(what);
}

// Which of them stand in which files below `folder`. Tables are compressed by LZ4, which leaves
// what it has not seen before as it is.
inline std::vector<std::string> found_in(const fs::path& folder) {
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
        EXPECT_THAT(engine.log().erasures_pending().value(), ::testing::IsEmpty());
        EXPECT_EQ(
            std::get<AccountEvent>(events_of(engine, stream_of(ada)).back().event),
            AccountEvent(UserErased{})
        );
        EXPECT_THAT(
            engine.views().memberships().rooms_of(ada, {}, 9).value(), ::testing::IsEmpty()
        );
        EXPECT_EQ(engine.views().memberships().member(hall, cy).value()->role, MemberRole::owner);
        EXPECT_TRUE(engine.views().rooms().room(alone).value()->archived);
        EXPECT_EQ(engine.views().rooms().room(hall).value()->name, std::nullopt);
        EXPECT_FALSE(engine.log().needs_scrub());
        expect_views_as_rebuilt(engine);
        EXPECT_THAT(found_in(files), ::testing::IsEmpty());
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

}  // namespace verbatim::testing
