#include "projections/message_json.hpp"
#include "tests/projections/random_history.hpp"
#include "tests/projections/views_support.hpp"

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

// What is put on messages: reactions, replies and pins.
namespace verbatim::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

const auto alice = numbered_id<UserId>(1);
const auto bob = numbered_id<UserId>(2);
const auto room = numbered_id<RoomId>(31);
const auto other_room = numbered_id<RoomId>(32);

MessageSent replying(std::uint64_t seq) {
    MessageSent message;
    message.text = "reply";
    message.reply_to = Version(seq);
    return message;
}

class MessageMarks : public ::testing::Test {
protected:
    void send(const MessageSent& message = {}) { story.room(room, alice, message); }
    void react(const UserId& user, std::uint64_t seq, const std::string& emoji) {
        story.room(room, user, ReactionAdded{Version(seq), emoji});
    }
    void take_back(const UserId& user, std::uint64_t seq, const std::string& emoji) {
        story.room(room, user, ReactionRemoved{Version(seq), emoji});
    }
    void remove(std::uint64_t seq) { story.room(room, alice, MessageDeleted{Version(seq), false}); }
    void pin(std::uint64_t seq) { story.room(room, alice, MessagePinned{Version(seq)}); }
    void unpin(std::uint64_t seq) { story.room(room, alice, MessageUnpinned{Version(seq)}); }

    const RoomTimeline& timeline() { return story.views().timeline(); }
    // As it stands in the message's text.
    std::string reactions(std::uint64_t seq) {
        const std::string json = timeline().message(room, Version(seq)).value().value_or("{}");
        return nlohmann::ordered_json::parse(json)["reactions"].dump();
    }
    std::vector<std::string> reactions_of(const UserId& user, std::uint64_t seq) {
        return timeline().reactions_of(room, Version(seq), user).value();
    }
    std::vector<Version> with_reactions() {
        return timeline().page(room, {PageDirection::newest, {}, 50, std::nullopt})->with_reactions;
    }
    std::vector<Version> thread(
        std::uint64_t root,
        std::uint64_t after = 0,
        std::size_t limit = 50,
        std::optional<std::vector<SeqSpan>> visible = std::nullopt
    ) {
        const auto page = timeline()
                              .thread(
                                  room,
                                  Version(root),
                                  {PageDirection::after, Version(after), limit, std::move(visible)}
                              )
                              .value();
        has_later = page.has_later;
        std::vector<Version> seqs;
        for (const auto& message : nlohmann::json::parse("[" + page.items + "]"))
            seqs.emplace_back(message["seq"].get<std::uint64_t>());
        return seqs;
    }
    std::vector<Version> pinned() { return story.views().rooms().pinned(room).value(); }

    Story story;
    bool has_later = false;
};

TEST_F(MessageMarks, CountReactionsInTheOrderInWhichEachEmojiCame) {
    send();
    react(bob, 1, "🎉");
    react(alice, 1, "👍");
    react(alice, 1, "🎉");
    EXPECT_EQ(reactions(1), R"([{"emoji":"🎉","count":2},{"emoji":"👍","count":1}])");
    EXPECT_THAT(reactions_of(alice, 1), ElementsAre("🎉", "👍"));
    EXPECT_THAT(reactions_of(bob, 1), ElementsAre("🎉"));
}

TEST_F(MessageMarks, AreTheSameWhenTheyAreThereAlreadyOrNotAtAll) {
    send();
    react(bob, 1, "🎉");
    react(bob, 1, "🎉");
    take_back(alice, 1, "🎉");
    take_back(bob, 1, "👍");
    EXPECT_EQ(reactions(1), R"([{"emoji":"🎉","count":1}])");
}

TEST_F(MessageMarks, LetAnEmojiGoWithItsLastReactionAndComeBackLast) {
    send();
    react(bob, 1, "🎉");
    react(bob, 1, "👍");
    take_back(bob, 1, "🎉");
    EXPECT_EQ(reactions(1), R"([{"emoji":"👍","count":1}])");
    react(bob, 1, "🎉");
    EXPECT_EQ(reactions(1), R"([{"emoji":"👍","count":1},{"emoji":"🎉","count":1}])");
    take_back(bob, 1, "🎉");
    take_back(bob, 1, "👍");
    EXPECT_EQ(reactions(1), "[]");
    EXPECT_THAT(reactions_of(bob, 1), IsEmpty());
}

TEST_F(MessageMarks, TellPagesWhichMessagesHaveReactions) {
    for (int i = 0; i < 3; ++i) send();
    EXPECT_THAT(with_reactions(), IsEmpty());
    react(bob, 3, "🎉");
    react(bob, 1, "🎉");
    EXPECT_THAT(with_reactions(), ElementsAre(Version(1), Version(3)));
    take_back(bob, 3, "🎉");
    EXPECT_THAT(with_reactions(), ElementsAre(Version(1)));
    remove(1);
    EXPECT_THAT(with_reactions(), IsEmpty());
}

TEST_F(MessageMarks, EndWithTheirMessage) {
    send();
    react(bob, 1, "🎉");
    remove(1);
    EXPECT_EQ(reactions(1), "[]");
    react(alice, 1, "👍");
    take_back(bob, 1, "🎉");
    EXPECT_EQ(reactions(1), "[]");
}

TEST_F(MessageMarks, StayWhenTheirMessageIsEdited) {
    send();
    react(bob, 1, "🎉");
    story.room(room, alice, MessageEdited{Version(1), "again", {}});
    EXPECT_EQ(reactions(1), R"([{"emoji":"🎉","count":1}])");
    EXPECT_THAT(with_reactions(), ElementsAre(Version(1)));
}

