#include "eventstore/checkpoint.hpp"
#include "eventstore/log_keys.hpp"
#include "eventstore/rocks_event_log.hpp"
#include "tests/tools/backups.hpp"
#include "tools/audit.hpp"

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

namespace verbatim::testing {

namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using Json = nlohmann::json;

// Somebody has kept a checkpoint of a log that was restored since.
class FormerCheckpoints : public Backups {
protected:
    // The newest one, as GET /audit/checkpoint gives it.
    fs::path keep_checkpoint() const {
        const auto notes = read_notes(data / "checkpoint");
        EXPECT_TRUE(notes.has_value());
        const fs::path kept = folder.path() / "kept.txt";
        std::ofstream(kept, std::ios::binary) << notes->back();
        return kept;
    }
    struct Verified {
        int exit_code = 0;
        Json report;
        std::string said;
    };
    Verified verify(const fs::path& since) const {
        AuditOptions options;
        options.data = restored;
        options.since = since.string();
        options.json = true;
        ::testing::internal::CaptureStdout();
        ::testing::internal::CaptureStderr();
        Verified verified{.exit_code = audit_verify(options), .report = {}, .said = {}};
        const std::string out = ::testing::internal::GetCapturedStdout();
        verified.said = ::testing::internal::GetCapturedStderr();
        verified.report = Json::parse(out, nullptr, false);
        return verified;
    }
    std::uint64_t head() const { return events_of(data).size(); }
};

TEST_F(FormerCheckpoints, HoldALogToAllThatTheyCoverWhereItWasKept) {
    const fs::path kept = keep_checkpoint();
    const std::uint64_t covered = head();
    say(5);
    ASSERT_EQ(backup(to_backups()), 0);
    ASSERT_EQ(restore(from_backups()), 0);
    const Verified verified = verify(kept);
    EXPECT_EQ(verified.exit_code, audit_all_right) << verified.report;
    EXPECT_EQ(verified.report.at("after"), covered) << "what the checkpoint covers is trusted";
}

TEST_F(FormerCheckpoints, TellADeclaredLossFromTampering) {
    ASSERT_EQ(backup(to_backups()), 0);
    const std::uint64_t backed_up = head();
    say(5);
    const fs::path kept = keep_checkpoint();
    const std::uint64_t covered = head();
    ASSERT_EQ(restore(from_backups()), 0);
    const Verified verified = verify(kept);
    EXPECT_EQ(verified.exit_code, audit_found_wrong);
    EXPECT_EQ(verified.report.at("after"), 0) << "the rest is verified from the beginning";
    EXPECT_EQ(verified.report.at("events"), backed_up + 1);
    ASSERT_EQ(verified.report.at("findings").size(), 1U) << verified.report;
    const Json& loss = verified.report.at("findings").front();
    EXPECT_EQ(loss.at("fault"), "declared_loss");
    EXPECT_EQ(loss.at("first"), backed_up + 1);
    EXPECT_EQ(loss.at("last"), covered);
    EXPECT_THAT(
        loss.at("detail").get<std::string>(),
        HasSubstr("log.epoch_begun at position " + std::to_string(backed_up + 1))
    );
    EXPECT_THAT(loss.at("detail").get<std::string>(), HasSubstr("backup was restored"));
}

TEST_F(FormerCheckpoints, NameWhatWasForgedInARestoredLogBesideTheLoss) {
    ASSERT_EQ(backup(to_backups()), 0);
    say(5);
    const fs::path kept = keep_checkpoint();
    ASSERT_EQ(restore(from_backups()), 0);
    {
        auto storage = open_log_storage(restored / "log");
        ASSERT_TRUE(storage.has_value());
        auto batch = (*storage)->new_batch();
        batch->put(EventLog::contents, content_key(Position(5), 0), std::string(20, 'x'));
        ASSERT_TRUE((*storage)->write(std::move(batch), Durability::synced).has_value());
    }
    const Verified verified = verify(kept);
    EXPECT_EQ(verified.exit_code, audit_found_wrong);
    std::vector<std::string> faults;
    for (const Json& finding : verified.report.at("findings"))
        faults.push_back(finding.at("fault"));
    EXPECT_THAT(faults, ::testing::ElementsAre("content_differs", "declared_loss"));
}

// With the same key: whoever holds it could begin the log anew, and say nothing of what was.
TEST_F(FormerCheckpoints, FindALogThatWasBegunAnewWithoutAWord) {
    const fs::path kept = keep_checkpoint();
    fs::create_directories(restored);
    fs::copy(data / "keys", restored / "keys", fs::copy_options::recursive);
    {
        auto log = open_rocks_event_log(
            (restored / "log").string(), counted_bytes(), numbered_uuid(8), Timestamp(1)
        );
        ASSERT_TRUE(log.has_value());
        say(**log, 50);
        ASSERT_TRUE(begin_tree_heads(restored, **log).has_value());
    }
    const Verified verified = verify(kept);
    EXPECT_EQ(verified.exit_code, audit_found_wrong);
    EXPECT_THAT(verified.said, HasSubstr("no log.epoch_begun says what became of it"));
}

}  // namespace

}  // namespace verbatim::testing
