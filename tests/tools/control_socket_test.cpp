#include "tools/control_socket.hpp"

#include "tests/support/temporary_folder.hpp"
#include "tools/copy_requests.hpp"

#include <fstream>
#include <future>
#include <gmock/gmock.h>
#include <optional>

namespace verbatim::testing {

namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

class Control : public ::testing::Test {
protected:
    static std::unique_ptr<ControlSocket> open(const fs::path& data, ControlHandler handler) {
        auto socket = ControlSocket::open(data, std::move(handler));
        EXPECT_TRUE(socket.has_value()) << describe(socket.error());
        return socket ? std::move(*socket) : nullptr;
    }
    static void echo(const std::string& request, const ControlReply& reply) {
        reply("you said");
        reply(request);
    }
    static ControlClient connect(const fs::path& data) {
        auto client = ControlClient::connect(data);
        EXPECT_TRUE(client.has_value()) << describe(client.error());
        return std::move(client.value());
    }

    TemporaryFolder folder;
};

TEST_F(Control, AnswersARequestLineByLine) {
    const auto socket = open(folder.path(), &echo);
    for (const std::string request : {"hello", "hello again"}) {
        ControlClient client = connect(folder.path());
        ASSERT_TRUE(client.send(request).has_value());
        EXPECT_EQ(client.next_line().value(), "you said");
        EXPECT_EQ(client.next_line().value(), request);
        EXPECT_FALSE(client.next_line().has_value()) << "the last line ends the connection";
    }
}

TEST_F(Control, WorksWhereThePathIsLongerThanASocketsAddress) {
    const fs::path deep = folder.path() / std::string(120, 'd');
    fs::create_directories(deep);
    const auto socket = open(deep, &echo);
    ControlClient client = connect(deep);
    ASSERT_TRUE(client.send("hello").has_value());
    EXPECT_EQ(client.next_line().value(), "you said");
}

TEST_F(Control, TakesThePlaceOfWhatAKilledServerLeft) {
    std::ofstream(folder.path() / "control.sock") << "left";
    const auto socket = open(folder.path(), &echo);
    ControlClient client = connect(folder.path());
    EXPECT_TRUE(client.send("hello").has_value());
    EXPECT_EQ(client.next_line().value(), "you said");
}

TEST_F(Control, SaysWhereNobodyListens) {
    const auto refused = ControlClient::connect(folder.path());
    ASSERT_FALSE(refused.has_value());
    EXPECT_THAT(refused.error().detail, HasSubstr(folder.path().string()));
}

TEST_F(Control, GivesUpWhatItDoesWhenItEnds) {
    std::promise<void> begun;
    auto socket = open(folder.path(), [&](const std::string&, const ControlReply& reply) {
        begun.set_value();
        while (reply("still at it")) {
        }
    });
    ControlClient client = connect(folder.path());
    ASSERT_TRUE(client.send("do").has_value());
    begun.get_future().wait();
    auto ended = std::async(std::launch::async, [&] { socket.reset(); });
    while (client.next_line().has_value()) {
    }
    ended.wait();
    EXPECT_FALSE(ControlClient::connect(folder.path()).has_value());
}

TEST_F(Control, CopiesTheLogToWhereItIsAskedTo) {
    std::optional<fs::path> asked;
    const auto socket = open(
        folder.path(), answer_copy_requests([&](const fs::path& to, const CopyProgress& progress) {
            asked = to;
            progress(5);
            return StoreResult<CopyNumber>(3);
        })
    );
    std::uint64_t told = 0;
    const auto copy = ask_for_copy(folder.path(), "/backups/log", [&](std::uint64_t bytes) {
        told = bytes;
        return true;
    });
    ASSERT_TRUE(copy.has_value()) << describe(copy.error());
    EXPECT_EQ(*copy, 3u);
    EXPECT_EQ(told, 5u);
    EXPECT_EQ(asked, fs::path("/backups/log"));
}

TEST_F(Control, SaysWhyACopyCouldNotBeMade) {
    const auto socket =
        open(folder.path(), answer_copy_requests([](const fs::path&, const CopyProgress&) {
                 return StoreResult<CopyNumber>(failure(StoreError{
                     StoreFault::disk_full, {}, "no room there"}));
             }));
    const auto copy = ask_for_copy(folder.path(), "/backups/log", {});
    ASSERT_FALSE(copy.has_value());
    EXPECT_THAT(copy.error().detail, HasSubstr("no room there"));
    EXPECT_THAT(
        ask_for_copy(folder.path(), "relative", {}).error().detail, HasSubstr("no absolute path")
    );
}

TEST_F(Control, RefusesWhatItDoesNotKnow) {
    const auto socket =
        open(folder.path(), answer_copy_requests([](const fs::path&, const CopyProgress&) {
                 ADD_FAILURE() << "nothing was asked for";
                 return StoreResult<CopyNumber>(1);
             }));
    for (const std::string request : {"hello", "{}", "[]", R"({"copy_log_to":7})"}) {
        ControlClient client = connect(folder.path());
        ASSERT_TRUE(client.send(request).has_value());
        EXPECT_THAT(client.next_line().value(), HasSubstr("error")) << request;
    }
}

}  // namespace

}  // namespace verbatim::testing
