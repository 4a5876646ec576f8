#include "eventstore/commands/recent_joins.hpp"

#include "tests/eventstore/commands/sequencer_fixture.hpp"

#include <gmock/gmock.h>

namespace verbatim::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

RecordedEvent in_room(std::uint64_t position, RoomEvent event, const UserId& actor) {
    RecordedEvent recorded;
    recorded.position = Position(position);
    recorded.stream = stream_of(room(position));
    recorded.actor = actor;
    recorded.event = std::move(event);
    return recorded;
}
MemberJoined joined(std::uint64_t number) {
    MemberJoined event;
    event.user = user(number);
    return event;
}

TEST(RecentJoins, KnowWhoMadeOrCameIntoARoomAfterAPosition) {
    RecentJoins joins{Position(10)};
    joins.note(in_room(11, RoomCreated{}, user(1)));
    joins.note(in_room(12, joined(1), user(2)));
    joins.note(in_room(13, joined(2), user(2)));
    joins.note(in_room(14, MemberLeft{user(1)}, user(1)));
    EXPECT_THAT(joins.of(user(1), Position(10)).value(), ElementsAre(room(11), room(12)));
    EXPECT_THAT(joins.of(user(1), Position(11)).value(), ElementsAre(room(12)));
    EXPECT_THAT(joins.of(user(1), Position(14)).value(), IsEmpty());
    EXPECT_EQ(joins.of(user(1), Position(9)), std::nullopt);
}

TEST(RecentJoins, ForgetTheOldestAndSaySo) {
    RecentJoins joins{Position()};
    for (std::uint64_t i = 1; i <= RecentJoins::joins_max + 2; ++i)
        joins.note(in_room(i, joined(i), user(i)));
    EXPECT_EQ(joins.of(user(3), Position(1)), std::nullopt);
    EXPECT_THAT(joins.of(user(3), Position(2)).value(), ElementsAre(room(3)));
}

}  // namespace
}  // namespace verbatim::testing
