#include "protocol/audit_reads.hpp"

#include "tests/domain/scenario.hpp"

#include <gtest/gtest.h>
#include <utility>
#include <vector>

namespace verbatim::testing {
namespace {

using std::chrono::milliseconds;

constexpr RoomId hall = numbered<RoomId>(101);
constexpr milliseconds interval(limits::audit_read_interval_ms);

// A sequencer that answers when it is told to, and a clock that stands still until it is moved.
class ReadersDesk {
public:
    explicit ReadersDesk(std::size_t remembered_max = 100)
        : reads_(
              {.submit = [this](
                             Submission submission, CommandCallback callback
                         ) { submitted_.emplace_back(std::move(submission), std::move(callback)); },
               .new_uuid = [] { return Uuid(); },
               .now = [this] { return now_; },
               .remembered_max = remembered_max}
          ) {}

    // How the read went on: nothing yet, "read", or the problem's code.
    std::size_t read(
        const UserId& who, const std::string& what, std::optional<RoomId> room = std::nullopt
    ) {
        const std::size_t number = outcomes_.size();
        outcomes_.emplace_back();
        reads_.record(who, what, room, [this, number](Answer<void> recorded) {
            outcomes_[number] += recorded ? "read" : std::string(recorded.error().code);
        });
        return number;
    }
    void answer_all(const CommandResult& result = Accepted()) {
        for (const auto& [submission, callback] : std::exchange(submitted_, {})) callback(result);
    }
    void pass(milliseconds time) { now_ += time; }

    [[nodiscard]] const std::string& outcome(std::size_t number) const { return outcomes_[number]; }
    [[nodiscard]] std::size_t submitted() const { return submitted_.size(); }
    [[nodiscard]] const Submission& last() const { return submitted_.back().first; }
    [[nodiscard]] const AuditReads& reads() const { return reads_; }

private:
    AuditReads::Clock::time_point now_;
    std::vector<std::pair<Submission, CommandCallback>> submitted_;
    std::vector<std::string> outcomes_;
    AuditReads reads_;
};

TEST(AuditReads, GoOnOnlyOnceTheyAreRecorded) {
    ReadersDesk desk;
    const auto first = desk.read(alice, "GET /api/v1/events", hall);
    ASSERT_EQ(desk.submitted(), 1u);
    EXPECT_EQ(desk.last().stream, stream_of(alice));
    EXPECT_EQ(desk.last().actor, alice);
    const auto& note = std::get<NoteAuditRead>(std::get<AccountCommand>(desk.last().command));
    EXPECT_EQ(note.what, "GET /api/v1/events");
    EXPECT_EQ(note.room, hall);
    EXPECT_EQ(desk.outcome(first), "");
    const auto meanwhile = desk.read(alice, "GET /api/v1/events", hall);
    EXPECT_EQ(desk.submitted(), 1u) << "one event for both";
    desk.answer_all();
    EXPECT_EQ(desk.outcome(first), "read");
    EXPECT_EQ(desk.outcome(meanwhile), "read");
}

TEST(AuditReads, AreOneEventForEachReaderKindAndRoomInAnInterval) {
    ReadersDesk desk;
    desk.read(alice, "a", hall);
    desk.read(alice, "a");
    desk.read(alice, "b");
    desk.read(bob, "a");
    EXPECT_EQ(desk.submitted(), 4u);
    desk.answer_all();
    desk.pass(interval - milliseconds(1));
    EXPECT_EQ(desk.outcome(desk.read(alice, "a", hall)), "read");
    EXPECT_EQ(desk.submitted(), 0u);
    desk.pass(milliseconds(1));
    const auto late = desk.read(alice, "a", hall);
    EXPECT_EQ(desk.submitted(), 1u);
    EXPECT_EQ(desk.outcome(late), "");
    EXPECT_EQ(desk.reads().remembered(), 1u) << "what is over is forgotten";
}

TEST(AuditReads, AreRefusedWhereTheyCannotBeRecordedAndTriedAnewNextTime) {
    ReadersDesk desk;
    const auto refused = desk.read(alice, "a");
    CommandError full;
    full.fault = CommandFault::not_taking_commands;
    full.reason = "disk_full";
    desk.answer_all(failure(full));
    EXPECT_EQ(desk.outcome(refused), "not_taking_commands");
    EXPECT_EQ(desk.reads().remembered(), 0u);
    const auto again = desk.read(alice, "a");
    ASSERT_EQ(desk.submitted(), 1u);
    desk.answer_all();
    EXPECT_EQ(desk.outcome(again), "read");
}

TEST(AuditReads, AreForgottenEarlyBeyondTheBoundAndThenRecordedAgain) {
    ReadersDesk desk(2);
    for (const char* const what : {"a", "b", "c"}) {
        desk.read(alice, what);
        desk.answer_all();
    }
    EXPECT_EQ(desk.reads().remembered(), 2u);
    desk.read(alice, "c");
    EXPECT_EQ(desk.submitted(), 0u);
    desk.read(alice, "a");
    EXPECT_EQ(desk.submitted(), 1u);
}

}  // namespace
}  // namespace verbatim::testing
