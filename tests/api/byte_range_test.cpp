#include "api/byte_range.hpp"

#include "api/file_routes.hpp"
#include "api/upload_headers.hpp"

#include <gtest/gtest.h>

namespace verbatim::api {
namespace {

constexpr ByteRange whole{};
constexpr ByteRange none{.kind = ByteRange::Kind::unsatisfiable};

constexpr ByteRange part(std::uint64_t first, std::uint64_t count) {
    return {.kind = ByteRange::Kind::part, .first = first, .count = count};
}

TEST(ByteRangeOf, TakesOneRange) {
    EXPECT_EQ(byte_range("bytes=0-0", 10), part(0, 1));
    EXPECT_EQ(byte_range("bytes=2-5", 10), part(2, 4));
    EXPECT_EQ(byte_range("bytes=9-", 10), part(9, 1));
    EXPECT_EQ(byte_range("bytes=0-99999999999999999999999", 10), part(0, 10));
    EXPECT_EQ(byte_range("bytes=-3", 10), part(7, 3));
    EXPECT_EQ(byte_range("bytes=-11", 10), part(0, 10));
    EXPECT_EQ(byte_range("Bytes= 2 - 5 ", 10), part(2, 4));
}

TEST(ByteRangeOf, SaysWhenThereAreNoSuchBytes) {
    EXPECT_EQ(byte_range("bytes=10-", 10), none);
    EXPECT_EQ(byte_range("bytes=99999999999999999999999-", 10), none);
    EXPECT_EQ(byte_range("bytes=-0", 10), none);
    EXPECT_EQ(byte_range("bytes=0-", 0), none);
    EXPECT_EQ(byte_range("bytes=-1", 0), none);
}

TEST(ByteRangeOf, TakesTheWholeForWhatIsNoSingleRange) {
    for (const char* header :
         {"",
          "bytes",
          "bytes=",
          "bytes=-",
          "bytes=5-2",
          "bytes=0-1,3-4",
          "lines=0-1",
          "bytes=a-b",
          "bytes=1-b",
          "bytes=+1-2"})
        EXPECT_EQ(byte_range(header, 10), whole) << header;
}

TEST(ContentDisposition, NamesTheFileInBothWays) {
    using files::content_disposition;
    EXPECT_EQ(content_disposition("image/png", ""), "inline");
    EXPECT_EQ(content_disposition("text/html", "a b.html"), R"(attachment; filename="a b.html")");
    EXPECT_EQ(
        content_disposition("image/svg+xml", "\xc3\xa4\"\r\n.svg"),
        R"(attachment; filename="_____.svg"; filename*=UTF-8''%C3%A4%22%0D%0A.svg)"
    );
}

TEST(UploadMetadata, GivesTheFilename) {
    using uploads::filename_in_metadata;
    EXPECT_EQ(filename_in_metadata("").value(), "");
    EXPECT_EQ(
        filename_in_metadata("filetype dGV4dC9wbGFpbg==,filename d29ybGQudHh0, is_secret").value(),
        "world.txt"
    );
    for (const char* bad : {",", "filename ???", "filename d29ybGQ=,,x", " "})
        EXPECT_EQ(filename_in_metadata(bad).error().status, 400) << bad;
    EXPECT_EQ(filename_in_metadata("filename BwcH").error().status, 422) << "control characters";
    EXPECT_EQ(filename_in_metadata(std::string(4'097, 'k')).error().status, 400);
}

TEST(HttpDate, IsInTheFormOfRfc9110) {
    EXPECT_EQ(uploads::http_date(Timestamp(784'111'777'000'000)), "Sun, 06 Nov 1994 08:49:37 GMT");
}

}  // namespace
}  // namespace verbatim::api
