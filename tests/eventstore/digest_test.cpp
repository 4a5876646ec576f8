#include "eventstore/digest.hpp"

#include "tests/eventstore/hex.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <string>
#include <thread>

namespace verbatim {
namespace {

std::string sha256_hex(std::initializer_list<std::string_view> parts) {
    return hex(as_text(sha256(parts)));
}

// FIPS 180-4's own examples.
TEST(Sha256, GivesThePublishedDigests) {
    EXPECT_EQ(sha256_hex({}), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    EXPECT_EQ(
        sha256_hex({"abc"}), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    );
    EXPECT_EQ(
        sha256_hex({"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"}),
        "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
    );
    EXPECT_EQ(
        sha256_hex({std::string(1'000'000, 'a')}),
        "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"
    );
}

TEST(Sha256, IsThatOfTheConcatenationWhereverItIsCut) {
    EXPECT_TRUE(
        rc::check([](const std::string& one, const std::string& two, const std::string& three) {
            RC_ASSERT(sha256({one, two, three}) == sha256({one + two + three}));
        })
    );
}

TEST(Sha256, IsTheSameOnEveryThread) {
    const Digest here = sha256({"abc"});
    Digest there{};
    std::thread([&] { there = sha256({"abc"}); }).join();
    EXPECT_EQ(here, there);
}

struct CrcVector {
    std::string bytes;
    std::uint32_t crc;
};

// RFC 3720 B.4; its CRCs stand there with the least significant byte first.
std::vector<CrcVector> published_crcs() {
    std::string ascending;
    std::string descending;
    for (int i = 0; i < 32; ++i) {
        ascending += static_cast<char>(i);
        descending += static_cast<char>(31 - i);
    }
    const std::string read_command = unhex(
        "01c00000 00000000 00000000 00000000 14000000 00000400 00000014 00000018 28000000 00000000"
        "02000000 00000000"
    );
    return {
        {std::string(32, '\0'), 0x8a9136aa},
        {std::string(32, '\xff'), 0x62a8ab43},
        {ascending, 0x46dd794e},
        {descending, 0x113fdb5c},
        {read_command, 0xd9963a56},
        {"123456789", 0xe3069283},
        {"", 0},
    };
}

TEST(Crc32c, GivesThePublishedChecksums) {
    for (const CrcVector& vector : published_crcs())
        EXPECT_EQ(crc32c(vector.bytes), vector.crc) << hex(vector.bytes);
}

TEST(Crc32c, GivesThePublishedChecksumsByTable) {
    for (const CrcVector& vector : published_crcs())
        EXPECT_EQ(crc32c_by_table(vector.bytes), vector.crc) << hex(vector.bytes);
}

TEST(Crc32c, IsTheSameByInstructionAndByTable) {
    EXPECT_TRUE(rc::check([](const std::string& bytes) {
        RC_ASSERT(crc32c(bytes) == crc32c_by_table(bytes));
    }));
}

}  // namespace
}  // namespace verbatim
