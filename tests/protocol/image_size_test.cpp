#include "protocol/image_size.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <string>
#include <vector>

namespace verbatim::testing {
namespace {

using namespace std::string_literals;

std::string big(std::uint32_t value, int bytes) {
    std::string out;
    for (int i = bytes - 1; i >= 0; --i) out += static_cast<char>(value >> (8 * i) & 0xff);
    return out;
}
std::string little(std::uint32_t value, int bytes) {
    std::string out;
    for (int i = 0; i < bytes; ++i) out += static_cast<char>(value >> (8 * i) & 0xff);
    return out;
}

std::string png(std::uint32_t width, std::uint32_t height) {
    return "\x89PNG\r\n\x1a\n" + "\0\0\0\x0d"s + "IHDR" + big(width, 4) + big(height, 4);
}
std::string gif(std::uint32_t width, std::uint32_t height) {
    return "GIF89a" + little(width, 2) + little(height, 2);
}
std::string segment(char marker, const std::string& content) {
    return std::string("\xff") + marker + big(static_cast<std::uint32_t>(content.size()) + 2, 2) +
           content;
}
std::string frame(char marker, std::uint32_t width, std::uint32_t height) {
    return segment(marker, "\x08" + big(height, 2) + big(width, 2) + "\x03");
}
std::string jpeg(std::uint32_t width, std::uint32_t height) {
    return "\xff\xd8" + segment('\xe0', "JFIF") + segment('\xc4', "\xff\xc0 tables") + "\xff" +
           frame('\xc2', width, height);
}
std::string webp(const std::string& chunk, const std::string& payload) {
    return "RIFF" + little(static_cast<std::uint32_t>(payload.size()) + 12, 4) + "WEBP" + chunk +
           little(static_cast<std::uint32_t>(payload.size()), 4) + payload;
}
std::string lossy(std::uint32_t width, std::uint32_t height) {
    return webp("VP8 ", "abc\x9d\x01\x2a" + little(width | 0x4000, 2) + little(height, 2));
}
std::string lossless(std::uint32_t width, std::uint32_t height) {
    return webp("VP8L", "\x2f" + little((width - 1) | (height - 1) << 14, 4));
}
std::string extended(std::uint32_t width, std::uint32_t height) {
    return webp("VP8X", "\x10\0\0\0"s + little(width - 1, 3) + little(height - 1, 3));
}

const std::vector<std::string> samples = {
    png(640, 480),
    gif(640, 480),
    jpeg(640, 480),
    lossy(640, 480),
    lossless(640, 480),
    extended(640, 480)};

TEST(ImageSizeOf, ReadsEveryFormat) {
    for (const std::string& image : samples)
        EXPECT_EQ(image_size(image), (ImageSize{640, 480})) << image.substr(0, 16);
}

TEST(ImageSizeOf, ReadsTheGreatestSides) {
    EXPECT_EQ(image_size(png(0x7fffffff, 1)), (ImageSize{0x7fffffff, 1}));
    EXPECT_EQ(image_size(jpeg(65'535, 65'535)), (ImageSize{65'535, 65'535}));
    EXPECT_EQ(image_size(gif(65'535, 1)), (ImageSize{65'535, 1}));
    EXPECT_EQ(image_size(lossless(16'384, 16'384)), (ImageSize{16'384, 16'384}));
    EXPECT_EQ(image_size(extended(16'777'216, 1)), (ImageSize{16'777'216, 1}));
}

TEST(ImageSizeOf, KnowsNothingOfACutOffHead) {
    for (const std::string& image : samples) {
        // A frame header of JPEG goes on after the sides.
        const std::size_t needed = image.starts_with("\xff\xd8") ? image.size() - 1 : image.size();
        for (std::size_t size = 0; size < needed; ++size)
            EXPECT_EQ(image_size(image.substr(0, size)), std::nullopt) << size;
    }
}

TEST(ImageSizeOf, RefusesZerosAndImpossibleSides) {
    for (const std::string& image :
         {png(0, 480), png(640, 0), png(0x80000000, 1), gif(0, 1), jpeg(0, 1), jpeg(1, 0)})
        EXPECT_EQ(image_size(image), std::nullopt);
}

TEST(ImageSizeOf, TrustsNoLengthOfASegment) {
    EXPECT_EQ(image_size("\xff\xd8\xff\xe0"s + big(0, 2) + frame('\xc0', 1, 1)), std::nullopt);
    EXPECT_EQ(image_size("\xff\xd8\xff\xe0"s + big(1, 2) + frame('\xc0', 1, 1)), std::nullopt);
    EXPECT_EQ(image_size("\xff\xd8\xff\xe0"s + big(65'535, 2) + frame('\xc0', 1, 1)), std::nullopt);
    EXPECT_EQ(image_size("\xff\xd8\xff\xda"s + frame('\xc0', 1, 1)), std::nullopt);
    EXPECT_EQ(image_size("\xff\xd8" + std::string(100'000, '\xff')), std::nullopt);
}

TEST(ImageSizeOf, SurvivesAnyBytesBehindASignature) {
    rc::check([](const std::string& noise) {
        for (const std::string& image : samples) {
            const std::size_t keep = *rc::gen::inRange<std::size_t>(0, image.size());
            (void)image_size(image.substr(0, keep) + noise);
        }
    });
}

}  // namespace
}  // namespace verbatim::testing
