#include "domain/type_id.hpp"
#include "tests/projections/views_support.hpp"

#include <nlohmann/json.hpp>

namespace verbatim::testing {
namespace {

const auto alice = numbered_id<UserId>(1);
const auto bob = numbered_id<UserId>(2);
const auto room = numbered_id<RoomId>(31);
const auto other_room = numbered_id<RoomId>(32);

MessageSent saying(const std::string& text) {
    MessageSent message;
    message.text = text;
    return message;
}
MessageSent replying(std::uint64_t seq) {
    MessageSent message = saying("reply");
    message.reply_to = Version(seq);
    return message;
}

class RoomTimelineOfARoom : public ::testing::Test {
protected:
    RecordedEvent send(const MessageSent& message) { return story.room(room, alice, message); }
    void edit(std::uint64_t seq, const Text& text, std::vector<UserId> mentions = {}) {
        story.room(room, alice, MessageEdited{Version(seq), text, std::move(mentions)});
    }
    void remove(std::uint64_t seq) { story.room(room, alice, MessageDeleted{Version(seq), false}); }
    std::string message(std::uint64_t seq) {
        return story.views().timeline().message(room, Version(seq)).value().value_or("none");
    }
    nlohmann::json parsed(std::uint64_t seq) { return nlohmann::json::parse(message(seq)); }
    std::uint64_t live_after(std::uint64_t marker) {
        return story.views().timeline().live_after(room, Version(marker)).value();
    }

    Story story;
    const std::string room_json = '"' + to_text(room) + '"';
    const std::string alice_json = '"' + to_text(alice) + '"';
    const std::string bob_json = '"' + to_text(bob) + '"';
};

TEST_F(RoomTimelineOfARoom, ShowsAPlainMessageInTheShapeOfTheContract) {
    send(saying("Hello \"you\""));
    EXPECT_EQ(
        message(1),
        R"({"room_id":)" + room_json + R"(,"seq":1,"position":1,"kind":"text","sender_id":)" +
            alice_json +
            R"(,"text":"Hello \"you\"","metadata":null,"attachments":[],"reply_to":null,)"
            R"("reply_count":0,"mentions":[],"reactions":[],)"
            R"("sent_at":"2023-11-14T22:13:21.000000Z","edited_at":null,"deleted_at":null})"
    );
    EXPECT_EQ(message(2), "none");
}

TEST_F(RoomTimelineOfARoom, ShowsEverythingThatAMessageCanHold) {
    send(saying("first"));
    MessageSent full;
    full.kind = MessageKind::action;
    full.metadata = R"({"n":1.10,"s":"}]\""})";
    full.attachments = {
        {numbered_id<FileId>(5), "cat.png", "image/png", 1'234, 640, 480},
        {numbered_id<FileId>(6), std::nullopt, "text/plain", 0, std::nullopt, std::nullopt}};
    full.reply_to = Version(1);
    full.mentions = {bob, alice};
    story.claiming(Timestamp(1'000'000)).room(room, alice, full);
    EXPECT_EQ(
        message(2),
        R"({"room_id":)" + room_json + R"(,"seq":2,"position":2,"kind":"action","sender_id":)" +
            alice_json + R"(,"text":null,"metadata":{"n":1.10,"s":"}]\""},"attachments":[)" +
            R"({"file_id":")" + to_text(numbered_id<FileId>(5)) +
            R"(","filename":"cat.png","media_type":"image/png","bytes":1234,)"
            R"("width":640,"height":480},{"file_id":")" +
            to_text(numbered_id<FileId>(6)) +
            R"(","filename":null,"media_type":"text/plain","bytes":0}],"reply_to":1,)"
            R"("reply_count":0,"mentions":[)" +
            bob_json + "," + alice_json +
            R"(],"reactions":[],"sent_at":"1970-01-01T00:00:01.000000Z",)"
            R"("edited_at":null,"deleted_at":null})"
    );
}

TEST_F(RoomTimelineOfARoom, HasExactlyTheContractsMembersInTheirOrder) {
    send(saying("x"));
    std::vector<std::string> members;
    const auto ordered = nlohmann::ordered_json::parse(message(1));
    for (const auto& [member, value] : ordered.items()) members.push_back(member);
    EXPECT_EQ(
        members,
        (std::vector<std::string>{
            "room_id",
            "seq",
            "position",
            "kind",
            "sender_id",
            "text",
            "metadata",
            "attachments",
            "reply_to",
            "reply_count",
            "mentions",
            "reactions",
            "sent_at",
            "edited_at",
            "deleted_at"})
    );
}

