#include "tests/projections/views_support.hpp"

namespace verbatim::testing {
namespace {

const auto alice = numbered_id<UserId>(1);
const auto alina = numbered_id<UserId>(2);
const auto bob = numbered_id<UserId>(3);

UserRegistered named(const std::string& username) {
    return {.username = username, .display_name = "The " + username, .password_hash = "$"};
}

TEST(Users, ShowsWhoRegistered) {
    Story story;
    const auto registered = story.account(alice, named("alice"));

    const auto row = story.views().users().user(alice);
    ASSERT_TRUE(row && *row);
    EXPECT_EQ((*row)->user, alice);
    EXPECT_EQ((*row)->username, "alice");
    EXPECT_EQ((*row)->display_name, "The alice");
    EXPECT_EQ((*row)->created_at, registered.at);
    EXPECT_EQ((*row)->registered, Position(1));
    EXPECT_EQ((*row)->credential, Version(1));
    EXPECT_EQ((*row)->credential_position, Position(1));
    EXPECT_TRUE((*row)->roles.empty());
}

TEST(Users, ShowsTheNewestNameCredentialAndRoles) {
    Story story;
    story.account(alice, named("alice"));
    story.account(bob, named("bob"));
    story.account(alice, UserRenamed{.display_name = "Al"});
    story.account(alice, PasswordChanged{.password_hash = "$$"});
    story.account(alice, RoleGranted{ServerRole::admin});
    story.account(alice, RoleGranted{ServerRole::auditor});
    story.account(alice, RoleRevoked{ServerRole::admin});

    const auto row = story.views().users().user(alice);
    ASSERT_TRUE(row && *row);
    EXPECT_EQ((*row)->username, "alice");
    EXPECT_EQ((*row)->display_name, "Al");
    EXPECT_EQ((*row)->registered, Position(1));
    EXPECT_EQ((*row)->credential, Version(3));
    EXPECT_EQ((*row)->credential_position, Position(4));
    EXPECT_EQ((*row)->roles, std::set{ServerRole::auditor});
}

TEST(Users, FindsByExactUsernameOnly) {
    Story story;
    story.account(alice, named("alice"));
    EXPECT_EQ(story.views().users().by_username("alice").value(), alice);
    EXPECT_EQ(story.views().users().by_username("alic").value(), std::nullopt);
    EXPECT_EQ(story.views().users().by_username("").value(), std::nullopt);
    EXPECT_FALSE(story.views().users().user(bob).value());
}

TEST(Users, SearchesByTheBeginningOfUsernamesInTheirOrder) {
    Story story;
    story.account(bob, named("bob"));
    story.account(alina, named("alina"));
    story.account(alice, named("alice"));
    const auto search = [&](std::string_view prefix, std::string_view after, std::size_t limit) {
        std::string found;
        const auto users = story.views().users().search(prefix, after, limit).value();
        for (const UserRow& user : users) found += *user.username + " ";
        return found;
    };
    EXPECT_EQ(search("", "", 10), "alice alina bob ");
    EXPECT_EQ(search("ali", "", 10), "alice alina ");
    EXPECT_EQ(search("ali", "", 1), "alice ");
    EXPECT_EQ(search("ali", "alice", 10), "alina ");
    EXPECT_EQ(search("ali", "alina", 10), "");
    EXPECT_EQ(search("c", "", 10), "");
    EXPECT_EQ(search("", "", 0), "");
}

TEST(Users, ListsAllByIdAndThoseWhoHaveARole) {
    Story story;
    story.account(bob, named("bob"));
    story.account(alina, named("alina"));
    story.account(alice, named("alice"));
    story.account(bob, RoleGranted{ServerRole::auditor});
    story.account(alice, RoleGranted{ServerRole::auditor});
    story.account(alice, RoleGranted{ServerRole::admin});
    story.account(alina, RoleGranted{ServerRole::admin});
    story.account(alina, RoleRevoked{ServerRole::admin});
    const auto ids = [](const StoreResult<std::vector<UserRow>>& users) {
        std::vector<UserId> found;
        for (const UserRow& user : users.value()) found.push_back(user.user);
        return found;
    };
    using Ids = std::vector<UserId>;
    const auto& users = story.views().users();
    EXPECT_EQ(ids(users.all(UserId(), 10)), (Ids{alice, alina, bob}));
    EXPECT_EQ(ids(users.all(alice, 1)), Ids{alina});
    EXPECT_EQ(ids(users.with_role(ServerRole::auditor, UserId(), 10)), (Ids{alice, bob}));
    EXPECT_EQ(ids(users.with_role(ServerRole::auditor, UserId(), 1)), Ids{alice});
    EXPECT_EQ(ids(users.with_role(ServerRole::auditor, alice, 10)), Ids{bob});
    EXPECT_EQ(ids(users.with_role(ServerRole::admin, UserId(), 10)), Ids{alice});

    story.account(alice, ErasureBegun{});
    EXPECT_EQ(ids(users.all(UserId(), 10)), (Ids{alice, alina, bob})) << "erased, and still there";
    EXPECT_TRUE(users.all(UserId(), 1).value().front().is_erased());
    EXPECT_EQ(ids(users.with_role(ServerRole::admin, UserId(), 10)), Ids{});
}

TEST(Users, HasNoNameToFindWhereItWasDestroyed) {
    Story story;
    story.account(
        alice,
        UserRegistered{
            .username = std::nullopt, .display_name = std::nullopt, .password_hash = std::nullopt}
    );
    const auto row = story.views().users().user(alice).value();
    ASSERT_TRUE(row);
    EXPECT_EQ(row->username, std::nullopt);
    EXPECT_TRUE(story.views().users().search("", "", 10).value().empty());
}

}  // namespace
}  // namespace verbatim::testing
