#include "tests/projections/views_support.hpp"

namespace verbatim::testing {
namespace {

const auto alice = numbered_id<UserId>(1);
const auto bob = numbered_id<UserId>(2);
const auto hall = numbered_id<RoomId>(31);
const auto cellar = numbered_id<RoomId>(32);
const auto first = numbered_id<LinkId>(41);
const auto second = numbered_id<LinkId>(42);

TokenHash hash_numbered(std::uint8_t number) {
    TokenHash hash{};
    hash.fill(number);
    return hash;
}
InviteLinkCreated created(const LinkId& link, std::uint8_t code) {
    return {
        .link = link,
        .code_hash = hash_numbered(code),
        .max_uses = std::nullopt,
        .expires_at = std::nullopt};
}
MemberJoined came(const UserId& user, std::optional<LinkId> link) {
    return {.user = user, .role = MemberRole::member, .added_by = std::nullopt, .link = link};
}

TEST(InviteLinks, AreFoundByIdAndByCode) {
    Story story;
    InviteLinkCreated bounded = created(first, 7);
    bounded.max_uses = 3;
    bounded.expires_at = Timestamp(noon.microseconds() + 5);
    const auto event = story.room(hall, alice, bounded);
    for (const auto& row :
         {story.views().invite_links().link(first).value(),
          story.views().invite_links().by_code(hash_numbered(7)).value()}) {
        ASSERT_TRUE(row);
        EXPECT_EQ(row->link, first);
        EXPECT_EQ(row->room, hall);
        EXPECT_EQ(row->max_uses, 3U);
        EXPECT_EQ(row->uses, 0U);
        EXPECT_EQ(row->expires_at, bounded.expires_at);
        EXPECT_EQ(row->created_at, event.at);
        EXPECT_EQ(row->created_by, alice);
        EXPECT_EQ(row->created, event.position);
        EXPECT_FALSE(row->revoked);
    }
    EXPECT_FALSE(story.views().invite_links().by_code(hash_numbered(8)).value());
}

TEST(InviteLinks, CountWhoCameByThem) {
    Story story;
    story.room(hall, alice, created(first, 1));
    story.room(hall, bob, came(bob, first));
    story.room(hall, bob, came(alice, std::nullopt));
    const auto row = story.views().invite_links().link(first).value();
    ASSERT_TRUE(row);
    EXPECT_EQ(row->uses, 1U);
    EXPECT_EQ(row->max_uses, std::nullopt);
    EXPECT_EQ(row->expires_at, std::nullopt);
}

TEST(InviteLinks, AreStillThereWhenRevoked) {
    Story story;
    story.room(hall, alice, created(first, 1));
    story.room(hall, alice, InviteLinkRevoked{first});
    const auto row = story.views().invite_links().by_code(hash_numbered(1)).value();
    ASSERT_TRUE(row);
    EXPECT_TRUE(row->revoked);
}

TEST(InviteLinks, AreListedByRoomTheNewestFirstPageByPage) {
    Story story;
    const auto older = story.room(hall, alice, created(second, 2));
    const auto newer = story.room(hall, alice, created(first, 1));
    story.room(cellar, alice, created(numbered_id<LinkId>(43), 3));
    const InviteLinks& links = story.views().invite_links();
    const auto all = links.of_room(hall, std::nullopt, 10).value();
    ASSERT_EQ(all.size(), 2U);
    EXPECT_EQ(all[0].link, first);
    EXPECT_EQ(all[1].link, second);
    EXPECT_EQ(links.of_room(hall, std::nullopt, 1).value().size(), 1U);
    const auto rest = links.of_room(hall, newer.position, 10).value();
    ASSERT_EQ(rest.size(), 1U);
    EXPECT_EQ(rest[0].link, second);
    EXPECT_TRUE(links.of_room(hall, older.position, 10).value().empty());
}

TEST(InviteLinks, AndKeysAreTheSameAfterARebuild) {
    Story story;
    const std::vector<RecordedEvent> history = {
        story.account(
            alice,
            KeyCreated{
                .key = numbered_id<KeyId>(51),
                .name = "bot",
                .scopes = {KeyScope::read},
                .key_hash = hash_numbered(51)}
        ),
        story.room(hall, alice, created(first, 1)),
        story.account(
            alice,
            KeyCreated{
                .key = numbered_id<KeyId>(52),
                .name = std::nullopt,
                .scopes = {KeyScope::send},
                .key_hash = hash_numbered(52)}
        ),
        story.room(hall, bob, came(bob, first)),
        story.room(hall, alice, created(second, 2)),
        story.account(alice, KeyRevoked{numbered_id<KeyId>(51)}),
        story.room(hall, alice, InviteLinkRevoked{first}),
    };
    TestViews rebuilt;
    catch_up(*rebuilt.views, *log_of(history));
    EXPECT_EQ(difference(rows_of(story.views()), rows_of(*rebuilt.views)), "");
}

TEST(EndOfInviteLink, SaysWhyItWorksNoMore) {
    InviteLinkRow link;
    EXPECT_EQ(end_of(link, noon), std::nullopt);
    link.expires_at = noon;
    EXPECT_EQ(end_of(link, Timestamp(noon.microseconds() - 1)), std::nullopt);
    EXPECT_EQ(end_of(link, noon), LinkEnd::expired);
    link.max_uses = 2;
    link.uses = 1;
    EXPECT_EQ(end_of(link, Timestamp()), std::nullopt);
    link.uses = 2;
    EXPECT_EQ(end_of(link, noon), LinkEnd::used_up);
    link.revoked = true;
    EXPECT_EQ(end_of(link, noon), LinkEnd::revoked);
}

}  // namespace
}  // namespace verbatim::testing
