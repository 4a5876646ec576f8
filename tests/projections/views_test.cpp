#include "tests/projections/random_history.hpp"
#include "tests/projections/views_support.hpp"

#include <nlohmann/json.hpp>
#include <rapidcheck.h>
#include <set>

namespace verbatim::testing {
namespace {

constexpr std::size_t history_events = 400;

Rows rows_of_history(std::span<const RecordedEvent> events) {
    const TestViews test;
    apply_to(*test.views, events);
    return rows_of(*test.views);
}

// Else the properties below would say less than they seem to.
TEST(RandomHistory, HasEveryKindOfEvent) {
    std::set<std::string_view> types;
    for (std::uint64_t seed = 1; seed <= 10; ++seed) {
        const auto events = RandomHistory(seed).next(history_events);
        for (const RecordedEvent& event : events) types.insert(type_of(event.event));
    }
    for (const EventType& expected : event_types())
        EXPECT_TRUE(types.contains(expected.type)) << expected.type;
}

TEST(Views, GiveTheSameRowsHoweverEventsWereBatched) {
    EXPECT_TRUE(rc::check([](std::uint64_t seed) {
        const auto events = RandomHistory(seed).next(history_events);
        const std::span<const RecordedEvent> all(events);
        const TestViews test;
        for (std::size_t at = 0; at < all.size();) {
            const std::size_t size =
                std::min(*rc::gen::inRange<std::size_t>(1, 200), all.size() - at);
            apply_to(*test.views, all.subspan(at, size));
            at += size;
        }
        RC_ASSERT(difference(rows_of(*test.views), rows_of_history(all)) == "");
        RC_ASSERT(test.views->position() == all.back().position);
    }));
}

TEST(Views, GiveTheSameRowsRebuiltFromTheLogAsLive) {
    EXPECT_TRUE(rc::check([](std::uint64_t seed) {
        const auto events = RandomHistory(seed).next(history_events);
        const auto log = log_of(events);
        const TestViews live;
        apply_to(*live.views, events);
        forget_destroyed(*log, *live.views, events);
        const TestViews test;
        catch_up(*test.views, *log);
        RC_ASSERT(difference(rows_of(*test.views), rows_of(*live.views)) == "");
        RC_ASSERT(test.views->position() == log->head());
    }));
}

// What is rebuilt while contents go is told of the rest, as if it had been live.
TEST(Views, GiveTheSameRowsRebuiltWhileContentsGo) {
    EXPECT_TRUE(rc::check([](std::uint64_t seed) {
        const auto events = RandomHistory(seed).next(history_events);
        const std::span<const RecordedEvent> all(events);
        const auto log = log_of(events);
        const TestViews live;
        apply_to(*live.views, events);
        const std::size_t split = *rc::gen::inRange<std::size_t>(0, all.size());
        forget_destroyed(*log, *live.views, all.first(split));
        const TestViews test;
        catch_up(*test.views, *log);
        forget_destroyed(*log, *test.views, all);
        forget_destroyed(*log, *live.views, all);
        RC_ASSERT(difference(rows_of(*test.views), rows_of(*live.views)) == "");
    }));
}

TEST(Views, ContinueFromAnyCheckpoint) {
    EXPECT_TRUE(rc::check([](std::uint64_t seed) {
        const auto events = RandomHistory(seed).next(history_events);
        const std::span<const RecordedEvent> all(events);
        const auto log = log_of(events);
        const std::size_t split = *rc::gen::inRange<std::size_t>(1, all.size());
        TestViews test;
        const auto leaf = log->leaf_hash(Position(split));
        RC_ASSERT(leaf.has_value());
        apply_to(*test.views, all.first(split), *leaf);

        test.reopen();
        const std::size_t clears_nothing = test.storage->disk_bytes();
        catch_up(*test.views, *log);
        RC_ASSERT(test.storage->disk_bytes() >= clears_nothing / 2);
        forget_destroyed(*log, *test.views, all);
        const TestViews live;
        apply_to(*live.views, all);
        forget_destroyed(*log, *live.views, all);
        RC_ASSERT(difference(rows_of(*test.views), rows_of(*live.views)) == "");
    }));
}

TEST(Views, ChangeNothingWhenABatchComesAgain) {
    const auto events = RandomHistory(3).next(history_events);
    const std::span<const RecordedEvent> all(events);
    const TestViews test;
    apply_to(*test.views, all.first(100));
    apply_to(*test.views, all.first(100));
    apply_to(*test.views, all.first(40));
    EXPECT_EQ(difference(rows_of(*test.views), rows_of_history(all.first(100))), "");
    apply_to(*test.views, all.first(150));  // overlaps with what was applied
    apply_to(*test.views, all.subspan(120));
    EXPECT_EQ(difference(rows_of(*test.views), rows_of_history(all)), "");
}

TEST(Views, ShowTheirPositionAndSchema) {
    const TestViews test;
    EXPECT_EQ(test.views->position(), Position());
    apply_to(*test.views, RandomHistory(4).next(50));
    const Position at = test.views->position();
    EXPECT_GE(at, Position(50));
    const auto status = test.views->status();
    ASSERT_EQ(status.size(), Views::names().size());
    const std::map<std::string, std::uint32_t> schemas{
        {"users", 3},
        {"room_directory", 3},
        {"memberships", 2},
        {"room_timeline", 3},
        {"read_markers", 2},
        {"posted_files", 2}};
    for (std::size_t i = 0; i < status.size(); ++i) {
        EXPECT_EQ(status[i].name, Views::names()[i]);
        const auto later = schemas.find(status[i].name);
        EXPECT_EQ(status[i].schema, later == schemas.end() ? 1U : later->second);
        EXPECT_EQ(status[i].position, at);
    }
}

TEST(Views, WriteEachBatchOnceAndUnsynced) {
    const TestViews test;
    apply_to(*test.views, RandomHistory(4).next(50));
    EXPECT_EQ(test.faults->writes, 1U);
    EXPECT_EQ(test.faults->last_durability, Durability::buffered);
}

TEST(Views, RefuseAllThatFollowsAFailedWrite) {
    const auto events = RandomHistory(5).next(60);
    const std::span<const RecordedEvent> all(events);
    const TestViews test;
    apply_to(*test.views, all.first(20));
    const Rows before = rows_of(*test.views);
    test.faults->next_write = StorageFaults::Write::fails_undone;
    const CommittedBatch batch{{all.begin() + 20, all.end()}, {}};
    const auto failed = test.views->apply(batch, test_epoch);
    ASSERT_FALSE(failed);
    EXPECT_EQ(failed.error().fault, StoreFault::outcome_unknown);
    EXPECT_EQ(test.views->position(), Position(20));

    const auto again = test.views->apply(batch, test_epoch);
    ASSERT_FALSE(again);
    EXPECT_EQ(again.error().fault, StoreFault::outcome_unknown);
    EXPECT_EQ(difference(rows_of(*test.views), before), "");
}

TEST(Views, RefuseAllThatFollowsAFailedRead) {
    const auto events = RandomHistory(5).next(60);
    const std::span<const RecordedEvent> all(events);
    const TestViews test;
    apply_to(*test.views, all.first(20));
    test.faults->reads_fail = true;
    const CommittedBatch batch{{all.begin() + 20, all.end()}, {}};
    const auto failed = test.views->apply(batch, test_epoch);
    ASSERT_FALSE(failed);
    EXPECT_EQ(failed.error().fault, StoreFault::io_failed);
    test.faults->reads_fail = false;
    EXPECT_FALSE(test.views->apply(batch, test_epoch));
}

// A changed row, wherever it is, is found by comparing with a fresh fold.
TEST(Views, DifferWhereARowWasChanged) {
    const auto events = RandomHistory(7).next(history_events);  // every view has rows of it
    const Rows expected = rows_of_history(events);
    for (const std::string& view : Views::names()) {
        const TestViews test;
        apply_to(*test.views, events);
        const auto& [key, value] = expected.at(view).at(expected.at(view).size() / 2);
        auto batch = test.storage->new_batch();
        batch->put(TestViews::column_of(view), key, value + "!");
        ASSERT_TRUE(test.storage->write(std::move(batch), Durability::buffered));
        EXPECT_EQ(
            difference(rows_of(*test.views), expected),
            view + " differs at row " + std::to_string(expected.at(view).size() / 2)
        );
    }
}

TEST(Views, ServeEveryMessageWithExactlyTheContractsMembers) {
    RandomHistory history(7);
    const TestViews test;
    apply_to(*test.views, history.next(2'000));
    const nlohmann::json types = nlohmann::json::parse(R"({
        "room_id": "string", "seq": "number", "position": "number", "kind": "string",
        "sender_id": "string", "text": "string", "metadata": "object", "attachments": "array",
        "reply_to": "number", "reply_count": "number", "mentions": "array", "reactions": "array",
        "sent_at": "string", "edited_at": "string", "deleted_at": "string"})");
    const std::set<std::string> nullable{"text", "metadata", "reply_to", "edited_at", "deleted_at"};
    std::size_t seen = 0;
    for (const RoomId& room : history.rooms()) {
        const auto page =
            test.views->timeline().page(room, {PageDirection::newest, {}, 1'000, {}}).value();
        for (const auto& message : nlohmann::json::parse("[" + page.items + "]")) {
            ASSERT_EQ(message.size(), types.size());
            for (const auto& [member, value] : message.items()) {
                const bool is_absent = value.is_null() && nullable.contains(member);
                ASSERT_TRUE(is_absent || types.at(member) == value.type_name()) << member;
            }
            ++seen;
        }
    }
    EXPECT_GT(seen, 300U);
}

TEST(Views, AgreeWithEachOtherAboutMembers) {
    RandomHistory history(8);
    const TestViews test;
    apply_to(*test.views, history.next(2'000));
    const Memberships& memberships = test.views->memberships();
    for (const RoomId& room : history.rooms()) {
        const auto members = memberships.members(room, UserId(), 100).value();
        EXPECT_EQ(memberships.member_count(room).value(), members.size());
        EXPECT_EQ(
            test.views->read_markers().markers(room, UserId(), 100).value().size(), members.size()
        );
        for (const MemberRow& member : members) {
            const auto spans = memberships.spans(member.user, room).value();
            ASSERT_FALSE(spans.empty());
            EXPECT_EQ(spans.back().left, Position());
            EXPECT_EQ(spans.back().joined_seq, member.joined_seq);
            const auto rooms = memberships.rooms_of(member.user, RoomId(), 100).value();
            EXPECT_TRUE(std::ranges::any_of(rooms, [&](const MemberRow& row) {
                return row.room == room && row.role == member.role;
            }));
        }
    }
}

}  // namespace
}  // namespace verbatim::testing
