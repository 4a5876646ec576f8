#include "protocol/messages_of_user.hpp"

#include "protocol/message_history.hpp"
#include "tests/support/log_scribe.hpp"

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>
#include <random>

// What is read from the log and the views together: all rooms' messages, and one message's past.
namespace verbatim::testing {
namespace {

using nlohmann::json;

const auto ada = numbered_id<UserId>(1);
const auto bea = numbered_id<UserId>(2);

class ReadFromTheLog : public ::testing::Test {
protected:
    void write(const RoomId& room, RoomEvent event, const UserId& by = ada) {
        scribe.write(stream_of(room), by, {Event(std::move(event))});
    }
    void write_room(const RoomId& room, History history = History::shared) {
        RoomCreated created;
        created.history = history;
        created.max_members = 10;
        write(room, created);
        write(room, MemberJoined{bea, MemberRole::member, ada}, ada);
    }
    void say(const RoomId& room, const std::string& text) {
        MessageSent message;
        message.text = text;
        write(room, message);
    }
    // Once: everything that was written, in the log and in the views.
    void show() {
        ASSERT_TRUE(scribe.commit());
        ASSERT_TRUE(views.catch_up(*log, {}));
    }
    json all_of_bea(std::size_t limit) {
        json messages = json::array();
        for (std::optional<Position> after = Position(); after;) {
            const auto page = messages_of_user(views, *log, bea, *after, limit);
            EXPECT_TRUE(page);
            if (!page) return messages;
            const json items = json::parse("[" + page->items + "]");
            EXPECT_LE(items.size(), limit);
            messages.insert(messages.end(), items.begin(), items.end());
            after = page->next;
        }
        return messages;
    }

    std::unique_ptr<EventLog> log =
        open_memory_event_log(counted_bytes(), numbered_uuid(77), Timestamp(1)).value();
    LogScribe scribe{*log};
    Views views{make_memory_storage(Views::column_names().size())};
};

TEST_F(ReadFromTheLog, MessagesOfManyRoomsAreMergedByPosition) {
    std::mt19937 random(7);
    constexpr std::uint64_t rooms = 220;  // more than one page of memberships
    for (std::uint64_t i = 0; i < rooms; ++i) write_room(numbered_id<RoomId>(100 + i));
    std::vector<std::string> said;
    for (int i = 0; i < 300; ++i) {
        said.push_back(std::to_string(i));
        say(numbered_id<RoomId>(100 + random() % rooms), said.back());
    }
    show();
    for (const std::size_t limit : {20u, 200u}) {
        std::vector<std::string> shown;
        for (const json& message : all_of_bea(limit)) shown.push_back(message["text"]);
        EXPECT_EQ(shown, said);
    }
}

TEST_F(ReadFromTheLog, MessagesThatTheViewsDoNotShowYetAreLeftForLater) {
    const auto room = numbered_id<RoomId>(100);
    write_room(room);
    say(room, "shown");
    show();
    say(room, "not yet");
    ASSERT_TRUE(scribe.commit());
    const json messages = all_of_bea(50);
    ASSERT_EQ(messages.size(), 1u);
    EXPECT_EQ(messages[0]["text"], "shown");
}

TEST_F(ReadFromTheLog, AHistoryIsReadInBoundedPiecesWhateverLiesBetweenItsEdits) {
    const auto room = numbered_id<RoomId>(100);
    write_room(room);
    say(room, "one");  // 3
    const Version seq(3);
    write(room, MessageEdited{seq, "two", {bea}});  // 4
    for (int i = 0; i < 600; ++i) {
        write(room, ReactionAdded{seq, "👍"}, bea);
        write(room, ReactionRemoved{seq, "👍"}, bea);
    }
    write(room, MessageEdited{seq, "three", {}});  // 1'205
    show();

    std::vector<std::string> texts;
    std::vector<std::size_t> sizes;
    for (std::optional<Version> after = Version(); after;) {
        const auto page = history_page(views, *log, room, seq, *after, 50);
        ASSERT_TRUE(page);
        const json wordings = json::parse("[" + page->items + "]");
        for (const json& wording : wordings) texts.push_back(wording["text"]);
        sizes.push_back(wordings.size());
        after = page->next;
    }
    EXPECT_THAT(texts, ::testing::ElementsAre("one", "two", "three"));
    EXPECT_THAT(sizes, ::testing::ElementsAre(2, 1)) << "not full, and yet not the last";
    const auto first = history_page(views, *log, room, seq, {}, 1);
    ASSERT_TRUE(first);
    EXPECT_EQ(first->next, seq);
}

TEST_F(ReadFromTheLog, AHistoryIsOfAMessage) {
    const auto room = numbered_id<RoomId>(100);
    write_room(room);
    show();
    const auto page = history_page(views, *log, room, Version(1), {}, 2);
    ASSERT_FALSE(page);
    EXPECT_EQ(page.error().code, "message_not_found");
}

}  // namespace
}  // namespace verbatim::testing
