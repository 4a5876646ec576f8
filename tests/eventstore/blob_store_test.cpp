#include "eventstore/blob_store.hpp"

#include "eventstore/sha256_stream.hpp"
#include "tests/support/temporary_folder.hpp"

#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>

namespace verbatim::testing {
namespace {

namespace fs = std::filesystem;

class BlobStoreTest : public ::testing::Test {
protected:
    [[nodiscard]] fs::path written(const std::string& bytes) const {
        const fs::path file = folder.path() / "file.part";
        std::ofstream(file, std::ios::binary) << bytes;
        return file;
    }
    [[nodiscard]] static std::string content(const Blob& blob) {
        return blob.read(0, static_cast<std::size_t>(blob.bytes())).value();
    }

    TemporaryFolder folder;
    BlobStore blobs = BlobStore::open(folder.path() / "deep" / "blobs").value();
    const Digest digest = sha256({"hello"});
};

TEST_F(BlobStoreTest, KeepsBytesUnderTheirDigest) {
    const fs::path file = written("hello");
    ASSERT_TRUE(blobs.put(digest, file));
    EXPECT_FALSE(fs::exists(file));
    EXPECT_TRUE(fs::exists(folder.path() / "deep/blobs/2c" / hex_text(digest)));
    const auto blob = blobs.open(digest);
    ASSERT_TRUE(blob);
    EXPECT_EQ(content(*blob), "hello");
    EXPECT_EQ(blob->read(1, 3).value(), "ell");
    EXPECT_EQ(blob->read(4, 100).value(), "o");
    EXPECT_EQ(blob->read(5, 100).value(), "");
}

TEST_F(BlobStoreTest, KeepsTheSameBytesOnce) {
    ASSERT_TRUE(blobs.put(digest, written("hello")));
    const auto first = blobs.open(digest).value();
    const fs::path again = written("hello");
    ASSERT_TRUE(blobs.put(digest, again));
    EXPECT_FALSE(fs::exists(again));
    EXPECT_EQ(content(blobs.open(digest).value()), "hello");
}

TEST_F(BlobStoreTest, CanRepeatAPutThatACrashInterrupted) {
    ASSERT_TRUE(blobs.put(digest, written("hello")));
    EXPECT_TRUE(blobs.put(digest, folder.path() / "file.part")) << "it has moved already";
    EXPECT_TRUE(blobs.has(digest));
}

TEST_F(BlobStoreTest, LetsReadersFinishWhatWasRemoved) {
    ASSERT_TRUE(blobs.put(digest, written("hello")));
    const auto blob = blobs.open(digest).value();
    ASSERT_TRUE(blobs.remove(digest));
    ASSERT_TRUE(blobs.remove(digest)) << "already gone";
    EXPECT_EQ(content(blob), "hello");
    const auto missing = blobs.open(digest);
    ASSERT_FALSE(missing);
    EXPECT_EQ(missing.error().fault, StoreFault::missing_record);
}

TEST_F(BlobStoreTest, SaysWhenTheFileIsNotThere) {
    EXPECT_FALSE(blobs.put(digest, folder.path() / "nothing"));
    EXPECT_FALSE(blobs.has(digest));
}

TEST(ReplaceFile, ReplacesAsAWholeAndLeavesNothingBehind) {
    const TemporaryFolder folder;
    const fs::path file = folder.path() / "record.json";
    ASSERT_TRUE(replace_file(file, "a longer content"));
    ASSERT_TRUE(replace_file(file, "short"));
    const auto handle = open_to_read(file).value();
    EXPECT_EQ(read_at(handle, 0, 100).value(), "short");
    EXPECT_FALSE(fs::exists(folder.path() / "record.json.new"));
    EXPECT_FALSE(replace_file(folder.path() / "no" / "record.json", "x"));
}

TEST(Sha256Stream, GivesTheDigestOfAllPieces) {
    Sha256Stream stream;
    stream.add("hel");
    stream.add("");
    stream.add("lo");
    EXPECT_EQ(stream.finish(), sha256({"hello"}));
    EXPECT_EQ(Sha256Stream().finish(), sha256({}));
}

}  // namespace
}  // namespace verbatim::testing
