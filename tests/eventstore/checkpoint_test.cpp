#include "eventstore/checkpoint.hpp"

#include "tests/eventstore/hex.hpp"

#include <csignal>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <sstream>
#include <string>
#include <sys/resource.h>
#include <unistd.h>
#include <vector>

namespace verbatim {
namespace {

namespace fs = std::filesystem;

std::array<std::uint8_t, 32> seed_of_hex(std::string_view text) {
    return digest_of_hex(text);
}

const std::string dash = "\xe2\x80\x94";
const std::string log_name = "verbatim/0193a3b5";
constexpr std::int64_t second_us = 1'000'000;
constexpr std::int64_t hour_us = 3'600 * second_us;
constexpr std::int64_t day_us = 24 * hour_us;
constexpr std::int64_t noon_us = 1'735'732'800 * second_us;

TreeHead head_of(std::uint64_t size, std::int64_t at_us = noon_us) {
    return {log_name, size, sha256({std::to_string(size)}), Timestamp(at_us)};
}

std::string replaced(std::string text, std::string_view from, std::string_view to) {
    const std::size_t at = text.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    return text.replace(at, from.size(), to);
}

struct CheckpointTest : testing::Test {
    NoteSigner signer{log_name, seed_of_hex(std::string(64, '7'))};
    NoteSigner stranger{"example.com/witness", seed_of_hex(std::string(64, '8'))};
    std::string key = signer.verifier_key();
};

using SignedNote = CheckpointTest;

// The key pair of the documentation of golang.org/x/mod/sumdb/note, the format's origin.
TEST(NoteSignerTest, NamesItsKeyAsThePublishedExampleDoes) {
    const NoteSigner peter(
        "PeterNeumann",
        seed_of_hex("810a1402d5146c8d84f2443330f54080ebf98ee17d9c74f6252fc5d5c7283173")
    );
    EXPECT_EQ(
        peter.verifier_key(), "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
    );
}

// A checkpoint of the Go checksum database, as it was published with that key.
TEST(Checkpoint, VerifiesOneThatAnotherLogPublished) {
    const std::string note =
        "go.sum database tree\n63096908\n8lHrQPRYe4KT4WQ9/Qk8/taKnD6IRHbFgfN7vQE2Y54=\n\n" + dash +
        " sum.golang.org Az3gri/oVBN1jAhNZ/iS+W31psFAWRT20/GyrhpU6taFwulQGetBkH5S7wpGXdS935jiIGiUUA"
        "XBVHzT/P6fYhqAmAk=\n";
    const std::string key = "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8";
    const auto head = verify_checkpoint(note, key);
    ASSERT_TRUE(head.has_value());
    EXPECT_EQ(head->origin, "go.sum database tree");
    EXPECT_EQ(head->size, 63'096'908U);
    EXPECT_EQ(
        hex(as_text(head->root)), "f251eb40f4587b8293e1643dfd093cfed68a9c3e884476c581f37bbd0136639e"
    );
    EXPECT_EQ(head->at, Timestamp());
    EXPECT_FALSE(verify_checkpoint(replaced(note, "63096908", "63096909"), key).has_value());
}

TEST_F(SignedNote, SaysTheHeadThatWasSigned) {
    for (const std::uint64_t size : {std::uint64_t{0}, std::uint64_t{1}, ~std::uint64_t{0}}) {
        const auto head = verify_checkpoint(signer.sign(head_of(size)), key);
        ASSERT_TRUE(head.has_value());
        EXPECT_EQ(*head, head_of(size));
    }
}

TEST_F(SignedNote, HasTheLinesOfTheSpecification) {
    const std::string note = signer.sign({log_name, 3, Digest{}, Timestamp(17)});
    const std::string body =
        log_name + "\n3\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\nat 17\n";
    EXPECT_TRUE(note.starts_with(body + "\n" + dash + " " + log_name + " ")) << note;
    EXPECT_TRUE(note.ends_with("\n"));
    EXPECT_EQ(read_checkpoint(note), verify_checkpoint(note, key));
}

TEST_F(SignedNote, IsRefusedWhenAnyOfItsBytesIsChanged) {
    const std::string note = signer.sign(head_of(1'234));
    for (std::size_t at = 0; at < note.size(); ++at) {
        for (const char bit : {'\x01', '\x20'}) {
            std::string changed = note;
            changed[at] = static_cast<char>(changed[at] ^ bit);
            EXPECT_FALSE(verify_checkpoint(changed, key).has_value()) << at << "\n" << changed;
        }
    }
}

TEST_F(SignedNote, IsRefusedWhenCutOffAnywhere) {
    const std::string note = signer.sign(head_of(1'234));
    for (std::size_t size = 0; size < note.size(); ++size)
        EXPECT_FALSE(verify_checkpoint(note.substr(0, size), key).has_value()) << size;
}

TEST_F(SignedNote, IsRefusedWhenSignedByAnotherKey) {
    EXPECT_FALSE(verify_checkpoint(stranger.sign(head_of(1)), key).has_value());
    const NoteSigner namesake(log_name, seed_of_hex(std::string(64, '9')));
    EXPECT_FALSE(verify_checkpoint(namesake.sign(head_of(1)), key).has_value());
}

std::string signature_line(const std::string& note) {
    return note.substr(note.rfind(dash));
}

TEST_F(SignedNote, MayBearFurtherSignaturesByOtherKeys) {
    const std::string note = signer.sign(head_of(1));
    const std::string other = signature_line(stranger.sign(head_of(1)));
    EXPECT_TRUE(verify_checkpoint(note + other, key).has_value());
    EXPECT_TRUE(
        verify_checkpoint(std::string(note).insert(note.rfind(dash), other), key).has_value()
    );
    EXPECT_TRUE(verify_checkpoint(note + dash + " someone.else AAAA\n", key).has_value());
}

TEST_F(SignedNote, IsRefusedWhenOneOfItsSignaturesByOurKeyIsBad) {
    const std::string note = signer.sign(head_of(1));
    const std::string bad = signature_line(signer.sign(head_of(2)));
    EXPECT_FALSE(verify_checkpoint(note + bad, key).has_value());
    EXPECT_FALSE(verify_checkpoint(note + "no signature line\n", key).has_value());
}

TEST_F(SignedNote, IsRefusedByAKeyThatIsNone) {
    const std::string note = signer.sign(head_of(1));
    for (const std::string& bad :
         {std::string(),
          std::string("+"),
          log_name,
          key.substr(1),
          key.substr(0, key.size() - 4),
          replaced(key, "+", "+0"),
          replaced(key, "+A", "+B")})
        EXPECT_FALSE(verify_checkpoint(note, bad).has_value()) << bad;
}

// The file on disk, in a folder of its own.
struct CheckpointFileTest : CheckpointTest {
    CheckpointFileTest() {
        std::string name = (fs::temp_directory_path() / "verbatim-checkpoint-XXXXXX").string();
        folder = ::mkdtemp(name.data());
        file = folder / "checkpoint";
    }
    ~CheckpointFileTest() override { fs::remove_all(folder); }

    [[nodiscard]] std::unique_ptr<CheckpointFile> open() const {
        auto opened = CheckpointFile::open(file, key);
        EXPECT_TRUE(opened.has_value()) << describe(opened.error());
        return std::move(*opened);
    }
    void append(const TreeHead& head) const {
        EXPECT_TRUE(open()->append(signer.sign(head), head).has_value());
    }
    void write(const std::string& bytes) const {
        std::ofstream(file, std::ios::binary | std::ios::trunc) << bytes;
    }
    [[nodiscard]] std::string bytes() const {
        std::ostringstream all;
        all << std::ifstream(file, std::ios::binary).rdbuf();
        return all.str();
    }
    void expect_corrupt() const {
        const std::string before = bytes();
        const auto opened = CheckpointFile::open(file, key);
        ASSERT_FALSE(opened.has_value());
        EXPECT_EQ(name_of(opened.error().fault), "corrupt_record");
        EXPECT_EQ(bytes(), before) << "evidence is left as it is";
    }

    fs::path folder;
    fs::path file;
};
using CheckpointOnDisk = CheckpointFileTest;

TEST_F(CheckpointOnDisk, IsMadeForItsOwnerOnly) {
    EXPECT_EQ(open()->last(), std::nullopt);
    EXPECT_EQ(fs::status(file).permissions(), fs::perms::owner_read | fs::perms::owner_write);
}

TEST_F(CheckpointOnDisk, GivesTheNewestHeadBackAfterOpening) {
    append(head_of(3));
    append(head_of(8));
    const auto opened = open();
    EXPECT_EQ(opened->last(), head_of(8));
    EXPECT_EQ(opened->last_note(), signer.sign(head_of(8)));
    EXPECT_EQ(bytes(), signer.sign(head_of(3)) + signer.sign(head_of(8)));
}

TEST_F(CheckpointOnDisk, GivesTheNewestHeadAsSoonAsItIsAppended) {
    const auto opened = open();
    ASSERT_TRUE(opened->append(signer.sign(head_of(3)), head_of(3)).has_value());
    EXPECT_EQ(opened->last(), head_of(3));
    EXPECT_EQ(opened->last_note(), signer.sign(head_of(3)));
}

TEST_F(CheckpointOnDisk, CutsAnUnfinishedLastNoteOff) {
    const std::string whole = signer.sign(head_of(3)) + signer.sign(head_of(8));
    const std::string next = signer.sign(head_of(9));
    for (std::size_t size = 0; size < next.size(); ++size) {
        write(whole + next.substr(0, size));
        EXPECT_EQ(open()->last(), head_of(8)) << size;
        EXPECT_EQ(bytes(), whole) << size;
    }
}

TEST_F(CheckpointOnDisk, CutsOffALastNoteThatTheFileSystemFilledWithZeros) {
    const std::string whole = signer.sign(head_of(3));
    std::string next = signer.sign(head_of(9));
    write(whole + std::string(next.size(), '\0'));
    EXPECT_EQ(open()->last(), head_of(3));
    next.replace(0, 20, std::string(20, '\0'));
    write(whole + next);
    EXPECT_EQ(open()->last(), head_of(3));
    EXPECT_EQ(bytes(), whole);
}

TEST_F(CheckpointOnDisk, IsEmptyWhenItsOnlyNoteIsUnfinished) {
    write(signer.sign(head_of(3)).substr(0, 40));
    EXPECT_EQ(open()->last(), std::nullopt);
    EXPECT_EQ(bytes(), "");
}

TEST_F(CheckpointOnDisk, IsCorruptWhenANoteInTheMiddleIsDamaged) {
    const std::string first = signer.sign(head_of(3));
    const std::string rest = signer.sign(head_of(8)) + signer.sign(head_of(9));
    for (std::size_t at = 0; at < first.size(); ++at) {
        std::string damaged = first;
        damaged[at] = static_cast<char>(damaged[at] ^ 0x01);
        write(damaged + rest);
        expect_corrupt();
    }
}

TEST_F(CheckpointOnDisk, IsCorruptWhenAWholeLastNoteIsNotOurs) {
    write(signer.sign(head_of(3)) + stranger.sign(head_of(8)));
    expect_corrupt();
    write(signer.sign(head_of(3)) + replaced(signer.sign(head_of(8)), "\n8\n", "\n9\n"));
    expect_corrupt();
}

TEST_F(CheckpointOnDisk, IsCorruptWhenAnOlderHeadStandsBehindANewerOne) {
    write(signer.sign(head_of(8)) + signer.sign(head_of(3)));
    expect_corrupt();
    write(signer.sign(head_of(8)) + signer.sign(head_of(8)));
    EXPECT_EQ(open()->last(), head_of(8));
}

TEST_F(CheckpointOnDisk, CannotBeOpenedWhereThereIsNoFolder) {
    const auto opened = CheckpointFile::open(folder / "missing" / "checkpoint", key);
    ASSERT_FALSE(opened.has_value());
    EXPECT_EQ(name_of(opened.error().fault), "cannot_open");
}

// Lets this process's files grow no further than that, as a full disk would.
class FileSizeLimit {
public:
    explicit FileSizeLimit(rlim_t bytes) {
        ::getrlimit(RLIMIT_FSIZE, &before_);
        const rlimit lower{bytes, before_.rlim_max};
        ::setrlimit(RLIMIT_FSIZE, &lower);
        handler_ = std::signal(SIGXFSZ, SIG_IGN);
    }
    ~FileSizeLimit() {
        ::setrlimit(RLIMIT_FSIZE, &before_);
        std::signal(SIGXFSZ, handler_);
    }

private:
    rlimit before_{};
    void (*handler_)(int) = SIG_DFL;
};

TEST_F(CheckpointOnDisk, TakesNoFurtherNoteAfterAFailedOneUntilItIsOpenedAgain) {
    append(head_of(3));
    const std::string before = bytes();
    const auto opened = open();
    const auto append_8 = [&] { return opened->append(signer.sign(head_of(8)), head_of(8)); };
    {
        const FileSizeLimit full(before.size() + 10);
        EXPECT_EQ(name_of(append_8().error().fault), "outcome_unknown");
    }
    EXPECT_EQ(name_of(append_8().error().fault), "outcome_unknown");
    EXPECT_EQ(opened->last(), head_of(3));
    EXPECT_EQ(open()->last(), head_of(3));
    EXPECT_EQ(bytes(), before);
    append(head_of(8));
}

TEST_F(CheckpointOnDisk, KeepsOneNoteOfEachHourThatIsMoreThanADayOld) {
    std::string all;
    std::string kept;
    std::uint64_t size = 0;
    // Every ten minutes for three days; noon begins an hour.
    for (std::int64_t at = noon_us - 3 * day_us; at <= noon_us; at += hour_us / 6) {
        const std::string note = signer.sign(head_of(++size, at));
        all += note;
        const bool is_last_of_hour = at % hour_us == hour_us / 6 * 5;
        if (at >= noon_us - day_us || is_last_of_hour) kept += note;
    }
    write(all);
    const auto opened = open();
    EXPECT_EQ(opened->last(), head_of(size, noon_us));
    EXPECT_EQ(bytes(), kept);
    EXPECT_EQ(fs::status(file).permissions(), fs::perms::owner_read | fs::perms::owner_write);
    const TreeHead next = head_of(size + 1, noon_us);
    ASSERT_TRUE(opened->append(signer.sign(next), next).has_value());
    EXPECT_EQ(bytes(), kept + signer.sign(next)) << "what is appended goes to the new file";
    EXPECT_EQ(std::distance(fs::directory_iterator(folder), {}), 1) << "nothing is left behind";
    EXPECT_EQ(open()->last(), next);
    EXPECT_EQ(bytes(), kept + signer.sign(next)) << "thinning again changes nothing";
}

}  // namespace
}  // namespace verbatim
