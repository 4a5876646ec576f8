#include "api/docs_routes.hpp"

#include "api/assets.hpp"
#include "api/web_routes.hpp"
#include "tests/api/test_server.hpp"
#include "tests/api/unmade_services.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace verbatim::api::test {
namespace {

const Asset& asset(std::string_view path) {
    return *std::ranges::find(assets(), path, &Asset::path);
}

RouteTable docs_table() {
    static const UnmadeServices unmade;
    RouteTable table;
    add_docs(table);
    add_web(table, unmade.services);
    return table;
}

class DocsRoutes : public ::testing::Test {
protected:
    RawAnswer ask(std::string_view target, std::string_view fields = "") {
        RawClient client(server_.port());
        return client.ask(get(target, fields)).value_or(RawAnswer{});
    }
    [[nodiscard]] std::uint16_t port() const { return server_.port(); }

private:
    TestServer server_{docs_table()};
};

TEST_F(DocsRoutes, AnswerEveryAssetAtItsPath) {
    for (const Asset& each : assets()) {
        const RawAnswer answer = ask(each.path);
        EXPECT_EQ(answer.status, 200) << each.path;
        EXPECT_EQ(answer.body, each.plain) << each.path;
        EXPECT_EQ(answer.headers.at("content-type"), each.content_type) << each.path;
        EXPECT_EQ(answer.headers.at("vary"), "Accept-Encoding") << each.path;
        EXPECT_FALSE(answer.headers.contains("content-encoding")) << each.path;
    }
}

TEST_F(DocsRoutes, CompressForThoseWhoAcceptGzip) {
    const Asset& bundle = asset("/docs/swagger-ui-bundle.js");
    ASSERT_LT(bundle.gzip.size(), bundle.plain.size() / 2);
    for (const char* accepted : {"gzip", "br, GZIP", "deflate, gzip;q=0.5"}) {
        const std::string field = "Accept-Encoding: " + std::string(accepted) + "\r\n";
        const RawAnswer answer = ask(bundle.path, field);
        EXPECT_EQ(answer.headers.at("content-encoding"), "gzip") << accepted;
        EXPECT_EQ(answer.body, bundle.gzip) << accepted;
    }
    for (const char* refused : {"br", "gzip;q=0", "gzip; q=0.0, br", "x-gzip"}) {
        const std::string field = "Accept-Encoding: " + std::string(refused) + "\r\n";
        EXPECT_EQ(ask(bundle.path, field).body, bundle.plain) << refused;
    }
}

TEST_F(DocsRoutes, SayThatACopyIsStillGood) {
    const RawAnswer first = ask("/docs");
    const std::string tag = first.headers.at("etag");
    for (const std::string& known : {tag, "\"other\", W/" + tag, std::string("*")}) {
        const RawAnswer again = ask("/docs", "If-None-Match: " + known + "\r\n");
        EXPECT_EQ(again.status, 304) << known;
        EXPECT_EQ(again.headers.at("etag"), tag);
        EXPECT_EQ(again.headers.at("cache-control"), "no-cache");
        EXPECT_TRUE(again.body.empty());
    }
    EXPECT_EQ(ask("/docs", "If-None-Match: \"other\"\r\n").status, 200);
}

TEST_F(DocsRoutes, TellTheCompressedFromThePlainByTheirTags) {
    const std::string path = "/docs/swagger-ui-bundle.js";
    const std::string plain = ask(path).headers.at("etag");
    const std::string packed = ask(path, "Accept-Encoding: gzip\r\n").headers.at("etag");
    EXPECT_NE(plain, packed);
    EXPECT_EQ(ask(path, "If-None-Match: " + packed + "\r\n").status, 200);
}

TEST_F(DocsRoutes, AnswerHeadWithTheLengthAndWithoutTheBody) {
    RawClient client(port());
    ASSERT_TRUE(client.send("HEAD /docs/swagger-ui.css HTTP/1.1\r\nHost: x\r\n\r\n"));
    const auto answer = client.read_answer(true);
    ASSERT_TRUE(answer.has_value());
    EXPECT_EQ(answer->status, 200);
    const std::size_t bytes = asset("/docs/swagger-ui.css").plain.size();
    EXPECT_EQ(answer->headers.at("content-length"), std::to_string(bytes));
}

TEST_F(DocsRoutes, KnowNothingElse) {
    const RawAnswer answer = ask("/docs/other.js");
    EXPECT_EQ(answer.status, 404);
    EXPECT_EQ(answer.headers.at("content-type"), "application/problem+json");
    EXPECT_EQ(nlohmann::json::parse(answer.body).at("code"), "not_found");
}

TEST_F(DocsRoutes, ExplainProblems) {
    const RawAnswer answer = ask("/docs/problems");
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.headers.at("content-type"), "text/html; charset=utf-8");
    EXPECT_EQ(answer.body, problem_page());
}

TEST_F(DocsRoutes, HoldNothingInlineThatAStrictPolicyRefuses) {
    for (const Asset& each : assets()) {
        if (!each.content_type.starts_with("text/html")) continue;
        EXPECT_EQ(each.plain.find("<script>"), std::string_view::npos) << each.path;
        EXPECT_EQ(each.plain.find("http"), std::string_view::npos) << each.path;
    }
}

}  // namespace
}  // namespace verbatim::api::test
