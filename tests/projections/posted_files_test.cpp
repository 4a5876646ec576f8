#include "tests/projections/views_support.hpp"

namespace verbatim::testing {
namespace {

const auto alice = numbered_id<UserId>(1);
const auto bob = numbered_id<UserId>(2);
const auto hall = numbered_id<RoomId>(8);
const auto attic = numbered_id<RoomId>(9);

Attachment picture(std::uint64_t number) {
    Attachment file;
    file.file = numbered_id<FileId>(number);
    file.filename = "picture.png";
    file.media_type = "image/png";
    file.bytes = 1'000 + number;
    file.width = 640;
    file.height = 480;
    file.sha256[0] = static_cast<std::uint8_t>(number);
    return file;
}

class FilesThatWerePosted : public ::testing::Test {
protected:
    FilesThatWerePosted() {
        story.room(hall, alice, RoomCreated{});   // 1
        story.room(attic, alice, RoomCreated{});  // 1
    }
    Version post(const RoomId& room, const UserId& by, std::vector<Attachment> files) {
        MessageSent message;
        message.attachments = std::move(files);
        return story.room(room, by, message).version;
    }
    [[nodiscard]] const PostedFiles& files() { return story.views().posted_files(); }
    [[nodiscard]] std::optional<FilePosting> posting(
        const Attachment& file, const FilePosting& from = {}
    ) {
        return files().posting_from(file.file, from).value();
    }

    Story story;
};

TEST_F(FilesThatWerePosted, AreKnownAsTheyWereFirstDescribed) {
    post(hall, alice, {picture(1)});
    Attachment described_otherwise = picture(1);
    described_otherwise.filename = "other.png";
    post(attic, bob, {described_otherwise});
    const auto file = files().file(picture(1).file).value();
    ASSERT_TRUE(file.has_value());
    EXPECT_EQ(file->attachment, picture(1));
    EXPECT_EQ(file->uploader, alice);
    EXPECT_FALSE(files().file(picture(2).file).value().has_value());
}

TEST_F(FilesThatWerePosted, MayLackANameAndSides) {
    Attachment plain = picture(3);
    plain.filename = std::nullopt;
    plain.width = plain.height = std::nullopt;
    post(hall, alice, {plain});
    EXPECT_EQ(files().file(plain.file).value()->attachment, plain);
}

TEST_F(FilesThatWerePosted, AreListedByRoomAndSeq) {
    const Version first = post(hall, alice, {picture(1), picture(2)});
    const Version second = post(hall, alice, {picture(1)});
    const Version other = post(attic, alice, {picture(1)});
    EXPECT_EQ(posting(picture(1)), (FilePosting{hall, first}));
    EXPECT_EQ(posting(picture(1), {hall, first.next()}), (FilePosting{hall, second}));
    EXPECT_EQ(posting(picture(1), {hall, second.next()}), (FilePosting{attic, other}));
    EXPECT_EQ(posting(picture(1), {attic, other.next()}), std::nullopt);
    EXPECT_EQ(posting(picture(2), {hall, first.next()}), std::nullopt);
}

TEST_F(FilesThatWerePosted, AreNotShownByADeletedMessageButStayKnown) {
    const Version first = post(hall, alice, {picture(1), picture(2)});
    const Version second = post(hall, alice, {picture(1)});
    story.room(hall, alice, MessageDeleted{first});
    EXPECT_EQ(posting(picture(1)), (FilePosting{hall, second}));
    EXPECT_EQ(posting(picture(2)), std::nullopt);
    story.room(hall, alice, MessageDeleted{second});
    EXPECT_EQ(posting(picture(1)), std::nullopt);
    EXPECT_EQ(files().file(picture(1).file).value()->uploader, alice);
    EXPECT_TRUE(files().names(picture(1).sha256).value());
}

TEST_F(FilesThatWerePosted, AreKnownNoMoreOnceTheirMessagesAreDestroyed) {
    const Version first = post(hall, alice, {picture(1)});
    const Version second = post(attic, bob, {picture(1)});
    story.room(hall, alice, MessageDeleted{.seq = first, .destroyed = true});
    EXPECT_EQ(files().file(picture(1).file).value()->uploader, bob);
    EXPECT_TRUE(files().names(picture(1).sha256).value());
    story.room(attic, bob, MessageDeleted{.seq = second, .destroyed = true});
    EXPECT_FALSE(files().file(picture(1).file).value().has_value());
    EXPECT_FALSE(files().names(picture(1).sha256).value());
}

TEST_F(FilesThatWerePosted, AreForgottenWithTheirMessageDeletedOrNot) {
    MessageSent message;
    message.attachments = {picture(1)};
    const auto hidden = story.room(hall, alice, message);
    const auto shown = story.room(hall, alice, message);
    story.room(hall, alice, MessageDeleted{hidden.version});
    for (const RecordedEvent& event : {hidden, shown}) {
        EXPECT_TRUE(files().names(picture(1).sha256).value());
        ASSERT_TRUE(story.views().forget(std::span(&event, 1)));
    }
    EXPECT_EQ(posting(picture(1)), std::nullopt);
    EXPECT_FALSE(files().file(picture(1).file).value().has_value());
    EXPECT_FALSE(files().names(picture(1).sha256).value());
}

TEST_F(FilesThatWerePosted, NameTheirBytes) {
    EXPECT_FALSE(files().names(picture(1).sha256).value());
    post(hall, alice, {picture(1)});
    EXPECT_TRUE(files().names(picture(1).sha256).value());
    EXPECT_FALSE(files().names(picture(2).sha256).value());
}

}  // namespace
}  // namespace verbatim::testing
