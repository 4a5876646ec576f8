#include "protocol/media_type.hpp"

#include "protocol/chunk_checksum.hpp"

#include <gtest/gtest.h>
#include <string>

namespace verbatim::testing {
namespace {

using namespace std::string_literals;

TEST(MediaTypeOf, IsReadFromTheBytes) {
    const std::string png = "\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR\0\0\0\1\0\0\0\1\x08\6\0\0\0"s;
    EXPECT_EQ(media_type_of(png), "image/png");
    EXPECT_EQ(media_type_of("%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"), "application/pdf");
    EXPECT_EQ(media_type_of("hello, world\n"), "text/plain");
    EXPECT_EQ(media_type_of("<!DOCTYPE html><html><script>alert(1)</script>"), "text/html");
}

TEST(MediaTypeOf, IsUnknownWhereTheBytesSayNothing) {
    EXPECT_EQ(media_type_of(""), "application/octet-stream");
    EXPECT_EQ(media_type_of("\x01\x02\x03\xfe\xfd\xfc\x99"s), "application/octet-stream");
}

TEST(MayBeShownInline, TakesPicturesAndSoundsButNothingWithScripts) {
    for (const char* type : {"image/png", "image/webp", "audio/mpeg", "video/mp4"})
        EXPECT_TRUE(may_be_shown_inline(type)) << type;
    for (const char* type : {"image/svg+xml", "image/svg", "text/html", "application/pdf", ""})
        EXPECT_FALSE(may_be_shown_inline(type)) << type;
}

TEST(ChunkChecksums, AreCheckedInBothAlgorithms) {
    const auto sha1 = parse_checksum("sha1 qvTGHdzF6KLavt4PO0gs2a6pQ00=");
    ASSERT_TRUE(sha1.has_value());
    EXPECT_TRUE(matches(*sha1, "hello"));
    EXPECT_FALSE(matches(*sha1, "hellO"));
    const auto sha256 = parse_checksum("sha256 LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=");
    ASSERT_TRUE(sha256.has_value());
    EXPECT_TRUE(matches(*sha256, "hello"));
    EXPECT_FALSE(matches(*sha256, ""));
}

TEST(ChunkChecksums, AreRefusedWhenTheyAreNone) {
    for (const char* header :
         {"", "sha1", "md5 XUFAKrxLKna5cZ2REBfFkg==", "sha1 ???", "sha1 aGVsbG8=", "SHA1 qvTG"})
        EXPECT_FALSE(parse_checksum(header).has_value()) << header;
}

}  // namespace
}  // namespace verbatim::testing
