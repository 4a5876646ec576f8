#include "eventstore/commands/aggregates.hpp"

#include "tests/eventstore/commands/sequencer_fixture.hpp"

#include <random>
#include <set>

namespace verbatim::testing {
namespace {

TEST(LruCache, DropsWhatWasUsedLongestAgo) {
    LruCache<int, int> cache;
    for (int i = 1; i <= 3; ++i) cache.put(i) = 10 * i;
    EXPECT_EQ(*cache.touch(1), 10);
    std::vector<int> gone;
    const auto drop = [&] {
        return cache.drop_oldest(
            [](int) { return true; }, [&](int value) { gone.push_back(value); }
        );
    };
    while (drop()) {
    }
    EXPECT_EQ(gone, (std::vector{20, 30, 10}));
    EXPECT_EQ(cache.size(), 0u);
    cache.put(4) = 40;
    EXPECT_EQ(*cache.peek(4), 40);
}

TEST(LruCache, KeepsWhatIsPinnedOrMayNotGo) {
    LruCache<int, int> cache;
    for (int i = 1; i <= 4; ++i) cache.put(i) = i;
    cache.pin(1);
    cache.pin(1);
    const auto drop_even = [&] {
        return cache.drop_oldest([](int value) { return value % 2 == 0; }, [](int) {});
    };
    cache.put(6) = 6;
    cache.pin(6);
    cache.unpin(1);
    EXPECT_TRUE(drop_even());
    EXPECT_TRUE(drop_even());
    EXPECT_FALSE(drop_even());
    EXPECT_EQ(cache.size(), 3u);
    EXPECT_TRUE(cache.peek(1) && cache.peek(3) && cache.peek(6));
    cache.unpin(6);
    EXPECT_TRUE(drop_even());
}

RecordedEvent recorded(RoomEvent event, std::uint64_t position, std::uint64_t version) {
    return {
        .position = Position(position),
        .stream = stream_of(room(1)),
        .version = Version(version),
        .id = {},
        .command = {},
        .at = {},
        .occurred_at = std::nullopt,
        .actor = user(1),
        .key = std::nullopt,
        .event = std::move(event)};
}

TEST(Aggregates, NeverLetGoWhatIsNotDurable) {
    Aggregates aggregates({.rooms_max = 0, .members_max = 0, .accounts_max = 0, .messages_max = 0});
    aggregates.insert({stream_of(room(1)), {}}, Recalled<Room>{});
    aggregates.apply(recorded(RoomCreated{}, 7, 1));
    aggregates.apply(recorded(MessageSent{}, 8, 2));
    aggregates.shrink(Position(7));
    EXPECT_EQ(aggregates.size(), 2u);
    aggregates.shrink(Position(8));
    EXPECT_EQ(aggregates.size(), 0u);
}

TEST(Aggregates, KeepRoomsWithinABoundOfMembersButAlwaysOne) {
    Aggregates aggregates(
        {.rooms_max = 10, .members_max = 5, .accounts_max = 10, .messages_max = 10}
    );
    for (std::uint64_t number = 1; number <= 3; ++number) {
        Recalled<Room> recalled;
        for (std::uint64_t i = 0; i < 2 * number; ++i) recalled.state.members[user(i)] = {};
        aggregates.insert({stream_of(room(number)), {}}, recalled);
        aggregates.shrink(Position(0));
    }
    EXPECT_EQ(aggregates.find_room(stream_of(room(2))), nullptr);
    EXPECT_NE(aggregates.find_room(stream_of(room(3))), nullptr);
    EXPECT_EQ(aggregates.size(), 1u);
}

TEST(AggregatesDeathTest, RefuseEventsOfWhatWasNotRecalled) {
    Aggregates aggregates({});
    EXPECT_DEATH(aggregates.apply(recorded(RoomCreated{}, 1, 1)), "recalled");
    aggregates.insert({stream_of(room(1)), {}}, Recalled<Room>{});
    EXPECT_DEATH(aggregates.apply(recorded(RoomCreated{}, 1, 2)), "continues its stream");
    EXPECT_DEATH(
        aggregates.insert({stream_of(room(1)), {}}, Recalled<Room>{}), "not recalled again"
    );
}

// Folds a log from its beginning and expects each event to be one that could be decided then.
class LogCheck {
public:
    void take(const RecordedEvent& event) {
        ASSERT_EQ(event.version, versions_[event.stream].next());
        versions_[event.stream] = event.version;
        if (event.key) {
            const auto first = keys_.try_emplace(event.key->key, event.command).first;
            EXPECT_EQ(first->second, event.command);
        }
        if (const auto* const room_event = std::get_if<RoomEvent>(&event.event))
            take_room_event(rooms[event.stream], *room_event, event);
        if (const auto* const reader_event = std::get_if<ReaderEvent>(&event.event))
            take_reader_event(readers_[event.stream], *reader_event, event);
    }

