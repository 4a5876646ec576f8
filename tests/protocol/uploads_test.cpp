#include "protocol/uploads.hpp"

#include "domain/limits.hpp"
#include "domain/type_id.hpp"
#include "protocol/file_access.hpp"
#include "tests/protocol/world.hpp"
#include "tests/support/temporary_folder.hpp"

#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>

namespace verbatim::testing {
namespace {

namespace fs = std::filesystem;

constexpr std::int64_t day = 24 * 60 * 60;

// What a process that dies between two changes of the disk does next.
struct Died {};

class UploadsTest : public ::testing::Test {
protected:
    UploadsTest() {
        world.happened(hall, alice, group_named("Hall")).happened(hall, bob, joined(bob));
        open();
    }
    void open() {
        auto opened = Uploads::open(
            {.data = folder.path(),
             .file_bytes_max = 1'000,
             .clock = [this] { return now; },
             .new_uuid = [this] { return numbered<FileId>(++ids).value(); },
             .has_room = [this](std::uint64_t) { return has_room; },
             .report = [this](const std::string& what) { reports += what + "\n"; },
             .before_change =
                 [this] {
                     if (changes_left-- == 0) throw Died();
                 }},
            world.views()
        );
        ASSERT_TRUE(opened.has_value());
        uploads = std::move(*opened);
    }
    void reopen() {
        changes_left = -1;
        uploads.reset();
        open();
    }
    FileId begin(std::uint64_t length, UserId owner = alice, const std::string& name = "a.txt") {
        return uploads
            ->create({.owner = owner, .length = length, .filename = name, .metadata = "meta"})
            .value()
            .file;
    }
    Attachment whole(const std::string& bytes, UserId owner = alice) {
        return uploads
            ->store(
                {.owner = owner, .length = bytes.size(), .filename = "a.txt", .metadata = {}}, bytes
            )
            .value();
    }
    void post(const Attachment& file, UserId sender = alice) {
        MessageSent message;
        message.attachments = {file};
        world.happened(hall, sender, message);
    }
    [[nodiscard]] Answer<Uploads::State> create(std::uint64_t length, UserId owner = alice) {
        return uploads->create({.owner = owner, .length = length, .filename = {}, .metadata = {}});
    }
    [[nodiscard]] std::string code(const Answer<Uploads::State>& answer) const {
        return answer ? "" : std::string(answer.error().code);
    }
    [[nodiscard]] std::string stored(const Attachment& file) const {
        const auto blob = uploads->blobs().open(file.sha256);
        return blob ? blob->read(0, 10'000).value() : "(none)";
    }
    [[nodiscard]] std::size_t files_in(const std::string& name) const {
        std::size_t files = 0;
        for (const auto& entry : fs::recursive_directory_iterator(folder.path() / name))
            if (entry.is_regular_file()) ++files;
        return files;
    }
    void pass(std::int64_t seconds) { now = Timestamp(now.microseconds() + seconds * 1'000'000); }

    World world;
    TemporaryFolder folder;
    Timestamp now = noon;
    std::uint32_t ids = 0;
    bool has_room = true;
    int changes_left = -1;
    std::string reports;
    std::unique_ptr<Uploads> uploads;
};

TEST_F(UploadsTest, PutAFileTogetherFromChunks) {
    const FileId file = begin(11);
    EXPECT_EQ(uploads->append(file, alice, 0, "hello ").value().record.offset, 6U);
    EXPECT_FALSE(uploads->find(file, alice).has_value()) << "not whole yet";
    const auto done = uploads->append(file, alice, 6, "world").value();
    EXPECT_EQ(done.record.offset, 11U);
    const auto found = uploads->find(file, alice);
    ASSERT_TRUE(found.has_value());
    EXPECT_EQ(found->filename, "a.txt");
    EXPECT_EQ(found->media_type, "text/plain");
    EXPECT_EQ(found->bytes, 11U);
    EXPECT_EQ(found->sha256, sha256({"hello world"}));
    EXPECT_EQ(stored(*found), "hello world");
    EXPECT_FALSE(uploads->find(file, bob).has_value()) << "not bob's";
}

TEST_F(UploadsTest, MeasureImages) {
    const auto gif = whole("GIF89a\x02\x01\x03\x01\x80\x01\x01");
    EXPECT_EQ(gif.media_type, "image/gif");
    EXPECT_EQ(gif.width, 258U);
    EXPECT_EQ(gif.height, 259U);
}

TEST_F(UploadsTest, TakeEmptyFiles) {
    const FileId file = begin(0);
    ASSERT_TRUE(uploads->find(file, alice).has_value());
    EXPECT_EQ(stored(*uploads->find(file, alice)), "");
}

TEST_F(UploadsTest, RefuseWhatDoesNotFit) {
    const FileId file = begin(5);
    EXPECT_EQ(code(uploads->append(file, alice, 1, "x")), "upload_offset_mismatch");
    EXPECT_EQ(code(uploads->append(file, alice, 0, "123456")), "content_too_large");
    EXPECT_EQ(code(uploads->append(file, bob, 0, "12345")), "not_found");
    EXPECT_EQ(code(uploads->state(numbered<FileId>(99), alice)), "not_found");
    EXPECT_EQ(code(create(1'001, alice)), "content_too_large");
    has_room = false;
    EXPECT_EQ(code(create(1, alice)), "not_taking_commands");
    EXPECT_EQ(uploads->append(file, alice, 0, "1").error().reason, "disk_almost_full");
    has_room = true;
    EXPECT_TRUE(uploads->append(file, alice, 0, "12345").has_value());
}

TEST_F(UploadsTest, AreBoundedForEachUserUntilTheyArePosted) {
    std::vector<Attachment> files;
    for (std::size_t i = 0; i < limits::uploads_per_user_max; ++i) files.push_back(whole("same"));
    EXPECT_EQ(code(create(1, alice)), "user_has_too_many_uploads");
    EXPECT_EQ(code(create(1, bob)), "");
    post(files.front());
    EXPECT_EQ(code(create(1, alice)), "");
    EXPECT_EQ(code(create(1, alice)), "user_has_too_many_uploads");
}

TEST_F(UploadsTest, GoOnAfterARestartWhereTheyWere) {
    const FileId file = begin(11);
    ASSERT_TRUE(uploads->append(file, alice, 0, "hello ").has_value());
    const auto part = folder.path() / "uploads" / (to_text(file) + ".part");
    std::ofstream(part, std::ios::app) << "torn";
    reopen();
    EXPECT_EQ(fs::file_size(part), 6U);
    const auto state = uploads->state(file, alice).value();
    EXPECT_EQ(state.record.offset, 6U);
    EXPECT_EQ(state.record.metadata, "meta");
    ASSERT_TRUE(uploads->append(file, alice, 6, "world").has_value());
    reopen();
    EXPECT_EQ(stored(*uploads->find(file, alice)), "hello world");
}

TEST_F(UploadsTest, SurviveDyingBeforeAnyChangeOfTheDisk) {
    for (int survived = 0; survived < 12; ++survived) {
        const FileId file = begin(11);
        std::uint64_t acknowledged = 0;
        changes_left = survived;
        try {
            for (const std::string_view chunk : {"hello ", "world"}) {
                ASSERT_TRUE(uploads->append(file, alice, acknowledged, chunk).has_value());
                acknowledged += chunk.size();
            }
        } catch (const Died&) {
        }
        reopen();
        auto state = uploads->state(file, alice);
        ASSERT_TRUE(state.has_value()) << survived;
        EXPECT_GE(state->record.offset, acknowledged) << survived;
        const std::string rest = std::string("hello world").substr(state->record.offset);
        state = uploads->append(file, alice, state->record.offset, rest);
        ASSERT_TRUE(state.has_value()) << survived;
        ASSERT_TRUE(state->record.finished.has_value()) << survived;
        EXPECT_EQ(stored(*state->record.finished), "hello world") << survived;
    }
    EXPECT_EQ(files_in("blobs"), 1U);
    EXPECT_EQ(reports, "");
}

TEST_F(UploadsTest, SurviveDyingWhileTheyAreRemoved) {
    for (int survived = 0; survived < 5; ++survived) {
        const auto file = whole("to be removed");
        const FileId unfinished = begin(5);
        ASSERT_TRUE(uploads->append(unfinished, alice, 0, "123").has_value());
        pass(day + limits::file_grace_seconds);
        changes_left = survived;
        try {
            uploads->sweep();
        } catch (const Died&) {
        }
        reopen();
        uploads->sweep();
        EXPECT_EQ(stored(file), "(none)") << survived;
        EXPECT_EQ(files_in("uploads"), 0U) << survived;
        EXPECT_EQ(reports, "") << survived;
    }
}

TEST_F(UploadsTest, ExpireAndAreRemovedAfterAGrace) {
    const FileId unfinished = begin(5);
    const auto file = whole("never posted");
    pass(day);
    EXPECT_EQ(code(uploads->append(unfinished, alice, 0, "12345")), "upload_expired");
    EXPECT_FALSE(uploads->find(file.file, alice).has_value());
    uploads->sweep();
    EXPECT_EQ(stored(file), "never posted") << "a message may be on its way";
    pass(limits::file_grace_seconds);
    uploads->sweep();
    EXPECT_EQ(stored(file), "(none)");
    EXPECT_EQ(code(uploads->state(unfinished, alice)), "not_found");
    EXPECT_EQ(files_in("uploads"), 0U);
}

TEST_F(UploadsTest, LeaveTheirBytesToTheLogWhenPosted) {
    const auto file = whole("posted");
    post(file);
    uploads->sweep();
    EXPECT_EQ(files_in("uploads"), 0U);
    pass(10 * day);
    uploads->sweep();
    EXPECT_EQ(stored(file), "posted");
}

TEST_F(UploadsTest, KeepBytesThatAnotherFileHas) {
    const auto first = whole("same");
    pass(day / 2);
    const auto second = whole("same");
    EXPECT_EQ(files_in("blobs"), 1U);
    pass(day / 2 + limits::file_grace_seconds);
    uploads->sweep();
    EXPECT_FALSE(uploads->find(first.file, alice).has_value());
    EXPECT_EQ(stored(second), "same");
    post(second);
    const auto third = whole("same", bob);
    pass(2 * day);
    uploads->sweep();
    EXPECT_EQ(stored(third), "same") << "a message shows the same bytes";
}

TEST_F(UploadsTest, EndWhenTheyAreTerminated) {
    const FileId unfinished = begin(5);
    ASSERT_TRUE(uploads->append(unfinished, alice, 0, "123").has_value());
    EXPECT_FALSE(uploads->terminate(unfinished, bob).has_value());
    ASSERT_TRUE(uploads->terminate(unfinished, alice).has_value());
    EXPECT_EQ(code(uploads->state(unfinished, alice)), "not_found");
    EXPECT_EQ(files_in("uploads"), 0U);
}

TEST_F(UploadsTest, KeepAWholeFileThatIsTerminatedWhileItIsBeingPosted) {
    const auto file = whole("being posted");
    ASSERT_TRUE(uploads->terminate(file.file, alice).has_value());
    EXPECT_FALSE(uploads->find(file.file, alice).has_value());
    post(file);
    pass(day);
    uploads->sweep();
    EXPECT_EQ(stored(file), "being posted");
}

TEST_F(UploadsTest, LeaveDamagedRecordsAloneAndSaySo) {
    std::ofstream(folder.path() / "uploads" / (to_text(numbered<FileId>(7)) + ".json")) << "{";
    reopen();
    EXPECT_NE(reports.find("damaged"), std::string::npos);
}

class FileAccess : public UploadsTest {
protected:
    [[nodiscard]] bool may_read(const Attachment& file, UserId user) {
        const auto found = readable_file(world.views(), *uploads, file.file, user);
        EXPECT_TRUE(!found || *found == file);
        return found.has_value();
    }
};

TEST_F(FileAccess, IsTheUploadersAloneUntilItIsPosted) {
    const auto file = whole("secret");
    EXPECT_TRUE(may_read(file, alice));
    EXPECT_FALSE(may_read(file, bob));
    EXPECT_EQ(
        attachments_of(world.views(), *uploads, bob)(file.file).error().code, "attachment_not_found"
    );
}

TEST_F(FileAccess, IsForMembersOfARoomThatShowsIt) {
    const auto file = whole("shown");
    post(file);
    uploads->sweep();
    EXPECT_TRUE(may_read(file, alice));
    EXPECT_TRUE(may_read(file, bob));
    EXPECT_FALSE(may_read(file, carol));
    world.happened(hall, bob, left(bob));
    EXPECT_FALSE(may_read(file, bob));
}

TEST_F(FileAccess, EndsWithTheMessageButNotForItsUploader) {
    const auto file = whole("shown");
    post(file);
    world.happened(hall, alice, MessageDeleted{Version(3)});
    uploads->sweep();
    EXPECT_TRUE(may_read(file, alice));
    EXPECT_FALSE(may_read(file, bob));
}

TEST_F(FileAccess, RespectsAHistoryThatBeginsWithTheMembership) {
    constexpr RoomId attic = numbered<RoomId>(102);
    RoomCreated created = group_named("Attic");
    created.history = History::since_join;
    world.happened(attic, alice, created);
    const auto before = whole("before");
    const auto after = whole("after");
    MessageSent message;
    message.attachments = {before};
    world.happened(attic, alice, message).happened(attic, carol, joined(carol));
    message.attachments = {after};
    world.happened(attic, alice, message);
    EXPECT_FALSE(may_read(before, carol));
    EXPECT_TRUE(may_read(after, carol));
    EXPECT_TRUE(may_read(before, alice));
}

}  // namespace
}  // namespace verbatim::testing
