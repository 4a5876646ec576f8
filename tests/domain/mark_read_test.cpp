#include "domain/reader.hpp"
#include "tests/domain/scenario.hpp"

namespace verbatim::testing {

template <>
struct AggregateOf<ReaderEvent> {
    using State = Reader;
    using Facts = ReaderFacts;
    using Command = ReaderCommand;
};

namespace {

constexpr RoomId lobby = numbered<RoomId>(201);
constexpr RoomId attic = numbered<RoomId>(202);

Past<ReaderEvent> read(RoomId room, std::uint64_t up_to) {
    return {.event = RoomRead{.room = room, .up_to = Version(up_to)}, .by = alice};
}

ReaderFacts member_of_room_at(std::uint64_t version) {
    return {.room_is_known = true, .actor_is_member = true, .room_version = Version(version)};
}

MarkRead mark(RoomId room, std::uint64_t up_to) {
    return {.room = room, .up_to = Version(up_to)};
}

TEST(MarkRead, RecordsHowFarInWhichRoom) {
    given(read(attic, 90))
        .where(member_of_room_at(10))
        .when(mark(lobby, 7), by(alice))
        .then(RoomRead{.room = lobby, .up_to = Version(7)});
}

TEST(MarkRead, MovesTheMarkerForward) {
    given(read(lobby, 7))
        .where(member_of_room_at(10))
        .when(mark(lobby, 8), by(alice))
        .then(RoomRead{.room = lobby, .up_to = Version(8)});
}

TEST(MarkRead, IsRefusedWhenTheRoomIsUnknown) {
    given(read(lobby, 7))
        .where({})
        .when(mark(lobby, 8), by(alice))
        .then_refused(Rule::room_not_found);
}

TEST(MarkRead, IsRefusedWhenTheActorIsNotMember) {
    given(read(lobby, 7))
        .where({.room_is_known = true, .actor_is_member = false, .room_version = Version(10)})
        .when(mark(lobby, 8), by(alice))
        .then_refused(Rule::actor_is_not_member);
}

TEST(MarkRead, AsksForMembershipBeforeItIsAlreadySo) {
    given(read(lobby, 7))
        .where({.room_is_known = true, .actor_is_member = false, .room_version = Version(10)})
        .when(mark(lobby, 7), by(alice))
        .then_refused(Rule::actor_is_not_member);
}

TEST(MarkRead, StaysQuietWhenTheMarkerWouldNotMoveForward) {
    const auto scenario = given(read(lobby, 7)).where(member_of_room_at(10));
    scenario.when(mark(lobby, 7), by(alice)).then_nothing();
    scenario.when(mark(lobby, 6), by(alice)).then_nothing();
    scenario.when(mark(lobby, 0), by(alice)).then_nothing();
}

TEST(MarkRead, IsAlreadySoBeforeItIsBeyondTheRoom) {
    given(read(lobby, 70))
        .where(member_of_room_at(10))
        .when(mark(lobby, 60), by(alice))
        .then_nothing();
}

TEST(MarkRead, ReachesTheRoomsLastEventAndNotBeyond) {
    const auto scenario = given(read(lobby, 7)).where(member_of_room_at(10));
    scenario.when(mark(lobby, 10), by(alice)).then(RoomRead{.room = lobby, .up_to = Version(10)});
    scenario.when(mark(lobby, 11), by(alice)).then_refused(Rule::read_marker_is_beyond_room);
}

TEST(Reader, RemembersTheLastMarkerOfEachRoom) {
    const std::vector<Past<ReaderEvent>> history{read(lobby, 7), read(attic, 90), read(lobby, 9)};
    const Reader expected{.read_up_to = {{lobby, Version(9)}, {attic, Version(90)}}};
    EXPECT_TRUE(folded(history) == expected);
}

}  // namespace
}  // namespace verbatim::testing
