#include "api/password_pool.hpp"

#include <future>
#include <gtest/gtest.h>
#include <string>

namespace verbatim::api {
namespace {

std::string hash(PasswordPool& pool, const std::string& password) {
    std::promise<std::string> promise;
    EXPECT_TRUE(pool.hash(password, [&](std::string encoded) { promise.set_value(encoded); }));
    return promise.get_future().get();
}

bool verify(PasswordPool& pool, const std::string& password, const std::string& encoded) {
    std::promise<bool> promise;
    EXPECT_TRUE(pool.verify(password, encoded, [&](bool matches) { promise.set_value(matches); }));
    return promise.get_future().get();
}

TEST(PasswordPool, HashesWithArgon2idAndASaltOfItsOwnEachTime) {
    PasswordPool pool({});
    const std::string first = hash(pool, "correct horse");
    EXPECT_TRUE(first.starts_with("$argon2id$"));
    EXPECT_NE(first, hash(pool, "correct horse"));
}

TEST(PasswordPool, AcceptsThePasswordAndNoOther) {
    PasswordPool pool({});
    const std::string encoded = hash(pool, "correct horse");
    EXPECT_TRUE(verify(pool, "correct horse", encoded));
    EXPECT_FALSE(verify(pool, "correct horsf", encoded));
}

TEST(PasswordPool, AcceptsNothingWhereThereIsNoHash) {
    PasswordPool pool({});
    EXPECT_FALSE(verify(pool, "nobody has this password", ""));
}

TEST(PasswordPool, RefusesWhatWouldWaitBeyondItsBound) {
    PasswordPool pool({.threads = 1, .waiting_max = 1});
    std::promise<void> busy;
    std::promise<void> go_on;
    std::promise<void> done;
    ASSERT_TRUE(pool.hash("first", [&](const std::string&) {
        busy.set_value();
        go_on.get_future().wait();
    }));
    busy.get_future().wait();
    EXPECT_TRUE(pool.hash("waits", [&](const std::string&) { done.set_value(); }));
    EXPECT_FALSE(pool.hash("too many", [](const std::string&) { FAIL(); }));
    go_on.set_value();
    done.get_future().wait();
}

}  // namespace
}  // namespace verbatim::api