    std::map<StreamId, Room> rooms;

private:
    void take_room_event(Room& room, const RoomEvent& event, const RecordedEvent& recorded) {
        const bool is_creation = std::holds_alternative<RoomCreated>(event);
        EXPECT_EQ(is_creation, room.phase == Room::Phase::uncreated);
        EXPECT_TRUE(room.phase != Room::Phase::archived);
        if (const auto* const joined = std::get_if<MemberJoined>(&event)) {
            EXPECT_FALSE(room.members.contains(joined->user));
        }
        if (std::holds_alternative<MessageSent>(event)) {
            EXPECT_TRUE(room.members.contains(recorded.actor));
            messages_.insert({recorded.stream, recorded.version});
        }
        if (const auto* const deleted = std::get_if<MessageDeleted>(&event)) {
            EXPECT_EQ(messages_.erase({recorded.stream, deleted->seq}), 1u);
        }
        for (const ClaimChange& change : claims_of(recorded, room.alias)) {
            EXPECT_TRUE(names_.insert(change.name).second);
        }
        room = evolve(std::move(room), event, recorded.context());
        EXPECT_LE(room.members.size(), 4u);
        EXPECT_TRUE(room.owners > 0 || room.members.empty());
    }

    void take_reader_event(
        Reader& reader, const ReaderEvent& event, const RecordedEvent& recorded
    ) {
        const auto& read = std::get<RoomRead>(event);
        EXPECT_GT(read.up_to, reader.read_up_to[read.room]);
        EXPECT_LE(read.up_to, versions_[stream_of(read.room)]);
        reader = evolve(std::move(reader), event, recorded.context());
    }

    std::map<StreamId, Version> versions_;
    std::map<StreamId, Reader> readers_;
    std::map<KeyHash, CommandId> keys_;
    std::set<ClaimName> names_;
    std::set<AggregateKey> messages_;  // sent and not deleted
};

// Random commands to few rooms through caches of one or two entries: everything is evicted and
// recalled all the time, with its events sometimes in flight. If a state were lost or stale, some
// decision would differ from what a fresh fold of the log says.
class TinyCaches : public SequencerTest, public ::testing::WithParamInterface<unsigned> {};

TEST_P(TinyCaches, LoseNothing) {
    options.cached_rooms_max = 1;
    options.cached_members_max = 3;
    options.cached_accounts_max = 2;
    options.cached_messages_max = 2;
    options.batch_commands_max = 4;
    restart();
    std::mt19937 random(GetParam());
    const auto pick = [&](unsigned below) { return std::uint64_t{random() % below}; };
    for (std::uint64_t i = 0; i < 4; ++i) accepted(registration(i, "user" + std::to_string(i)));
    std::vector<Pending> waiting;
    for (std::uint64_t i = 0; i < 600; ++i) {
        const std::uint64_t number = i / 60 * 3 + pick(3);  // rooms die; new ones follow
        const RoomId id = room(number);
        const UserId actor = user(pick(5));
        const UserId other = user(pick(5));
        const Version seq(pick(30));
        const auto add = [&](Submission submission) {
            waiting.push_back(submit(std::move(submission)));
        };
        if (i % 60 < 3) {  // so that there is something to evict
            add(create(i / 60 * 3 + i % 60, actor, 4));
            continue;
        }
        switch (pick(9)) {
            case 0: add(create(number, actor, 4)); break;
            case 1: add(to_room(id, actor, JoinRoom{})); break;
            case 2: add(to_room(id, actor, LeaveRoom{})); break;
            case 3: add(to_room(id, actor, PutMember{other, std::nullopt})); break;
            case 4: add(mark_read(actor, id, seq.value())); break;
            case 5: add(to_room(id, actor, DeleteMessage{seq})); break;
            case 6: add(create_direct(100 + i, actor, other)); break;
            default: add(keyed(send(number, actor), pick(400))); break;
        }
    }
    for (Pending& pending : waiting) static_cast<void>(pending.result().has_value());
    sequencer->stop();

    LogCheck check;
    const auto cursor = log->read_all(Position());
    for (auto event = cursor->next().value(); event; event = cursor->next().value())
        check.take(*event);
    for (const auto& [stream, state] : check.rooms) EXPECT_EQ(in_log<Room>(stream), state);
    EXPECT_GT(log->head(), Position(100));
}
INSTANTIATE_TEST_SUITE_P(Seeds, TinyCaches, ::testing::Range(0u, 20u));

}  // namespace
}  // namespace verbatim::testing
