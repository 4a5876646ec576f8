#include "protocol/authenticator.hpp"

#include "domain/limits.hpp"
#include "protocol/secret_texts.hpp"
#include "protocol/token_cache.hpp"
#include "tests/protocol/world.hpp"

#include <atomic>
#include <gtest/gtest.h>
#include <thread>

namespace verbatim::testing {
namespace {

class AuthenticatorTest : public ::testing::Test {
protected:
    AuthenticatorTest() {
        world_.happened(alice, signed_up("alice")).happened(alice, opened(laptop));
    }

    void expect_refused(std::string_view token, Timestamp now = noon) const {
        const auto actor = authenticator_.authenticate(token, now);
        ASSERT_FALSE(actor.has_value());
        EXPECT_EQ(actor.error().status, 401);
        EXPECT_EQ(actor.error().code, "not_authenticated");
    }

    World world_;
    Tokens tokens_{{1, 2, 3}};
    Authenticator authenticator_{tokens_, world_.views()};
    std::string token_ = tokens_.issue(alice, laptop, noon);
};
using Authenticating = AuthenticatorTest;

TEST_F(Authenticating, SaysWhoAsksNowAndAgain) {
    for (int i = 0; i < 3; ++i) {
        const auto actor = authenticator_.authenticate(token_, noon).value();
        EXPECT_EQ(actor.user, alice);
        EXPECT_EQ(actor.session, laptop);
        EXPECT_EQ(actor.expires, seconds_after_noon(limits::access_token_seconds));
    }
}

TEST_F(Authenticating, RefusesWhatIsNoTokenOfOurs) {
    expect_refused("");
    expect_refused("nonsense");
    expect_refused(token_ + "x");
    expect_refused(Tokens({9}).issue(alice, laptop, noon));
}

TEST_F(Authenticating, RefusesAnExpiredTokenAlsoWhenItIsRemembered) {
    EXPECT_TRUE(authenticator_.authenticate(token_, noon).has_value());
    expect_refused(token_, seconds_after_noon(limits::access_token_seconds));
}

TEST_F(Authenticating, RefusesASessionThatWasNeverOpened) {
    expect_refused(tokens_.issue(alice, phone, noon));
}

TEST_F(Authenticating, RefusesASessionOfSomebodyElse) {
    expect_refused(tokens_.issue(bob, laptop, noon));
}

TEST_F(Authenticating, RefusesARememberedTokenAsSoonAsItsSessionIsClosed) {
    const std::string second = tokens_.issue(alice, laptop, noon);
    EXPECT_TRUE(authenticator_.authenticate(token_, noon).has_value());
    EXPECT_TRUE(authenticator_.authenticate(second, noon).has_value());
    world_.happened(alice, closed(laptop));
    authenticator_.sessions_changed(world_.last());
    expect_refused(token_);
    expect_refused(second);
}

TEST_F(Authenticating, KeepsOtherSessionsWhenOneIsClosed) {
    world_.happened(alice, opened(phone));
    const std::string other = tokens_.issue(alice, phone, noon);
    EXPECT_TRUE(authenticator_.authenticate(token_, noon).has_value());
    EXPECT_TRUE(authenticator_.authenticate(other, noon).has_value());
    world_.happened(alice, closed(laptop));
    authenticator_.sessions_changed(world_.last());
    expect_refused(token_);
    EXPECT_TRUE(authenticator_.authenticate(other, noon).has_value());
}

TEST_F(Authenticating, RemembersNothingThatTheViewHasYetToLearn) {
    // Told before the view is: the view still shows the session as open.
    const auto batch = world_.recorded(stream_of(alice), alice, closed(laptop));
    authenticator_.sessions_changed(*batch);
    (void)authenticator_.authenticate(token_, noon);
    ASSERT_TRUE(world_.views().apply(*batch, Uuid{}).has_value());
    expect_refused(token_);
}

// Threads authenticate without pause while sessions are closed: once a closing has returned, no
// call that begins later may succeed.
TEST_F(Authenticating, NeverOutlivesASessionsClosingUnderRace) {
    for (std::uint32_t round = 0; round < 50; ++round) {
        const auto session = numbered<SessionId>(1'000 + round);
        world_.happened(alice, opened(session));
        const std::string token = tokens_.issue(alice, session, noon);
        std::atomic<bool> is_closed{false};
        std::atomic<int> late{0};
        const auto ask = [&] {
            for (bool last = false; !last;) {
                last = is_closed.load();
                const bool answered = authenticator_.authenticate(token, noon).has_value();
                if (last && answered) ++late;
            }
        };
        std::thread one(ask);
        std::thread other(ask);
        world_.happened(alice, closed(session));
        authenticator_.sessions_changed(world_.last());
        is_closed.store(true);
        one.join();
        other.join();
        EXPECT_EQ(late.load(), 0);
    }
}

class AuthenticatingAKey : public AuthenticatorTest {
protected:
    void make_key(KeyId key, std::vector<KeyScope> scopes) {
        world_.happened(
            alice,
            AccountEvent(KeyCreated{
                .key = key, .name = "bot", .scopes = std::move(scopes), .key_hash = secret_.hash})
        );
    }

    const KeyId robot_ = numbered<KeyId>(301);
    const SecretText secret_ = make_api_key();
};

TEST_F(AuthenticatingAKey, SaysWhoAsksByWhichKeyForEver) {
    make_key(robot_, {KeyScope::read});
    for (const Timestamp now : {noon, seconds_after_noon(1'000'000'000)}) {
        const auto actor = authenticator_.authenticate(secret_.text, now).value();
        EXPECT_EQ(actor.user, alice);
        EXPECT_TRUE(actor.session.is_nil());
        ASSERT_TRUE(actor.key.has_value());
        EXPECT_EQ(actor.key->key, robot_);
        EXPECT_EQ(actor.key->scopes, std::vector{KeyScope::read});
    }
}

TEST_F(AuthenticatingAKey, RefusesWhatIsNoKeyOfOurs) {
    make_key(robot_, {KeyScope::read});
    expect_refused("vbk_");
    expect_refused(secret_.text + "A");
    expect_refused(make_api_key().text);
}

TEST_F(AuthenticatingAKey, RefusesARememberedKeyAsSoonAsItIsRevoked) {
    make_key(robot_, {KeyScope::read});
    EXPECT_TRUE(authenticator_.authenticate(secret_.text, noon).has_value());
    // Told before the view is.
    const auto batch =
        world_.recorded(stream_of(alice), alice, AccountEvent(KeyRevoked{.key = robot_}));
    authenticator_.sessions_changed(*batch);
    (void)authenticator_.authenticate(secret_.text, noon);
    ASSERT_TRUE(world_.views().apply(*batch, Uuid{}).has_value());
    expect_refused(secret_.text);
}

TEST_F(AuthenticatingAKey, KeepsSessionsWhenItIsRevoked) {
    make_key(robot_, {KeyScope::read});
    EXPECT_TRUE(authenticator_.authenticate(token_, noon).has_value());
    world_.happened(alice, AccountEvent(KeyRevoked{.key = robot_}));
    authenticator_.sessions_changed(world_.last());
    EXPECT_TRUE(authenticator_.authenticate(token_, noon).has_value());
}

TEST_F(AuthenticatingAKey, GivesItNoMoreThanItsScopes) {
    make_key(robot_, {KeyScope::send});
    const auto robot = authenticator_.authenticate(secret_.text, noon).value();
    EXPECT_TRUE(needs_scope(robot, KeyScope::send).has_value());
    EXPECT_EQ(needs_scope(robot, KeyScope::read).error().code, "scope_is_missing");
    EXPECT_EQ(needs_session(robot).error().code, "not_allowed");
    const auto person = authenticator_.authenticate(token_, noon).value();
    EXPECT_TRUE(needs_scope(person, KeyScope::read).has_value());
    EXPECT_TRUE(needs_scope(person, KeyScope::send).has_value());
    EXPECT_TRUE(needs_session(person).has_value());
}

TEST(RolesOf, AreThoseThatTheViewShows) {
    World world;
    world.happened(alice, signed_up("alice"));
    EXPECT_TRUE(roles_of(world.views(), alice).value().empty());
    world.happened(alice, AccountEvent(RoleGranted{.role = ServerRole::auditor}));
    EXPECT_EQ(roles_of(world.views(), alice).value(), std::set{ServerRole::auditor});
    EXPECT_TRUE(roles_of(world.views(), bob).value().empty());
}

Digest digest_numbered(std::uint32_t number) {
    return sha256({std::to_string(number)});
}

Actor actor_in(SessionId session) {
    return {.user = alice, .session = session, .expires = seconds_after_noon(900)};
}

TEST(TokenCache, KeepsNoMoreThanItsBound) {
    TokenCache cache(1'024);
    for (std::uint32_t i = 0; i < 10'000; ++i)
        cache.keep(digest_numbered(i), actor_in(laptop), cache.watch(laptop));
    EXPECT_LE(cache.size(), 1'024U);
    EXPECT_GT(cache.size(), 1'000U);
    EXPECT_TRUE(cache.find(digest_numbered(9'999), noon).has_value());
}

TEST(TokenCache, KeepsWhatIsAskedForAndForgetsWhatIsNot) {
    TokenCache cache(256);
    const auto watch = cache.watch(laptop);
    cache.keep(digest_numbered(0), actor_in(laptop), watch);
    for (std::uint32_t i = 1; i < 5'000; ++i) {
        cache.keep(digest_numbered(i), actor_in(laptop), watch);
        ASSERT_TRUE(cache.find(digest_numbered(0), noon).has_value()) << i;
    }
    EXPECT_FALSE(cache.find(digest_numbered(1), noon).has_value());
}

TEST(TokenCache, KeepsNothingOfASessionThatItNoLongerWatches) {
    TokenCache cache(256);
    cache.keep(digest_numbered(0), actor_in(laptop), cache.watch(laptop));
    // So many that the laptop's watch must go.
    for (std::uint32_t i = 0; i < 10'000; ++i) {
        Uuid random;
        const Digest digest = digest_numbered(i);
        std::copy_n(digest.begin(), random.bytes.size(), random.bytes.begin());
        (void)cache.watch(SessionId(random));
    }
    EXPECT_FALSE(cache.find(digest_numbered(0), noon).has_value());
}

TEST(TokenCache, GivesAVerificationAnEndedWatchWhenTheClosingCameFirst) {
    TokenCache cache(256);
    cache.close(laptop);
    const auto watch = cache.watch(laptop);
    EXPECT_TRUE(TokenCache::has_ended(watch));
    cache.keep(digest_numbered(0), actor_in(laptop), watch);
    EXPECT_FALSE(cache.find(digest_numbered(0), noon).has_value());
}

}  // namespace
}  // namespace verbatim::testing