TEST_F(MessageMarks, AreOfOneMessageOfOneRoom) {
    send();
    send();
    story.room(other_room, alice, MessageSent{});
    react(bob, 1, "🎉");
    react(bob, 9, "🎉");
    EXPECT_EQ(reactions(2), "[]");
    EXPECT_THAT(reactions_of(bob, 2), IsEmpty());
    EXPECT_THAT(timeline().reactions_of(other_room, Version(1), bob).value(), IsEmpty());
    EXPECT_THAT(reactions_of(bob, 9), IsEmpty()) << "there is no such message";
}

TEST_F(MessageMarks, ThreadHasRepliesInOrderPageByPage) {
    send();             // 1
    send(replying(1));  // 2
    send();             // 3
    send(replying(1));  // 4
    send(replying(2));  // 5
    send(replying(1));  // 6
    EXPECT_THAT(thread(1), ElementsAre(Version(2), Version(4), Version(6)));
    EXPECT_FALSE(has_later);
    EXPECT_THAT(thread(2), ElementsAre(Version(5)));
    EXPECT_THAT(thread(3), IsEmpty());
    EXPECT_THAT(thread(1, 0, 2), ElementsAre(Version(2), Version(4)));
    EXPECT_TRUE(has_later);
    EXPECT_THAT(thread(1, 4, 2), ElementsAre(Version(6)));
    EXPECT_FALSE(has_later);
    remove(4);
    EXPECT_THAT(thread(1), ElementsAre(Version(2), Version(4), Version(6)))
        << "emptied, but in its place";
}

TEST_F(MessageMarks, ThreadLeavesOutWhatIsNotVisible) {
    send();             // 1
    send(replying(1));  // 2
    send(replying(1));  // 3
    send(replying(1));  // 4
    const std::vector<SeqSpan> spans{{Version(1), Version(2)}, {Version(4), Version()}};
    EXPECT_THAT(thread(1, 0, 50, spans), ElementsAre(Version(2), Version(4)));
    EXPECT_THAT(thread(1, 0, 1, spans), ElementsAre(Version(2)));
    EXPECT_TRUE(has_later);
}

TEST_F(MessageMarks, PinsAreListedBySeqOnceEach) {
    EXPECT_THAT(pinned(), IsEmpty());
    for (const std::uint64_t seq : {7u, 300u, 2u, 7u}) pin(seq);
    EXPECT_THAT(pinned(), ElementsAre(Version(2), Version(7), Version(300)));
    unpin(7);
    unpin(8);
    EXPECT_THAT(pinned(), ElementsAre(Version(2), Version(300)));
    EXPECT_THAT(story.views().rooms().pinned(other_room).value(), IsEmpty());
    unpin(2);
    unpin(300);
    EXPECT_THAT(pinned(), IsEmpty());
}

// How many reactions there are to what was sent in one room; a test fails where the view and the
// domain differ.
std::size_t compare_marks(const Views& views, RandomHistory& history, const RoomId& id) {
    const std::vector<Version> pinned = views.rooms().pinned(id).value();
    EXPECT_EQ(std::set<Version>(pinned.begin(), pinned.end()), history.room(id).pinned);
    std::size_t reactions = 0;
    const Version end = views.rooms().head(id).value().room_seq;
    for (Version seq(1); seq <= end; seq = seq.next()) {
        const auto entry = views.timeline().entry(id, seq).value();
        if (!entry) continue;
        const Message& message = history.message(id, seq);
        EXPECT_EQ(entry->has_reactions, !message.reactions.empty());
        const auto json = nlohmann::json::parse(entry->json);
        std::map<std::string, std::size_t> counts;
        for (const auto& reaction : json["reactions"])
            counts[reaction["emoji"]] = reaction["count"];
        EXPECT_EQ(counts.size(), message.reactions.size());
        for (const auto& [emoji, users] : message.reactions) {
            EXPECT_EQ(counts[emoji], users.size());
            reactions += users.size();
            for (const UserId& user : users)
                EXPECT_THAT(
                    views.timeline().reactions_of(id, seq, user).value(), ::testing::Contains(emoji)
                );
        }
    }
    return reactions;
}

TEST(MessageMarksOfAHistory, AreWhatTheDomainFolds) {
    std::size_t reactions = 0;
    for (std::uint64_t seed = 41; seed < 51; ++seed) {
        RandomHistory history(seed);
        const TestViews test;
        apply_to(*test.views, history.next(600));
        for (const RoomId& id : history.rooms())
            reactions += compare_marks(*test.views, history, id);
    }
    EXPECT_GT(reactions, 50u) << "or this has shown little";
}

TEST(ReactionsText, IsRefusedWhenItIsNone) {
    for (const std::string text :
         {"",
          "[",
          "]",
          "{}",
          R"([{"emoji":"x","count":1})",
          R"([{"emoji":"x"}])",
          R"([{"emoji":"x","count":1}{"emoji":"y","count":1}])",
          R"([{"emoji":"x,"count":1}])",
          R"([{"emoji":"x","count":}])"}) {
        EXPECT_FALSE(with_reaction(text, "x")) << text;
        EXPECT_FALSE(without_reaction(text, "x")) << text;
    }
    EXPECT_EQ(with_reaction("[]", "\""), R"([{"emoji":"\"","count":1}])");
}

TEST(ReactionsText, IsRefusedWhenItHasNoneToTakeAway) {
    EXPECT_FALSE(without_reaction(R"([{"emoji":"x","count":1}])", "y"));
}

}  // namespace
}  // namespace verbatim::testing
