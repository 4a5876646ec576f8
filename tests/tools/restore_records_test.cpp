#include "domain/server.hpp"
#include "domain/type_id.hpp"
#include "eventstore/merkle_tree.hpp"
#include "tests/tools/backups.hpp"
#include "tools/audit.hpp"
#include "tools/export_jsonl.hpp"

#include <algorithm>
#include <gmock/gmock.h>

namespace verbatim::testing {

namespace {

namespace fs = std::filesystem;

const auto bob = numbered_id<UserId>(3);

// Restores that stop earlier, and restores that must not bring back what was forgotten since.
class RestoredRecords : public Backups {
protected:
    RestoreOptions up_to(std::uint64_t position) const {
        RestoreOptions options = from_backups();
        options.to_position = position;
        return options;
    }
    RestoreOptions without_what_is_erased_in(const fs::path& source) const {
        RestoreOptions options = from_backups();
        options.erasures_from = source;
        return options;
    }
    template <class Work>
    void write(const Work& work) {
        with_log(data, [&](EventLog& log) {
            LogScribe scribe(log);
            work(scribe);
            ASSERT_TRUE(scribe.commit().has_value());
        });
    }
    void expect_verified() const {
        AuditOptions options;
        options.data = restored;
        options.json = true;
        EXPECT_EQ(audit_verify(options), 0);
    }
    static bool is_anywhere_in(const fs::path& directory, const std::string& text) {
        for (const auto& entry : fs::recursive_directory_iterator(directory)) {
            if (!entry.is_regular_file()) continue;
            if (content_of(entry.path()).find(text) != std::string::npos) return true;
        }
        return false;
    }
    // The room_seq of what is written next.
    Version next_seq() const {
        const auto log =
            open_rocks_event_log((data / "log").string(), counted_bytes(), Uuid(), Timestamp(1));
        EXPECT_TRUE(log.has_value());
        return (*log)->version_of(stream_of(room)).value().next();
    }
    static std::vector<Event> payloads_of(const std::vector<RecordedEvent>& events) {
        std::vector<Event> payloads;
        for (const RecordedEvent& event : events) payloads.push_back(event.event);
        return payloads;
    }
};

TEST_F(RestoredRecords, EndWhereTheyAreAskedTo) {
    const auto events = events_of(data);
    ASSERT_EQ(backup(to_backups()), 0);
    ASSERT_EQ(restore(up_to(10)), 0);
    auto found = events_of(restored);
    ASSERT_EQ(found.size(), 11u);
    const auto& begun = std::get<EpochBegun>(std::get<ServerEvent>(found.back().event));
    EXPECT_EQ(begun.kept_to, Position(10));
    EXPECT_EQ(begun.lost_to, Position(events.size()));
    found.pop_back();
    EXPECT_TRUE(std::equal(found.begin(), found.end(), events.begin()));
    EXPECT_FALSE(is_anywhere_in(restored / "log", "text 19")) << "what comes after is not there";
    expect_verified();
}

TEST_F(RestoredRecords, AreRefusedBeyondWhatTheBackupHas) {
    ASSERT_EQ(backup(to_backups()), 0);
    EXPECT_EQ(restore(up_to(1'000)), 1);
    EXPECT_EQ(restore(up_to(0)), 1);
}

TEST_F(RestoredRecords, LackTheMessageThatWasDestroyedSince) {
    const Version seq = next_seq();
    write([](LogScribe& scribe) { scribe.write(stream_of(room), alice, {sent("my secret")}); });
    ASSERT_EQ(backup(to_backups()), 0);
    write([&](LogScribe& scribe) {
        scribe.write(stream_of(room), bob, {sent("later")});
        scribe.write(stream_of(room), bob, {destroyed(seq)});
    });
    ASSERT_EQ(restore(from_backups()), 0);
    EXPECT_TRUE(is_anywhere_in(restored / "log", "my secret")) << "the backup had it";
    fs::remove_all(restored);

    ASSERT_EQ(restore(without_what_is_erased_in(data)), 0);
    EXPECT_FALSE(is_anywhere_in(restored / "log", "my secret"));
    EXPECT_TRUE(is_anywhere_in(restored / "log", "text 19"));
    EXPECT_FALSE(is_anywhere_in(restored / "log", "later")) << "only what was erased comes back";
    const auto events = events_of(restored);
    const auto& deleted = std::get<MessageDeleted>(std::get<RoomEvent>(events.back().event));
    EXPECT_EQ(deleted.seq, seq);
    EXPECT_TRUE(deleted.destroyed);
    EXPECT_EQ(events.back().actor, bob);
    expect_verified();
}

TEST_F(RestoredRecords, LackWhatAnErasedUserWroteAndTheAccountIsEnding) {
    write([](LogScribe& scribe) {
        scribe.write(stream_of(bob), bob, {registered("bobby")});
        scribe.write(stream_of(room), bob, {sent("bob was here")});
    });
    ASSERT_EQ(backup(to_backups()), 0);
    write([](LogScribe& scribe) {
        scribe.write(stream_of(bob), bob, {AccountEvent(ErasureBegun{})});
    });
    ASSERT_EQ(restore(without_what_is_erased_in(data)), 0);
    EXPECT_FALSE(is_anywhere_in(restored / "log", "bob was here"));
    EXPECT_FALSE(is_anywhere_in(restored / "log", "bobby"));
    const auto events = events_of(restored);
    EXPECT_THAT(payloads_of(events), ::testing::Contains(Event(AccountEvent(ErasureBegun{}))));
    const auto log =
        open_rocks_event_log((restored / "log").string(), counted_bytes(), Uuid(), Timestamp(1));
    ASSERT_TRUE(log.has_value());
    EXPECT_EQ((*log)->holder_of({ClaimKind::username, "bobby"}).value(), std::nullopt);
}

TEST_F(RestoredRecords, LackWhatHasExpiredSince) {
    const Version last(next_seq().value() - 1);
    ASSERT_EQ(backup(to_backups()), 0);
    write([&](LogScribe& scribe) {
        scribe.write(stream_of(room), UserId(), {RoomEvent(ContentsExpired{.up_to = Version(5)})});
    });
    ASSERT_EQ(restore(without_what_is_erased_in(data)), 0);
    EXPECT_FALSE(is_anywhere_in(restored / "log", "text 0"));
    EXPECT_TRUE(is_anywhere_in(restored / "log", "text " + std::to_string(last.value() - 2)));
    EXPECT_THAT(
        payloads_of(events_of(restored)),
        ::testing::Contains(Event(RoomEvent(ContentsExpired{.up_to = Version(5)})))
    );
}

TEST_F(RestoredRecords, TakeErasuresFromAnExportToo) {
    const Version seq = next_seq();
    write([](LogScribe& scribe) { scribe.write(stream_of(room), alice, {sent("my secret")}); });
    ASSERT_EQ(backup(to_backups()), 0);
    write([&](LogScribe& scribe) { scribe.write(stream_of(room), alice, {destroyed(seq)}); });
    const fs::path file = folder.path() / "newer.jsonl";
    ASSERT_EQ(export_log({.data = data, .out = file}), 0);
    ASSERT_EQ(restore(without_what_is_erased_in(file)), 0);
    EXPECT_FALSE(is_anywhere_in(restored / "log", "my secret"));
    expect_verified();
}

TEST_F(RestoredRecords, LackWhatTheBackupItselfSaysWasDestroyedLater) {
    const Version seq = next_seq();
    write([](LogScribe& scribe) { scribe.write(stream_of(room), alice, {sent("my secret")}); });
    const std::uint64_t before = events_of(data).size();
    write([&](LogScribe& scribe) {
        scribe.write(stream_of(room), alice, {destroyed(seq)});
        scribe.batch().destroyed.contents = {{.position = Position(before)}};
    });
    ASSERT_EQ(backup(to_backups()), 0);
    ASSERT_EQ(restore(up_to(before)), 0) << "the text is gone, and the event says why again";
    const auto events = events_of(restored);
    EXPECT_EQ(events.back().event, Event(RoomEvent(MessageDeleted{.seq = seq, .destroyed = true})));
    expect_verified();
}

TEST_F(RestoredRecords, TakeNoErasuresFromAnotherLog) {
    ASSERT_EQ(backup(to_backups()), 0);
    const fs::path other = folder.path() / "other";
    with_log(other, [](EventLog& log) {
        LogScribe scribe(log);
        for (int i = 0; i < 40; ++i) scribe.write(stream_of(room), bob, {sent("elsewhere")});
        ASSERT_TRUE(scribe.commit().has_value());
    });
    EXPECT_EQ(restore(without_what_is_erased_in(other)), 1);
}

}  // namespace

}  // namespace verbatim::testing