TEST_F(RoomTimelineOfARoom, ReplacesTextAndMentionsByAnEdit) {
    MessageSent message_sent = saying("before, \"text\":");
    message_sent.metadata = R"({"n":1.10})";
    send(message_sent);
    edit(1, "after, \\", {bob});
    EXPECT_EQ(
        message(1),
        R"({"room_id":)" + room_json + R"(,"seq":1,"position":1,"kind":"text","sender_id":)" +
            alice_json +
            R"(,"text":"after, \\","metadata":{"n":1.10},"attachments":[],"reply_to":null,)"
            R"("reply_count":0,"mentions":[)" +
            bob_json +
            R"(],"reactions":[],"sent_at":"2023-11-14T22:13:21.000000Z",)"
            R"("edited_at":"2023-11-14T22:13:22.000000Z","deleted_at":null})"
    );
}

TEST_F(RoomTimelineOfARoom, EmptiesADeletedMessageAndKeepsItsPlace) {
    send(saying("first"));
    MessageSent full = replying(1);
    full.metadata = "{}";
    full.mentions = {bob};
    full.attachments = {{numbered_id<FileId>(5), "a", "text/plain", 1, std::nullopt, std::nullopt}};
    send(full);
    remove(2);
    EXPECT_EQ(
        message(2),
        R"({"room_id":)" + room_json + R"(,"seq":2,"position":2,"kind":"text","sender_id":)" +
            alice_json +
            R"(,"text":null,"metadata":null,"attachments":[],"reply_to":1,"reply_count":0,)"
            R"("mentions":[],"reactions":[],"sent_at":"2023-11-14T22:13:22.000000Z",)"
            R"("edited_at":null,"deleted_at":"2023-11-14T22:13:23.000000Z"})"
    );
}

TEST_F(RoomTimelineOfARoom, StaysDeletedWhateverFollows) {
    send(saying("first"));
    remove(1);
    const std::string deleted = message(1);
    edit(1, "again");
    remove(1);
    EXPECT_EQ(message(1), deleted);
    EXPECT_EQ(live_after(0), 0U);
}

TEST_F(RoomTimelineOfARoom, IgnoresWhatNamesNoMessage) {
    edit(7, "nothing");
    remove(8);
    send(replying(9));
    EXPECT_EQ(message(7), "none");
    EXPECT_EQ(parsed(3)["reply_to"], 9);
    EXPECT_EQ(live_after(0), 1U);
}

TEST_F(RoomTimelineOfARoom, CountsLiveReplies) {
    send(saying("root"));  // 1
    send(replying(1));     // 2
    send(replying(1));     // 3
    send(replying(2));     // 4
    EXPECT_EQ(parsed(1)["reply_count"], 2);
    EXPECT_EQ(parsed(2)["reply_count"], 1);
    edit(2, "edited");
    EXPECT_EQ(parsed(2)["reply_count"], 1);
    remove(2);
    remove(2);
    EXPECT_EQ(parsed(1)["reply_count"], 1);
    EXPECT_EQ(parsed(2)["reply_count"], 1) << "a deleted message keeps its replies";
    remove(3);
    EXPECT_EQ(parsed(1)["reply_count"], 0);
}

TEST_F(RoomTimelineOfARoom, CountsUnreadMessagesWithoutTheDeletedOnes) {
    story.room(room, alice, RoomCreated{});                            // 1
    send(saying("a"));                                                 // 2
    story.room(other_room, alice, saying("b"));                        // of another room
    send(saying("c"));                                                 // 3
    story.room(room, bob, MemberJoined{bob, MemberRole::member, {}});  // 4
    send(saying("d"));                                                 // 5
    EXPECT_EQ(live_after(0), 3U);
    EXPECT_EQ(live_after(2), 2U);
    EXPECT_EQ(live_after(4), 1U);
    EXPECT_EQ(live_after(5), 0U);
    EXPECT_EQ(live_after(~std::uint64_t{0}), 0U);
    remove(3);
    EXPECT_EQ(live_after(0), 2U);
    EXPECT_EQ(live_after(2), 1U);
    EXPECT_EQ(live_after(3), 1U);
    remove(5);
    EXPECT_EQ(live_after(2), 0U);
    EXPECT_EQ(story.views().timeline().live_after(numbered_id<RoomId>(99), Version()).value(), 0U);
}

TEST_F(RoomTimelineOfARoom, ShowsItsNewestVisibleMessage) {
    const auto newest = [&](const std::optional<std::vector<SeqSpan>>& visible) {
        const auto found = story.views().timeline().newest(room, visible).value();
        return found ? nlohmann::json::parse(*found)["seq"].get<int>() : 0;
    };
    EXPECT_EQ(newest(std::nullopt), 0);
    send(saying("a"));
    send(saying("b"));
    story.room(room, alice, RoomArchived{});
    EXPECT_EQ(newest(std::nullopt), 2);
    EXPECT_EQ(newest({{{Version(1), Version(1)}}}), 1);
    EXPECT_EQ(newest({{{Version(3), Version()}}}), 0);
    EXPECT_EQ(newest({std::vector<SeqSpan>()}), 0);
}

}  // namespace
}  // namespace verbatim::testing
