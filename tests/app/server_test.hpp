#pragma once

#include "tests/support/paths.hpp"
#include "tests/support/server_person.hpp"
#include "tests/support/server_process.hpp"
#include "tests/support/temporary_folder.hpp"

#include <gtest/gtest.h>
#include <map>
#include <memory>
#include <string>

namespace verbatim::testing {

// One server for all tests of a suite, which therefore use rooms and, where accounts change,
// people of their own.
class ServerTest : public ::testing::Test {
protected:
    static void SetUpTestSuite() { shared() = std::make_unique<Shared>(); }
    static void TearDownTestSuite() { shared().reset(); }

    static ServerProcess& server() { return shared()->server; }
    // An account that lives as long as the suite: registered when first asked for.
    static Person& person(const std::string& username) {
        auto& known = shared()->people[username];
        if (!known) known = std::make_unique<Person>(server(), username);
        return *known;
    }
    // An account nobody else uses.
    static Person stranger() {
        return Person(server(), "stranger-" + std::to_string(++shared()->strangers));
    }

    static std::string messages_of(const std::string& room) {
        return "/rooms/" + room + "/messages";
    }
    static std::string member_path(const std::string& room, const Person& who) {
        return "/rooms/" + room + "/members/" + who.id();
    }
    static HttpAnswer join(Person& who, const std::string& room) {
        return who.post("/rooms/" + room + "/join");
    }

private:
    struct Shared {
        TemporaryFolder folder;
        ServerProcess server{{.binary = testing::server_binary(), .data = folder.path() / "data"}};
        std::map<std::string, std::unique_ptr<Person>> people;
        int strangers = 0;
    };
    static std::unique_ptr<Shared>& shared() {
        static std::unique_ptr<Shared> instance;
        return instance;
    }
};

// Says what a problem must be: its status and its code.
inline ::testing::AssertionResult is_problem(
    const HttpAnswer& answer, int status, const std::string& code
) {
    if (answer.status == status && answer.code() == code) return ::testing::AssertionSuccess();
    return ::testing::AssertionFailure()
           << "wanted " << status << " " << code << ", got " << answer.status << " " << answer.body;
}

// A 422 that names the member at fault.
inline ::testing::AssertionResult is_invalid(const HttpAnswer& answer, const std::string& field) {
    const bool is_it = answer.status == 422 && answer.json().value("field", "") == field;
    if (is_it) return ::testing::AssertionSuccess();
    return ::testing::AssertionFailure()
           << "wanted 422 for " << field << ", got " << answer.status << " " << answer.body;
}

}  // namespace verbatim::testing
