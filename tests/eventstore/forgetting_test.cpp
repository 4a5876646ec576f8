#include "eventstore/forgetting.hpp"

#include "tests/support/destroying.hpp"
#include "tests/support/log_scribe.hpp"

#include <algorithm>
#include <gtest/gtest.h>
#include <set>

namespace verbatim::testing {
namespace {

const auto ada = numbered_id<UserId>(1);
const auto ben = numbered_id<UserId>(2);
const auto harbour = numbered_id<RoomId>(8);
const auto market = numbered_id<RoomId>(9);

Event erasure_begun() {
    return AccountEvent(ErasureBegun{});
}
Event expired(Version up_to) {
    return RoomEvent(ContentsExpired{up_to});
}
Event sent_file(std::optional<std::string> name) {
    MessageSent message;
    Attachment file;
    file.file = numbered_id<FileId>(5);
    file.filename = std::move(name);
    file.media_type = "text/plain";
    message.attachments.push_back(file);
    return RoomEvent(message);
}

class Forgetting : public ::testing::Test {
protected:
    Forgetting() { open(); }

    void open() {
        auto opened = EventLog::open(
            make_memory_storage(EventLog::column_names().size()),
            counted_bytes(),
            numbered_uuid(1),
            Timestamp(1)
        );
        log = std::move(*opened);
        scribe.emplace(*log);
    }
    // Its position.
    Position write(
        const StreamId& stream,
        const UserId& by,
        Event event,
        const std::optional<CommandKey>& key = std::nullopt
    ) {
        scribe->write(stream, by, {std::move(event)}, key);
        EXPECT_TRUE(scribe->commit());
        return log->head();
    }
    [[nodiscard]] Forgotten all_of_walk(Position destroying) {
        const auto walk = walk_of(*log, log->read(destroying).value());
        Forgotten all;
        while (walk != nullptr) {
            const auto piece = walk->next().value();
            if (!piece) break;
            const auto append = [](auto& to, const auto& more) {
                to.insert(to.end(), more.begin(), more.end());
            };
            append(all.destruction.contents, piece->destruction.contents);
            append(all.destruction.keys, piece->destruction.keys);
            append(all.destruction.snapshots, piece->destruction.snapshots);
            append(all.events, piece->events);
        }
        return all;
    }
    [[nodiscard]] std::set<Position> destroyed_by(Position destroying) {
        std::set<Position> positions;
        for (const ContentsAt& gone : all_of_walk(destroying).destruction.contents)
            positions.insert(gone.position);
        return positions;
    }
    void destroy(const Destruction& destruction) {
        CommitBatch batch;
        batch.destroyed = destruction;
        ASSERT_TRUE(log->commit(log->prepare(batch)));
    }
    template <class Payload>
    [[nodiscard]] Payload read(Position position) {
        return std::get<Payload>(std::get<RoomEvent>(log->read(position).value().event));
    }

