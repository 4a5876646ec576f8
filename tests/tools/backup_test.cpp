#include "domain/server.hpp"
#include "domain/type_id.hpp"
#include "eventstore/rocks_storage.hpp"
#include "protocol/key_file.hpp"
#include "tests/tools/backups.hpp"
#include "tools/log_check.hpp"
#include "tools/unfinished.hpp"

#include <gmock/gmock.h>

namespace verbatim::testing {

namespace {

namespace fs = std::filesystem;
using ::testing::IsEmpty;

TEST_F(Backups, AreRestoredToTheSameEventsTextsAndBlobs) {
    const auto events = events_of(data);
    ASSERT_EQ(backup(to_backups()), 0);
    say(5);
    expect_restores(events);
    EXPECT_EQ(content_of(blob_in(restored / "blobs", "an attachment")), "an attachment");
    EXPECT_EQ(content_of(restored / "keys" / "log.key"), content_of(data / "keys" / "log.key"));
}

TEST_F(Backups, BeginANewEpochThatSaysWhatIsGone) {
    const Uuid before = numbered_uuid(9);
    const std::size_t head = events_of(data).size();
    ASSERT_EQ(backup(to_backups()), 0);
    ASSERT_EQ(restore(from_backups()), 0);
    const auto events = events_of(restored);
    const auto* const server = std::get_if<ServerEvent>(&events.back().event);
    ASSERT_NE(server, nullptr);
    const EpochBegun wanted{
        .cause = EpochCause::restored,
        .previous = before,
        .kept_to = Position(head),
        .lost_to = {}};
    EXPECT_EQ(std::get<EpochBegun>(*server), wanted);
    const auto log =
        open_rocks_event_log((restored / "log").string(), counted_bytes(), Uuid(), Timestamp(1));
    ASSERT_TRUE(log.has_value());
    EXPECT_NE((*log)->epoch(), before);
    EXPECT_TRUE(fs::exists(restored / ("checkpoint." + base32_text(before))));
}

TEST_F(Backups, VerifyAgainstTheTreeHeadsOfBothEpochsOnceRestored) {
    ASSERT_EQ(backup(to_backups()), 0);
    ASSERT_EQ(restore(from_backups()), 0);
    const auto seed = read_or_make_seed(restored / "keys" / "log.key");
    ASSERT_TRUE(seed.has_value());
    const auto check = [&] {
        const auto storage = open_rocks_storage_to_read(
            {.directory = restored / "log", .columns = EventLog::column_names()}
        );
        EXPECT_TRUE(storage.has_value());
        return check_log(
                   **storage,
                   {.notes = restored,
                    .verifier_key = NoteSigner("verbatim/any", *seed).verifier_key(),
                    .what = "verifying"}
        )
            .value();
    };
    // The notes of the new epoch have their own name: what is judged here are the former ones.
    EXPECT_EQ(check().findings.kept().size(), 1u);
    EXPECT_EQ(check().findings.kept().front().fault, AuditFault::note_not_signed);
    EXPECT_EQ(check().signed_up_to, Position(events_of(data).size()));

    const fs::path former = restored / ("checkpoint." + base32_text(numbered_uuid(9)));
    std::string notes = content_of(former);
    notes[notes.find('\n') + 1] = '1';  // another size than was signed
    std::ofstream(former, std::ios::binary) << notes;
    EXPECT_EQ(check().findings.count(), 2u);
}

TEST_F(Backups, CopyOnlyWhatIsNewTheSecondTime) {
    ASSERT_EQ(backup(to_backups()), 0);
    const fs::path blob = blob_in(backups / "blobs", "an attachment");
    const auto written = fs::last_write_time(blob);
    const fs::path other = folder.path() / "link";
    fs::create_hard_link(blob, other);
    put_blob("another");
    say(5);
    const auto events = events_of(data);
    ASSERT_EQ(backup(to_backups()), 0);
    EXPECT_TRUE(fs::equivalent(blob, other)) << "the same file, not a copy of it";
    EXPECT_EQ(fs::last_write_time(blob), written);
    EXPECT_EQ(content_of(blob_in(backups / "blobs", "another")), "another");
    EXPECT_EQ(numbers(), (std::vector<std::uint32_t>{1, 2}));
    expect_restores(events);
}

TEST_F(Backups, LeaveThePreviousOneUsableWhereverTheyAreKilled) {
    const auto events = events_of(data);
    ASSERT_EQ(backup(to_backups()), 0);
    std::vector<std::string> steps;
    BackupOptions watched = to_backups();
    for (std::size_t killed_at = 0;; ++killed_at) {
        say(1);
        put_blob("blob " + std::to_string(killed_at));
        steps.clear();
        watched.before_step = [&](std::string_view step) {
            steps.emplace_back(step);
            return steps.size() <= killed_at;
        };
        if (backup(watched) == 0) break;
        if (steps.back() == "prune") continue;  // that one is finished
        ASSERT_EQ(numbers(), std::vector<std::uint32_t>{1}) << "killed before " << steps.back();
        expect_restores(events);
    }
    EXPECT_THAT(
        steps, ::testing::ElementsAre("tree heads", "log", "blobs", "verify", "finish", "prune")
    );
    expect_restores(events_of(data));
    std::size_t directories = 0;
    for (const auto& entry : fs::directory_iterator(backups / "log" / "private"))
        directories += entry.is_directory() ? 1 : 0;
    EXPECT_EQ(directories, numbers().size()) << "what was killed is cleared away";
}

TEST_F(Backups, KeepAsManyAsAreWanted) {
    put_blob("erased soon");
    ASSERT_EQ(backup(to_backups()), 0);
    fs::remove(blob_in(data / "blobs", "erased soon"));
    BackupOptions two = to_backups();
    two.keep = 2;
    for (int i = 0; i < 2; ++i) {
        EXPECT_TRUE(fs::exists(blob_in(backups / "blobs", "erased soon")));
        say(1);
        ASSERT_EQ(backup(two), 0);
    }
    EXPECT_EQ(numbers(), (std::vector<std::uint32_t>{2, 3}));
    EXPECT_FALSE(fs::exists(blob_in(backups / "blobs", "erased soon")));
    expect_restores(events_of(data));
}

TEST_F(Backups, HoldNoKeyAndTakeNoneIn) {
    const std::string secret = content_of(data / "keys" / "log.key");
    ASSERT_EQ(backup(to_backups()), 0);
    for (const auto& entry : fs::recursive_directory_iterator(backups)) {
        if (!entry.is_regular_file()) continue;
        EXPECT_EQ(content_of(entry.path()).find(secret), std::string::npos) << entry.path();
    }
    for (const fs::path& inside : {backups / "keys", backups, data / "keys2"}) {
        BackupOptions options = to_backups();
        options.keys_to = inside;
        EXPECT_EQ(backup(options), 1) << inside;
    }
    BackupOptions within = to_backups();
    within.to = data / "backups";
    EXPECT_EQ(backup(within), 1);
    EXPECT_EQ(numbers(), std::vector<std::uint32_t>{1});
}

TEST_F(Backups, AreNoneOfALogThatIsNotWhatWasSigned) {
    ASSERT_EQ(backup(to_backups()), 0);
    const fs::path older = folder.path() / "older";
    fs::copy(data / "log", older, fs::copy_options::recursive);
    say(5);
    fs::remove_all(data / "log");
    fs::rename(older, data / "log");
    EXPECT_EQ(backup(to_backups()), 1) << "the tree heads speak of records that are gone";
    EXPECT_EQ(numbers(), std::vector<std::uint32_t>{1});
}

TEST_F(Backups, DoNotTakeADamagedBlobForAGoodOne) {
    put_blob("good");
    std::ofstream(blob_in(data / "blobs", "good"), std::ios::binary) << "evil";
    EXPECT_EQ(backup(to_backups()), 1) << "it says so";
    EXPECT_FALSE(fs::exists(blob_in(backups / "blobs", "good")));
    EXPECT_EQ(numbers(), std::vector<std::uint32_t>{1}) << "the rest is a backup nevertheless";
    expect_restores(events_of(data));
}

TEST_F(Backups, AreRestoredIntoNothingElse) {
    ASSERT_EQ(backup(to_backups()), 0);
    fs::create_directories(restored);
    std::ofstream(restored / "mine") << "something";
    EXPECT_EQ(restore(from_backups()), 1);
    EXPECT_EQ(content_of(restored / "mine"), "something");
    EXPECT_FALSE(fs::exists(restored / "log"));
    RestoreOptions onto_itself = from_backups();
    onto_itself.data = data;
    EXPECT_EQ(restore(onto_itself), 1);
}

TEST_F(Backups, AreRestoredAnewWhereARestoreWasKilled) {
    ASSERT_EQ(backup(to_backups()), 0);
    ASSERT_TRUE(begin_filling(restored, "a restore").has_value());
    fs::create_directories(restored / "log");
    std::ofstream(restored / "log" / "CURRENT") << "half";
    const auto refused = Engine::open(engine_options());
    ASSERT_FALSE(refused.has_value());
    EXPECT_THAT(refused.error().detail, ::testing::HasSubstr("a restore has not ended"));
    EXPECT_EQ(restore(from_backups()), 0);
    EXPECT_EQ(unfinished_in(restored), std::nullopt);
    EXPECT_TRUE(Engine::open(engine_options()).has_value());
}

TEST_F(Backups, AreNotRestoredWithAnotherLogsKey) {
    ASSERT_EQ(backup(to_backups()), 0);
    fs::remove(keys / "log.key");
    ASSERT_TRUE(read_or_make_seed(keys / "log.key").has_value());
    EXPECT_EQ(restore(from_backups()), 1);
    EXPECT_NE(unfinished_in(restored), std::nullopt) << "nothing may be served from it";
}

TEST_F(Backups, AreRestoredWithoutKeysToANodeWithNewOnes) {
    ASSERT_EQ(backup(to_backups()), 0);
    RestoreOptions without = from_backups();
    without.keys_from.clear();
    ASSERT_EQ(restore(without), 0);
    std::vector<std::string> reports;
    EngineOptions options = engine_options();
    options.report = [&](const std::string& what) { reports.push_back(what); };
    const auto engine = Engine::open(std::move(options));
    ASSERT_TRUE(engine.has_value()) << describe(engine.error());
    EXPECT_FALSE((*engine)->declared_loss());
    EXPECT_THAT(reports, IsEmpty());
}

}  // namespace

}  // namespace verbatim::testing
