#include "api/connection.hpp"

#include "tests/api/test_server.hpp"

#include <gtest/gtest.h>
#include <string>
#include <string_view>
#include <vector>

namespace verbatim::api {
namespace {

using std::chrono::milliseconds;

// A connection without a socket: what it would send is collected, and handlers' answers come as
// soon as they are posted.
class Wire {
public:
    explicit Wire(ServerOptions options = {})
        : core_(std::make_shared<ServerCore>(std::move(options), test::test_routes(), ServerHooks{})
          ),
          worker_(std::make_shared<Worker>()),
          connection_(ConnectionKey{7, 1}, "192.0.2.1", core_, worker_, true, now_) {}

    void take(std::string_view bytes) {
        connection_.take_input(bytes, now_);
        settle();
    }

    void pass(milliseconds time) {
        now_ += time;
        connection_.check_time(now_);
        settle();
    }

    void settle() {
        Worker::Letters letters;
        while (move_output() || worker_->collect(letters)) {
            for (auto& completion : letters.completions)
                EXPECT_TRUE(connection_.take_answer(completion, now_));
            letters = {};
        }
    }

    [[nodiscard]] std::vector<std::string> statuses() const {
        std::vector<std::string> found;
        for (std::size_t at = 0; (at = sent_.find("HTTP/1.1 ", at)) != std::string::npos; at += 9)
            found.push_back(sent_.substr(at + 9, 3));
        return found;
    }
    [[nodiscard]] const std::string& sent() const { return sent_; }
    Connection& connection() { return connection_; }
    std::size_t bodies_bytes() const { return core_->bodies_bytes; }

private:
    bool move_output() {
        const std::string output(connection_.output());
        sent_ += output;
        if (!output.empty()) connection_.output_sent(output.size(), now_);
        return !output.empty();
    }

    Moment now_{std::chrono::hours(1)};
    std::shared_ptr<ServerCore> core_;
    std::shared_ptr<Worker> worker_;
    Connection connection_;
    std::string sent_;
};

constexpr std::string_view two_requests =
    "POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
    "5;name=\"v\"\r\nhello\r\n6\r\n world\r\n0\r\nTrailer: dropped\r\n\r\n"
    "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nend";

TEST(Connection, AnswersTheSameWhereverTheBytesAreCut) {
    for (std::size_t first = 0; first <= two_requests.size(); ++first) {
        Wire wire;
        wire.take(two_requests.substr(0, first));
        wire.take(two_requests.substr(first));
        ASSERT_EQ(wire.statuses(), (std::vector<std::string>{"200", "200"})) << first;
        ASSERT_NE(wire.sent().find("\r\n\r\nhello worldHTTP/1.1 200"), std::string::npos) << first;
        ASSERT_TRUE(wire.sent().ends_with("\r\n\r\nend")) << first;
        ASSERT_EQ(wire.bodies_bytes(), 0U);
    }
}

TEST(Connection, AnswersTheSameWhenEachByteComesAlone) {
    Wire wire;
    for (const char byte : two_requests) wire.take({&byte, 1});
    EXPECT_EQ(wire.statuses(), (std::vector<std::string>{"200", "200"}));
}

TEST(Connection, RefusesAtOnceWhatCannotBecomeARequest) {
    for (const std::string bytes :
         {"\x16\x03\x01",
          "{",
          "GET /\n",
          "GET\t",
          "hello\r\n",
          "GET / HTTP/1.1\r\nA:\x01",
          "GET / HTTP/1.1\nHost: x",
          "GET / HTTP/1.1\rHost",
          "PRI * HTTP/2.0\r\n"}) {
        Wire wire;
        wire.take(bytes);
        ASSERT_EQ(wire.statuses().size(), 1U) << bytes;
        EXPECT_TRUE(wire.connection().is_lingering()) << bytes;
    }
}

TEST(Connection, HoldsBackABoundedNumberOfBytes) {
    Wire wire;
    wire.connection().take_input("GET /forgets HTTP/1.1\r\nHost: x\r\n\r\n", Moment{});
    ASSERT_TRUE(wire.connection().wants_input());
    wire.connection().take_input(std::string(limits::http_held_back_bytes_max, 'x'), Moment{});
    EXPECT_FALSE(wire.connection().wants_input());
}

TEST(Connection, ClosesAnIdleConnectionWithoutAWord) {
    Wire wire;
    wire.take("GET /ok HTTP/1.1\r\nHost: x\r\n\r\n");
    wire.pass(limits::http_idle_timeout);
    EXPECT_FALSE(wire.connection().is_finished());
    wire.pass(milliseconds(1));
    EXPECT_TRUE(wire.connection().is_finished());
    EXPECT_EQ(wire.statuses().size(), 1U);
}

TEST(Connection, GivesAHeadSoLongAndNotLongerForEachByte) {
    Wire wire;
    wire.take("GET /ok HTTP/1.1\r\n");
    wire.pass(limits::http_head_timeout / 2);
    wire.take("Host: x\r\n");
    wire.pass(limits::http_head_timeout / 2);
    EXPECT_TRUE(wire.statuses().empty());
    wire.pass(milliseconds(1));
    EXPECT_EQ(wire.statuses(), (std::vector<std::string>{"408"}));
}

TEST(Connection, GivesABodyTimeAsLongAsItProgresses) {
    Wire wire;
    wire.take("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n");
    for (int byte = 0; byte < 5; ++byte) {
        wire.pass(limits::http_body_timeout);
        wire.take("x");
    }
    EXPECT_TRUE(wire.statuses().empty());
    wire.pass(limits::http_body_timeout + milliseconds(1));
    EXPECT_EQ(wire.statuses(), (std::vector<std::string>{"408"}));
    EXPECT_EQ(wire.bodies_bytes(), 0U);
}

TEST(Connection, GivesUpOnAClientThatDoesNotRead) {
    Wire wire;
    wire.connection().take_input("GET /nowhere HTTP/1.1\r\nHost: x\r\n\r\n", Moment{});
    ASSERT_FALSE(wire.connection().output().empty());
    wire.connection().check_time(Moment{} + limits::http_send_timeout);
    EXPECT_FALSE(wire.connection().is_finished());
    wire.connection().check_time(Moment{} + limits::http_send_timeout + milliseconds(1));
    EXPECT_TRUE(wire.connection().is_finished());
}

TEST(Connection, LingersAfterARefusalUntilTheClientCloses) {
    Wire wire;
    wire.take("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 1001\r\n\r\n");
    EXPECT_EQ(wire.statuses(), (std::vector<std::string>{"413"}));
    ASSERT_TRUE(wire.connection().is_lingering());
    wire.take(std::string(1001, 'x'));
    EXPECT_EQ(wire.statuses().size(), 1U);
    wire.connection().take_end_of_input(Moment{});
    EXPECT_TRUE(wire.connection().is_finished());
}

}  // namespace
}  // namespace verbatim::api