    std::unique_ptr<EventLog> log;
    std::optional<LogScribe> scribe;
};

TEST_F(Forgetting, OfAUserFindsAllThatTheyWroteAndWhatWasWrittenOfTheirAccount) {
    const Position registration = write(stream_of(ada), ada, registered("ada"));
    write(stream_of(ben), ben, registered("ben"));
    const Position room = write(stream_of(harbour), ada, room_created());
    const Position message = write(stream_of(harbour), ada, sent("a"), key_numbered(4));
    write(stream_of(harbour), ben, sent("b"), key_numbered(5));
    const Position edit = write(stream_of(harbour), ada, edited(Version(2), "a2"));
    write(stream_of(harbour), ada, RoomEvent(ReactionAdded{Version(3), "x"}));
    const Position password =
        write(stream_of(ada), ben, AccountEvent(PasswordChanged{"by an admin"}));
    const Position begun = write(stream_of(ada), ada, erasure_begun());
    write(stream_of(ben), ben, AccountEvent(UserRenamed{"Benjamin"}));

    EXPECT_EQ(destroyed_by(begun), (std::set{registration, room, message, edit, password}));
    const Forgotten forgotten = all_of_walk(begun);
    EXPECT_EQ(forgotten.destruction.keys, std::vector{key_numbered(4).key});
    EXPECT_TRUE(std::ranges::count(forgotten.destruction.snapshots, stream_of(harbour)));
    EXPECT_TRUE(std::ranges::count(forgotten.destruction.snapshots, stream_of(ada)));
    EXPECT_FALSE(std::ranges::count(forgotten.destruction.snapshots, stream_of(ben)));
}

TEST_F(Forgetting, OfExpiredMessagesFindsTheirTextsAndLaterEditsOfThem) {
    write(stream_of(harbour), ada, room_created());
    const Position first = write(stream_of(harbour), ada, sent("a"));
    write(stream_of(market), ada, sent("elsewhere"));
    const Position second = write(stream_of(harbour), ben, sent("b"), key_numbered(3));
    write(stream_of(harbour), ben, sent("c"));
    write(stream_of(harbour), ben, edited(Version(4), "c2"));
    const Position late = write(stream_of(harbour), ada, edited(Version(2), "a2"));
    const Position expiry = write(stream_of(harbour), the_server, expired(Version(3)));
    EXPECT_EQ(destroyed_by(expiry), (std::set{first, second, late}));
    EXPECT_TRUE(all_of_walk(expiry).destruction.keys.empty()) << "ben may still repeat himself";
}

TEST_F(Forgetting, OfADestroyedMessageFindsItsTexts) {
    const Position message = write(stream_of(harbour), ada, sent("a"));
    const Position edit = write(stream_of(harbour), ada, edited(Version(1), "b"));
    write(stream_of(harbour), ada, sent("c"));
    EXPECT_EQ(
        destroyed_by(write(stream_of(harbour), ada, destroyed(Version(1)))),
        (std::set{message, edit})
    );
}

TEST_F(Forgetting, FindsNothingWhereAnEventDestroysNothing) {
    write(stream_of(harbour), ada, sent("a"));
    const Position hidden = write(stream_of(harbour), ada, deleted(Version(1)));
    EXPECT_EQ(walk_of(*log, log->read(hidden).value()), nullptr);
    const Position renamed = write(stream_of(ada), ada, AccountEvent(UserRenamed{"Ada"}));
    EXPECT_EQ(walk_of(*log, log->read(renamed).value()), nullptr);
}

TEST_F(Forgetting, GoesThroughALongLogInPiecesThatAreBounded) {
    for (int i = 0; i < 700; ++i) scribe->write(stream_of(harbour), ada, {sent("a")});
    ASSERT_TRUE(scribe->commit());
    const Position begun = write(stream_of(ada), ada, erasure_begun());
    const auto walk = walk_of(*log, log->read(begun).value());
    std::size_t found = 0;
    std::size_t pieces = 0;
    for (auto piece = walk->next().value(); piece; piece = walk->next().value()) {
        EXPECT_LE(piece->events.size(), 128U);
        found += piece->events.size();
        ++pieces;
    }
    EXPECT_EQ(found, 700U);
    EXPECT_GE(pieces, 6U);
}

TEST_F(Forgetting, LeavesTheRestReadableAndTheTreeAsItWas) {
    const Position message = write(stream_of(harbour), ada, sent("a"));
    const Position other = write(stream_of(harbour), ben, sent("b"));
    const Position begun = write(stream_of(ada), ada, erasure_begun());
    const auto tree = log->tree_head();
    destroy(all_of_walk(begun).destruction);
    EXPECT_EQ(read<MessageSent>(message).text, std::nullopt);
    EXPECT_EQ(read<MessageSent>(other).text, "b");
    EXPECT_EQ(log->tree_head(), tree);
    EXPECT_FALSE(log->read_stored(message)->contents.front().has_value());
}

TEST_F(Forgetting, ForgetsTheKeysOfTheUsersCommands) {
    write(stream_of(harbour), ada, sent("a"), key_numbered(4));
    write(stream_of(harbour), ben, sent("b"), key_numbered(5));
    destroy(all_of_walk(write(stream_of(ada), ada, erasure_begun())).destruction);
    EXPECT_FALSE(log->remembered(key_numbered(4).key).value().has_value());
    EXPECT_TRUE(log->remembered(key_numbered(5).key).value().has_value());
}

TEST_F(Forgetting, ShowsNoFileOfAMessageThatIsDestroyedNamedOrNot) {
    const Position named = write(stream_of(harbour), ada, sent_file("secret.txt"));
    const Position unnamed = write(stream_of(harbour), ada, sent_file(std::nullopt));
    EXPECT_EQ(read<MessageSent>(unnamed).attachments.size(), 1U);
    destroy(all_of_walk(write(stream_of(ada), ada, erasure_begun())).destruction);
    EXPECT_TRUE(read<MessageSent>(named).attachments.empty());
    EXPECT_TRUE(read<MessageSent>(unnamed).attachments.empty());
}

TEST_F(Forgetting, ReadsAnEditOfAnExpiredMessageWithoutItsText) {
    write(stream_of(harbour), ada, sent("a"));
    const Position edit = write(stream_of(harbour), ada, edited(Version(1), "b"));
    destroy(all_of_walk(write(stream_of(harbour), the_server, expired(Version(1)))).destruction);
    EXPECT_EQ(read<MessageEdited>(edit).text, std::nullopt);
}

TEST_F(Forgetting, KnowsWhoseErasureIsNotComplete) {
    EXPECT_TRUE(log->erasures_pending().value().empty());
    const Position begun = write(stream_of(ada), ada, erasure_begun());
    EXPECT_EQ(log->erasures_pending().value(), std::vector{ada});
    write(stream_of(ada), the_server, AccountEvent(UserErased{}));
    EXPECT_TRUE(log->erasures_pending().value().empty());
    EXPECT_EQ(log->erased_at(ada).value(), begun);
    EXPECT_EQ(log->erased_at(ben).value(), std::nullopt);
}

TEST_F(Forgetting, KnowsWhatExpiredAndIsNotGone) {
    write(stream_of(harbour), ada, sent("a"));
    write(stream_of(harbour), the_server, expired(Version(1)));
    const PendingExpiry all{harbour, Version(), Version(1)};
    EXPECT_EQ(log->expiries_pending().value(), std::vector{all});
    Destruction cleared;
    cleared.cleared.emplace_back(harbour, Version(1));
    destroy(cleared);
    EXPECT_TRUE(log->expiries_pending().value().empty());
    write(stream_of(harbour), ada, sent("b"));
    write(stream_of(harbour), the_server, expired(Version(3)));
    const PendingExpiry rest{harbour, Version(1), Version(3)};
    EXPECT_EQ(log->expiries_pending().value(), std::vector{rest});
}

TEST_F(Forgetting, KeepsNoSnapshotThatMayHoldWhatWasDestroyedMeanwhile) {
    write(stream_of(harbour), ada, room_created());
    const std::uint64_t before = log->destructions();
    Destruction gone;
    gone.contents.push_back({Position(1), 1});
    gone.snapshots.push_back(stream_of(harbour));
    ASSERT_TRUE(log->keep_snapshot(stream_of(harbour), "old", before));
    destroy(gone);
    EXPECT_FALSE(log->snapshot_of(stream_of(harbour)).value().has_value());
    ASSERT_TRUE(log->keep_snapshot(stream_of(harbour), "folded before", before));
    EXPECT_FALSE(log->snapshot_of(stream_of(harbour)).value().has_value());
    ASSERT_TRUE(log->keep_snapshot(stream_of(harbour), "folded after", log->destructions()));
    EXPECT_EQ(log->snapshot_of(stream_of(harbour)).value(), "folded after");
}

TEST_F(Forgetting, HasToBeScrubbedOnce) {
    write(stream_of(harbour), ada, sent("a"));
    EXPECT_FALSE(log->needs_scrub());
    destroy(all_of_walk(write(stream_of(ada), ada, erasure_begun())).destruction);
    EXPECT_TRUE(log->needs_scrub());
    ASSERT_TRUE(log->scrub());
    EXPECT_FALSE(log->needs_scrub());
}

}  // namespace
}  // namespace verbatim::testing
