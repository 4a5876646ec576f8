#include "tests/projections/views_support.hpp"

namespace verbatim::testing {
namespace {

const auto alice = numbered_id<UserId>(1);
const auto bob = numbered_id<UserId>(2);
const auto harbour = numbered_id<RoomId>(31);
const auto attic = numbered_id<RoomId>(32);
const auto cellar = numbered_id<RoomId>(33);

RoomCreated called(const std::string& name) {
    RoomCreated created;
    created.name = name;
    created.max_members = 100;
    return created;
}

TEST(RoomDirectory, ShowsARoomAsItWasCreated) {
    Story story;
    RoomCreated created = called("Harbour");
    created.kind = RoomKind::direct;
    created.description = "Ships";
    created.alias = "harbour";
    created.visibility = Visibility::private_;
    created.history = History::since_join;
    created.direct_with = bob;
    const auto event = story.room(harbour, alice, created);

    const auto row = story.views().rooms().room(harbour).value();
    ASSERT_TRUE(row);
    EXPECT_EQ(row->room, harbour);
    EXPECT_EQ(row->kind, RoomKind::direct);
    EXPECT_EQ(row->name, "Harbour");
    EXPECT_EQ(row->description, "Ships");
    EXPECT_EQ(row->alias, "harbour");
    EXPECT_EQ(row->visibility, Visibility::private_);
    EXPECT_EQ(row->history, History::since_join);
    EXPECT_EQ(row->max_members, 100U);
    EXPECT_EQ(row->created_by, alice);
    EXPECT_EQ(row->created_at, event.at);
    EXPECT_EQ(row->updated_at, event.at);
    EXPECT_FALSE(row->archived);
    EXPECT_EQ(row->created, Position(1));
    EXPECT_EQ(row->direct_with, bob);
    EXPECT_FALSE(story.views().rooms().room(attic).value());
}

TEST(RoomDirectory, ChangesOnlyWhatAnUpdateNames) {
    Story story;
    RoomCreated created = called("Harbour");
    created.description = "Ships";
    story.room(harbour, alice, created);
    RoomUpdated updated;
    updated.name = Text("Port");
    updated.description = Text();
    const auto event = story.room(harbour, alice, updated);

    const auto row = story.views().rooms().room(harbour).value();
    ASSERT_TRUE(row);
    EXPECT_EQ(row->name, "Port");
    EXPECT_EQ(row->description, std::nullopt);
    EXPECT_EQ(row->max_members, 100U);
    EXPECT_EQ(row->updated_at, event.at);
    EXPECT_EQ(row->created, Position(1));
}

TEST(RoomDirectory, FollowsAnAliasFromRoomToRoom) {
    Story story;
    RoomCreated created = called("Harbour");
    created.alias = "port";
    story.room(harbour, alice, created);
    story.room(attic, alice, called("Attic"));
    EXPECT_EQ(story.views().rooms().by_alias("port").value(), harbour);

    RoomUpdated moved;
    moved.alias = std::optional<std::string>("haven");
    story.room(harbour, alice, moved);
    EXPECT_EQ(story.views().rooms().by_alias("port").value(), std::nullopt);
    EXPECT_EQ(story.views().rooms().by_alias("haven").value(), harbour);

    RoomUpdated taken;
    taken.alias = std::optional<std::string>("port");
    story.room(attic, alice, taken);
    EXPECT_EQ(story.views().rooms().by_alias("port").value(), attic);

    RoomUpdated cleared;
    cleared.alias = std::optional<std::string>();
    story.room(attic, alice, cleared);
    EXPECT_EQ(story.views().rooms().by_alias("port").value(), std::nullopt);
}

TEST(RoomDirectory, KnowsTheLastEventOfEachRoom) {
    Story story;
    EXPECT_EQ(story.views().rooms().head(harbour).value().room_seq, Version());
    story.room(harbour, alice, called("Harbour"));
    story.room(attic, alice, called("Attic"));
    story.room(harbour, alice, MessageSent{});
    const RoomHead head = story.views().rooms().head(harbour).value();
    EXPECT_EQ(head.room_seq, Version(2));
    EXPECT_EQ(head.position, Position(3));
    EXPECT_EQ(story.views().rooms().head(attic).value().room_seq, Version(1));
}

class PublicRooms : public ::testing::Test {
protected:
    PublicRooms() {
        story.room(cellar, alice, called("Cellar"));    // 1
        story.room(attic, alice, called("The ATTIC"));  // 2
        RoomCreated created = called("Harbour");
        created.description = "behind the cellar";
        created.alias = "port";
        story.room(harbour, alice, created);  // 3
    }
    std::string find(std::string_view q, Position after = {}, std::size_t limit = 10) {
        const auto page = story.views().rooms().public_rooms(q, after, limit).value();
        std::string found;
        for (const RoomRow& room : page.rooms) found += *room.name + ", ";
        if (page.examined_up_to)
            found += "more after " + std::to_string(page.examined_up_to->value());
        return found;
    }
    Story story;
};

TEST_F(PublicRooms, AreListedInTheOrderOfTheirCreation) {
    EXPECT_EQ(find(""), "Cellar, The ATTIC, Harbour, ");
    EXPECT_EQ(find("", Position(1)), "The ATTIC, Harbour, ");
    EXPECT_EQ(find("", Position(3)), "");
}

TEST_F(PublicRooms, SayHowFarALimitedSearchCame) {
    EXPECT_EQ(find("", Position(), 2), "Cellar, The ATTIC, more after 2");
    EXPECT_EQ(find("", Position(2), 2), "Harbour, ");
    EXPECT_EQ(find("cellar", Position(), 1), "Cellar, more after 1");
    EXPECT_EQ(find("", Position(), 3), "Cellar, The ATTIC, Harbour, ");
}

TEST_F(PublicRooms, AreFoundByNameAliasOrDescriptionInAnyCase) {
    EXPECT_EQ(find("attic"), "The ATTIC, ");
    EXPECT_EQ(find("CELLAR"), "Cellar, Harbour, ");
    EXPECT_EQ(find("Port"), "Harbour, ");
    EXPECT_EQ(find("nowhere"), "");
}

TEST_F(PublicRooms, LeaveOutArchivedAndPrivateOnes) {
    story.room(cellar, alice, RoomArchived{});
    RoomUpdated hidden;
    hidden.visibility = Visibility::private_;
    story.room(attic, alice, hidden);
    EXPECT_EQ(find(""), "Harbour, ");
    EXPECT_TRUE(story.views().rooms().room(cellar).value()->archived);

    RoomUpdated shown;
    shown.visibility = Visibility::public_;
    story.room(attic, alice, shown);
    EXPECT_EQ(find(""), "The ATTIC, Harbour, ");
}

}  // namespace
}  // namespace verbatim::testing
