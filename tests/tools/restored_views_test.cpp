#include "projections/views.hpp"
#include "tests/tools/forgetting_fixture.hpp"
#include "tools/backup.hpp"
#include "tools/interrupt.hpp"
#include "tools/replay_into.hpp"
#include "tools/restore.hpp"
#include "tools/stored_log.hpp"

namespace verbatim::testing {

namespace {

using Rows = std::map<std::string, std::map<std::string, std::string>>;

// What a node shows that starts on what was restored, row by row of every view.
class RestoredViews : public ForgettingOnDisk {
protected:
    static Rows all_rows(const Views& views) {
        Rows rows;
        for (const std::string& view : Views::names()) rows[view] = rows_of(views, view);
        return rows;
    }
    static void expect_same(const Rows& found, const Rows& wanted) {
        for (const std::string& view : Views::names()) {
            EXPECT_TRUE(found.at(view) == wanted.at(view)) << view;
        }
    }
    void write_more(Engine& engine) {
        const Version late = say(engine, hall, ben, "ben says more");
        in_room(engine, hall, ben, EditMessage{late, "ben says less", {}});
        in_room(engine, hall, ada, AddReaction{late, "👍"});
        in_room(engine, hall, cy, DeleteMessage{said});
        SendMessage file;
        file.attachments.push_back(upload(engine, ben, "ben's file", "ben's bytes"));
        in_room(engine, hall, ben, file);
        in_room(engine, hall, cy, LeaveRoom{});
        in_room(engine, alone, ada, ArchiveRoom{});
        register_user(engine, "eve", "Eve");
    }
    // The restored directory's views.
    Rows restored_rows(std::optional<std::uint64_t> to_position) const {
        RestoreOptions options{.from = backups, .data = restored, .keys_from = keys, .json = true};
        options.to_position = to_position;
        EXPECT_EQ(restore(options), 0);
        EXPECT_FALSE(fs::exists(restored / "views"));
        return all_rows(open(restored)->views());
    }
    // The views of the log up to `position`, made from nothing.
    Rows fresh_rows(Position position) const {
        const auto log = open_log_to_read(data);
        EXPECT_TRUE(log);
        const Interrupt interrupt;
        const fs::path then = folder.path() / "then";
        EXPECT_TRUE(replay_into(**log, position, then, interrupt, {}));
        return all_rows(open(then)->views());
    }
    void back_up() const {
        ASSERT_EQ(backup({.data = data, .to = backups, .keys_to = keys, .json = true}), 0);
    }

    const fs::path backups = folder.path() / "backups";
    const fs::path keys = folder.path() / "keys";
    const fs::path restored = folder.path() / "restored";
};

TEST_F(RestoredViews, AreTheSourcesByteForByte) {
    Rows source;
    {
        auto engine = open(data);
        write_history(*engine);
        write_more(*engine);
        source = all_rows(engine->views());
    }
    for (const auto& [view, rows] : source) {
        const bool may_be_empty = view == "holds" || view == "invite_links" || view == "api_keys";
        EXPECT_TRUE(may_be_empty || !rows.empty()) << view << " is compared with nothing";
    }
    back_up();
    expect_same(restored_rows(std::nullopt), source);
}

TEST_F(RestoredViews, AreTheSourcesOfWhatAnErasureHasLeftToo) {
    Rows source;
    {
        auto engine = open(data);
        write_history(*engine);
        begin_erasure(*engine);
        ASSERT_TRUE(engine->forgetting().run());
        source = all_rows(engine->views());
    }
    back_up();
    expect_same(restored_rows(std::nullopt), source);
}

TEST_F(RestoredViews, AreThoseOfThenWhereTheRestoreEndsEarlier) {
    Rows then;
    Rows now;
    Position position;
    {
        auto engine = open(data);
        write_history(*engine);
        then = all_rows(engine->views());
        position = engine->log().head();
        run(*engine, stream_of(cy), cy, AccountCommand(RenameUser{"Cy the Second"}));
        in_room(*engine, hall, ben, EditMessage{say(*engine, hall, ben, "later"), "edited", {}});
        now = all_rows(engine->views());
    }
    EXPECT_FALSE(then == now);
    back_up();
    const Rows found = restored_rows(position.value());
    expect_same(found, then);
    expect_same(found, fresh_rows(position));
}

}  // namespace

}  // namespace verbatim::testing
