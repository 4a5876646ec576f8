#include "api/security_headers.hpp"

#include "api/answer_text.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace verbatim::api {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

std::string head_of(const std::string& media_type, const std::string& policy = {}) {
    HttpResponse response;
    response.headers.emplace_back("Content-Type", media_type);
    if (!policy.empty()) response.headers.emplace_back("Content-Security-Policy", policy);
    std::string out;
    append_answer(out, response, {});
    return out;
}

std::string policy_field(std::string_view policy) {
    return "\r\nContent-Security-Policy: " + std::string(policy) + "\r\n";
}

TEST(SecurityHeaders, AreOnEveryAnswer) {
    for (const char* type : {"application/json", "text/html", "image/png"})
        for (const char* field :
             {"\r\nX-Content-Type-Options: nosniff\r\n",
              "\r\nX-Frame-Options: DENY\r\n",
              "\r\nReferrer-Policy: no-referrer\r\n",
              "\r\nCross-Origin-Resource-Policy: same-origin\r\n"})
            EXPECT_THAT(head_of(type), HasSubstr(field)) << type;
}

TEST(SecurityHeaders, AreThereOnceWhenARouteGivesThemToo) {
    HttpResponse response;
    response.headers.emplace_back("X-Content-Type-Options", "nosniff");
    std::string out;
    append_answer(out, response, {});
    EXPECT_EQ(out.find("nosniff"), out.rfind("nosniff"));
}

TEST(SecurityHeaders, BoundWhatAPageMayLoad) {
    for (const char* type : {"text/html", "Text/HTML; charset=utf-8"})
        EXPECT_THAT(head_of(type), HasSubstr(policy_field(page_policy))) << type;
    EXPECT_THAT(std::string(page_policy), HasSubstr("default-src 'self'"));
    EXPECT_THAT(std::string(page_policy), Not(HasSubstr("unsafe")));
}

TEST(SecurityHeaders, LetAPageBringItsOwnPolicy) {
    const std::string head = head_of("text/html", std::string(docs_page_policy));
    EXPECT_THAT(head, HasSubstr(policy_field(docs_page_policy)));
    EXPECT_THAT(head, Not(HasSubstr(policy_field(page_policy))));
}

TEST(SecurityHeaders, LetNoForeignDocumentRunScripts) {
    for (const char* type : {"image/svg+xml", "application/xhtml+xml", "text/xml"})
        EXPECT_THAT(head_of(type), HasSubstr(policy_field(foreign_document_policy))) << type;
}

TEST(SecurityHeaders, SpareWhatIsNoDocument) {
    EXPECT_THAT(head_of("application/json"), Not(HasSubstr("Content-Security-Policy")));
}

TEST(Cors, ShowsScriptsOfAllowedOriginsWhatClientsNeed) {
    std::string out;
    append_answer(
        out,
        {},
        {.request_id = "r", .varies_by_origin = true, .allowed_origin = "https://chat.example"}
    );
    const auto begin = out.find("Access-Control-Expose-Headers: ");
    ASSERT_NE(begin, std::string::npos);
    const std::string exposed = out.substr(begin, out.find("\r\n", begin) - begin) + ",";
    for (const char* name :
         {"Verbatim-Position",
          "Verbatim-Room-Seq",
          "Idempotency-Replayed",
          "Retry-After",
          "Location",
          "ETag",
          "Upload-Offset",
          "Upload-Length",
          "Upload-File-Id",
          "Upload-Expires",
          "Tus-Resumable",
          "Tus-Version",
          "Tus-Extension",
          "Tus-Max-Size"})
        EXPECT_THAT(exposed, HasSubstr(" " + std::string(name) + ",")) << name;
}

TEST(Cors, ShowsOtherOriginsNothing) {
    std::string out;
    append_answer(out, {}, {.request_id = "r", .varies_by_origin = true, .allowed_origin = {}});
    EXPECT_THAT(out, HasSubstr("\r\nVary: Origin\r\n"));
    EXPECT_THAT(out, Not(HasSubstr("Access-Control")));
    out.clear();
    append_answer(out, {}, {});
    EXPECT_THAT(out, Not(HasSubstr("Vary")));
}

}  // namespace
}  // namespace verbatim::api
