#include "api/server.hpp"
#include "tests/api/raw_client.hpp"
#include "tests/api/test_server.hpp"

#include <gtest/gtest.h>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

namespace verbatim::api::test {
namespace {

enum class Then { stays, closes };

// Bytes, and what becomes of them.
struct Trap {
    const char* name;
    std::string bytes;
    int status;
    Then then;
};

std::ostream& operator<<(std::ostream& out, const Trap& trap) {
    return out << trap.name;
}

std::string many_fields(int count) {
    std::string fields;
    for (int field = 0; field < count; ++field) fields += "X-" + std::to_string(field) + ": y\r\n";
    return fields;
}

const std::vector<Trap> traps = {
    // What fields say that are no business of framing.
    {"ACookieWithoutValue", get("/ok", "Cookie: a\r\n"), 200, Then::stays},
    {"ADateThatIsNone", get("/ok", "Date: yesterday\r\n"), 200, Then::stays},
    {"ACacheControlThatIsNone", get("/ok", "Cache-Control: max-age=zz\r\n"), 200, Then::stays},
    {"AnUnknownAccept", get("/ok", "Accept: font/woff2\r\n"), 200, Then::stays},
    {"AContentTypeThatIsNone", get("/ok", "Content-Type: zzz\r\n"), 200, Then::stays},
    {"AnUnknownAuthorization", get("/ok", "Authorization: \xff\xfe\r\n"), 200, Then::stays},
    {"AnUpgrade", get("/ok", "Connection: Upgrade\r\nUpgrade: websocket\r\n"), 200, Then::stays},
    {"AnEmptyValue", get("/ok", "Accept:\r\n"), 200, Then::stays},
    // Host.
    {"AHostWithAPortTooLarge", "GET /ok HTTP/1.1\r\nHost: x:99999\r\n\r\n", 200, Then::stays},
    {"AnEmptyHost", "GET /ok HTTP/1.1\r\nHost:\r\n\r\n", 200, Then::stays},
    {"AMissingHost", "GET /ok HTTP/1.1\r\n\r\n", 400, Then::closes},
    {"TwoHosts", get("/ok", "Host: y\r\n"), 400, Then::closes},
    {"AHostThatIsNone", "GET /ok HTTP/1.1\r\nHost: a b\r\n\r\n", 400, Then::closes},
    // The length of the body.
    {"TwoContentLengths",
     post("Content-Length: 1\r\nContent-Length: 1\r\n", "a"),
     400,
     Then::closes},
    {"AListOfContentLengths", post("Content-Length: 1, 1\r\n", "a"), 400, Then::closes},
    {"ANegativeContentLength", post("Content-Length: -5\r\n", "a"), 400, Then::closes},
    {"AContentLengthWithASign", post("Content-Length: +5\r\n", "hello"), 400, Then::closes},
    {"AnEmptyContentLength", post("Content-Length:\r\n", ""), 400, Then::closes},
    {"AContentLengthOf23Digits",
     post("Content-Length: 99999999999999999999999\r\n", "a"),
     413,
     Then::closes},
    {"AContentLengthBeyondTheBound",
     post("Content-Length: 10000000000\r\n", "a"),
     413,
     Then::closes},
    {"ABodyOneAboveTheBound", post("Content-Length: 1001\r\n", ""), 413, Then::closes},
    {"ABodyAtTheBound", post("Content-Length: 1000\r\n", std::string(1000, 'x')), 200, Then::stays},
    {"NoLengthAtAll", post("", ""), 200, Then::stays},
    {"LengthAndChunks",
     post("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"),
     400,
     Then::closes},
    {"ChunksTwice",
     post("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"),
     400,
     Then::closes},
    {"AnUnknownCoding",
     post("Transfer-Encoding: gzip, chunked\r\n", "0\r\n\r\n"),
     501,
     Then::closes},
    {"ChunksInHttp10",
     "POST /echo HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
     400,
     Then::closes},
    // Chunks.
    {"Chunks",
     post("Transfer-Encoding: CHUNKED\r\n", "1\r\na\r\n00a;x=y\r\n0123456789\r\n0\r\n\r\n"),
     200,
     Then::stays},
    {"AChunkWithoutSize", post("Transfer-Encoding: chunked\r\n", "\r\na\r\n"), 400, Then::closes},
    {"AChunkSizeThatIsNone",
     post("Transfer-Encoding: chunked\r\n", "0x1\r\na\r\n"),
     400,
     Then::closes},
    {"ANegativeChunk", post("Transfer-Encoding: chunked\r\n", "-1\r\na\r\n"), 400, Then::closes},
    {"AChunkLongerThanItSays",
     post("Transfer-Encoding: chunked\r\n", "1\r\nab\r\n"),
     400,
     Then::closes},
    {"AChunkLineWithoutReturn",
     post("Transfer-Encoding: chunked\r\n", "1\na\r\n0\r\n\r\n"),
     400,
     Then::closes},
    {"ChunksBeyondTheBound",
     post("Transfer-Encoding: chunked\r\n", "3e8\r\n" + std::string(1000, 'x') + "\r\n1\r\n"),
     413,
     Then::closes},
    {"AChunkOfMoreThan64Bits",
     post("Transfer-Encoding: chunked\r\n", "fffffffffffffffff\r\n"),
     413,
     Then::closes},
    {"AnEndlessChunkLine",
     post("Transfer-Encoding: chunked\r\n", "1;" + std::string(300, 'x')),
     400,
     Then::closes},
    {"AnEndlessTrailer",
     post("Transfer-Encoding: chunked\r\n", "0\r\nA: " + std::string(9'000, 'x')),
     431,
     Then::closes},
    // Bytes that are no request.
    {"ATlsHello", std::string("\x16\x03\x01\x02\x00\x01", 6), 400, Then::closes},
    {"JsonAlone", "{\"a\": 1}", 400, Then::closes},
    {"AWordAndANewline", "hello\n", 400, Then::closes},
    {"Http09", "GET /ok\r\n", 400, Then::closes},
    {"Http2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505, Then::closes},
    {"AnUnknownVersion", "GET /ok HTTP/1.x\r\n", 400, Then::closes},
    {"AnEmptyTarget", "GET  HTTP/1.1\r\n", 400, Then::closes},
    {"ATargetWithASpace", "GET /a b HTTP/1.1\r\n", 400, Then::closes},
    {"ATargetWithRawUtf8", "GET /\xc3\xa9 HTTP/1.1\r\n", 400, Then::closes},
    {"ATargetWithoutASlash", "GET ok HTTP/1.1\r\nHost: x\r\n\r\n", 400, Then::closes},
    {"ATunnel", "CONNECT a:443 HTTP/1.1\r\nHost: x\r\n\r\n", 400, Then::closes},
    {"ANulInAField", std::string("GET /ok HTTP/1.1\r\nA: \0\r\n", 23), 400, Then::closes},
    {"ALineEndedByANewlineAlone", "GET /ok HTTP/1.1\nHost: x\n\n", 400, Then::closes},
    {"AFoldedField", get("/ok", "A: b\r\n c\r\n"), 400, Then::closes},
    {"ASpaceBeforeTheColon", get("/ok", "A : b\r\n"), 400, Then::closes},
    {"AFieldWithoutAColon", get("/ok", "abc\r\n"), 400, Then::closes},
    {"AFieldWithoutAName", get("/ok", ": abc\r\n"), 400, Then::closes},
    // Sizes of the head.
    {"AHundredFields", get("/ok", many_fields(99)), 200, Then::stays},
    {"AHundredAndOneFields", get("/ok", many_fields(100)), 431, Then::closes},
    {"AHeadTooLarge", get("/ok", "A: " + std::string(17'000, 'x') + "\r\n"), 431, Then::closes},
    {"ATargetTooLong", get("/" + std::string(8'192, 'x')), 414, Then::closes},
    {"AnEndlessTarget", "GET /" + std::string(9'000, 'x'), 414, Then::closes},
    {"AnEndlessMethod", std::string(33, 'X'), 400, Then::closes},
    // Paths and methods.
    {"AnUnknownPath", get("/nowhere"), 404, Then::stays},
    {"AnUnknownPathWithABody",
     "POST /nowhere HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello",
     404,
     Then::stays},
    {"AnUnknownPathWithALargeBody",
     "POST /nowhere HTTP/1.1\r\nHost: x\r\nContent-Length: 999999\r\n\r\nhello",
     404,
     Then::closes},
    {"AnotherMethod", "DELETE /ok HTTP/1.1\r\nHost: x\r\n\r\n", 405, Then::stays},
    {"AnUnknownMethod", "BREW /ok HTTP/1.1\r\nHost: x\r\n\r\n", 405, Then::stays},
    {"AMethodInLowerCase", "get /ok HTTP/1.1\r\nHost: x\r\n\r\n", 405, Then::stays},
    {"AnAbsoluteTarget", get("http://y:1/ok?a=b"), 200, Then::stays},
    {"AnAbsoluteTargetWithoutPath", get("http://y"), 404, Then::stays},
    {"AnUnknownScheme", get("ftp://y/ok"), 400, Then::closes},
    {"ABrokenPercent", get("/named/%zz"), 400, Then::stays},
    {"APathThatIsNotUtf8", get("/named/%ff"), 400, Then::stays},
    {"AQueryThatIsNotUtf8", get("/query?q=%ff"), 400, Then::stays},
    {"AQueryWithABrokenPercent", get("/query?q=%"), 400, Then::stays},
    {"AStarForOptions", "OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n", 204, Then::stays},
    {"AStarForGet", get("*"), 400, Then::closes},
    {"EmptyLinesBefore", "\r\n\r\n" + get("/ok"), 200, Then::stays},
    // Versions and keeping alive.
    {"Http10", "GET /ok HTTP/1.0\r\n\r\n", 200, Then::closes},
    {"Http10ThatStays", "GET /ok HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n", 200, Then::stays},
    {"Http12", "GET /ok HTTP/1.2\r\nHost: x\r\n\r\n", 200, Then::stays},
    {"AGoodbye", get("/ok", "Connection: foo, Close\r\n"), 200, Then::closes},
    {"AGoodbyeWithMoreBehind", get("/ok", "Connection: close\r\n") + get("/ok"), 200, Then::closes},
    {"AnExpectationOfSomethingElse",
     post("Expect: coffee\r\nContent-Length: 1\r\n", ""),
     417,
     Then::closes},
    {"AnExpectationTooLarge",
     post("Expect: 100-continue\r\nContent-Length: 1001\r\n", ""),
     413,
     Then::closes},
    // Handlers.
    {"AHandlerThatThrows", get("/throws"), 500, Then::stays},
    {"AHandlerThatForgets", get("/forgets"), 500, Then::stays},
};

class Gate : public testing::TestWithParam<Trap> {};

TEST_P(Gate, Answers) {
    const Trap& trap = GetParam();
    TestServer server;
    RawClient client(server.port());
    const auto answer = client.ask(trap.bytes);
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->status, trap.status);
    EXPECT_EQ(answer->headers.count("x-request-id"), 1U);
    EXPECT_EQ(answer->headers.at("x-content-type-options"), "nosniff");
    EXPECT_EQ(answer->body.find("secret"), std::string::npos);
    if (answer->status >= 400) {
        EXPECT_EQ(answer->headers.at("content-type"), "application/problem+json");
    }
    const bool says_close =
        answer->headers.contains("connection") && answer->headers.at("connection") == "close";
    EXPECT_EQ(says_close, trap.then == Then::closes);
    if (trap.then == Then::closes) {
        EXPECT_TRUE(client.is_closed());
    } else {
        const auto next = client.ask(get("/ok"));
        ASSERT_TRUE(next);
        EXPECT_EQ(next->body, "ok");
    }
}

INSTANTIATE_TEST_SUITE_P(Traps, Gate, testing::ValuesIn(traps), [](const auto& row) {
    return row.param.name;
});

}  // namespace
}  // namespace verbatim::api::test
