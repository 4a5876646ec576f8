#include "tests/projections/random_history.hpp"
#include "tests/projections/views_support.hpp"

#include <nlohmann/json.hpp>
#include <rapidcheck.h>
#include <set>

namespace verbatim::testing {
namespace {

constexpr std::size_t history_events = 400;

// A history, the views of all of it, and the views as they were after its event `as_of`: folded
// from what is left of it, for what is destroyed is gone from the past, too.
struct Travel {
    explicit Travel(std::uint64_t seed) : history(seed) {
        events = history.next(history_events);
        log = log_of(events);
        apply_to(*now.views, events);
        forget_destroyed(*log, *now.views, events);
        const auto left = all_of(*log->read_all(Position()));
        as_of = Position(1 + history.below(left.size()));
        apply_to(*then.views, std::span(left).first(as_of.value()));
    }
    [[nodiscard]] RoomMoment moment(const RoomId& room) const {
        return {.position = as_of, .room_seq = then.views->rooms().head(room).value().room_seq};
    }

    RandomHistory history;
    std::vector<RecordedEvent> events;
    std::unique_ptr<EventLog> log;
    TestViews now;
    TestViews then;
    Position as_of;
};

// Page by page, as a client walks.
std::vector<MemberRow> past_members(const Travel& travel, const RoomId& room, std::size_t limit) {
    std::vector<MemberRow> members;
    UserId after;
    while (true) {
        const auto page =
            travel.now.views->memberships().members_as_of(room, after, limit, travel.as_of).value();
        members.insert(members.end(), page.members.begin(), page.members.end());
        if (!page.examined_up_to) return members;
        after = *page.examined_up_to;
    }
}

PageRequest any_page(RandomHistory& history, const RoomMoment& moment) {
    PageRequest request{
        .direction = static_cast<PageDirection>(history.below(4)),
        .anchor = Version(history.below(moment.room_seq.value() + 3)),
        .limit = static_cast<std::size_t>(1 + history.below(12)),
        .visible = std::nullopt};
    if (!history.one_in(3)) return request;
    request.visible.emplace();
    for (std::uint64_t spans = history.below(3); spans > 0; --spans) {
        const Version first(1 + history.below(moment.room_seq.value() + 1));
        const bool is_open = history.one_in(4);
        request.visible->push_back(
            {.first = first,
             .last = is_open ? Version() : Version(first.value() + history.below(20))}
        );
    }
    return request;
}

// What `page` shows those who never see what was deleted: emptied where it is deleted `now`.
nlohmann::json emptied(const std::string& items, const RoomTimeline& now, const RoomId& room) {
    auto messages = nlohmann::json::parse("[" + items + "]");
    for (auto& message : messages) {
        if (!now.is_deleted(room, Version(message["seq"].get<std::uint64_t>())).value()) continue;
        message["text"] = nullptr;
        message["metadata"] = nullptr;
        message["attachments"] = nlohmann::json::array();
        message["mentions"] = nlohmann::json::array();
    }
    return messages;
}

// Each of the following for any moment of any history: what the views say of the past is what views
// said that were folded up to there and no further.

TEST(TimeTravel, ShowsRoomsAsTheyWere) {
    EXPECT_TRUE(rc::check([](std::uint64_t seed) {
        const Travel travel(seed);
        const RoomDirectory& now = travel.now.views->rooms();
        const RoomDirectory& then = travel.then.views->rooms();
        for (const RoomId& room : travel.history.rooms()) {
            RC_ASSERT(
                now.room_as_of(*travel.log, room, travel.as_of).value() == then.room(room).value()
            );
            RC_ASSERT(now.pinned_as_of(room, travel.as_of).value() == then.pinned(room).value());
        }
    }));
}

TEST(TimeTravel, ShowsMembersAsTheyWere) {
    EXPECT_TRUE(rc::check([](std::uint64_t seed) {
        Travel travel(seed);
        const Memberships& now = travel.now.views->memberships();
        const Memberships& then = travel.then.views->memberships();
        for (const RoomId& room : travel.history.rooms()) {
            const std::size_t limit = 1 + travel.history.below(5);
            RC_ASSERT(
                past_members(travel, room, limit) == then.members(room, UserId(), 1'000).value()
            );
            RC_ASSERT(
                now.member_count_as_of(room, travel.as_of).value() ==
                then.member_count(room).value()
            );
            for (const UserId& user : travel.history.users())
                RC_ASSERT(
                    now.member_as_of(room, user, travel.as_of).value() ==
                    then.member(room, user).value()
                );
        }
    }));
}

TEST(TimeTravel, ShowsHowFarEachMemberHadRead) {
    EXPECT_TRUE(rc::check([](std::uint64_t seed) {
        const Travel travel(seed);
        for (const RoomId& room : travel.history.rooms())
            for (const UserId& user : travel.history.users())
                RC_ASSERT(
                    travel.now.views->read_markers()
                        .marker_as_of(room, user, travel.as_of)
                        .value() == travel.then.views->read_markers().marker(room, user).value()
                );
    }));
}

TEST(TimeTravel, FindsTheDisplayNamesOfTheTime) {
    EXPECT_TRUE(rc::check([](std::uint64_t seed) {
        const Travel travel(seed);
        for (const UserId& user : travel.history.users()) {
            const auto named = travel.now.views->users().named_as_of(user, travel.as_of).value();
            const auto then = travel.then.views->users().user(user).value();
            RC_ASSERT(named.has_value() == then.has_value());
            if (!then || !then->username) continue;  // forgotten: no name is shown
            const auto event = std::get<AccountEvent>(travel.log->read(*named).value().event);
            const auto* const renamed = std::get_if<UserRenamed>(&event);
            RC_ASSERT(
                then->display_name == (renamed != nullptr
                                           ? renamed->display_name
                                           : std::get<UserRegistered>(event).display_name)
            );
        }
    }));
}

TEST(TimeTravel, ShowsPagesOfMessagesAsTheyWere) {
    EXPECT_TRUE(rc::check([](std::uint64_t seed) {
        Travel travel(seed);
        for (const RoomId& room : travel.history.rooms()) {
            const RoomMoment moment = travel.moment(room);
            const PageRequest request = any_page(travel.history, moment);
            const auto page =
                travel.now.views->timeline()
                    .page_as_of(
                        *travel.log,
                        room,
                        {.page = request, .moment = moment, .shows_deleted_since = true}
                    )
                    .value();
            const auto then = travel.then.views->timeline().page(room, request).value();
            RC_ASSERT(page.items == then.items);
            RC_ASSERT(page.count == then.count);
            RC_ASSERT(page.first == then.first);
            RC_ASSERT(page.last == then.last);
            RC_ASSERT(page.has_earlier == then.has_earlier);
            RC_ASSERT(page.has_later == then.has_later);
            RC_ASSERT(page.with_reactions == then.with_reactions);
        }
    }));
}

TEST(TimeTravel, KeepsFromMembersWhatWasDeletedSince) {
    EXPECT_TRUE(rc::check([](std::uint64_t seed) {
        Travel travel(seed);
        const RoomTimeline& now = travel.now.views->timeline();
        for (const RoomId& room : travel.history.rooms()) {
            const RoomMoment moment = travel.moment(room);
            const PageRequest request = any_page(travel.history, moment);
            const auto page =
                now.page_as_of(*travel.log, room, {.page = request, .moment = moment}).value();
            const auto then = travel.then.views->timeline().page(room, request).value();
            RC_ASSERT(
                nlohmann::json::parse("[" + page.items + "]") == emptied(then.items, now, room)
            );
            RC_ASSERT(page.with_reactions == then.with_reactions);
        }
    }));
}

TEST(TimeTravel, TellsWhoReactedThen) {
    EXPECT_TRUE(rc::check([](std::uint64_t seed) {
        Travel travel(seed);
        const RoomTimeline& then = travel.then.views->timeline();
        for (const RoomId& room : travel.history.rooms()) {
            const std::uint64_t newest = travel.moment(room).room_seq.value();
            for (std::uint64_t seq = 1; seq <= newest; ++seq)
                for (const UserId& user : travel.history.users())
                    RC_ASSERT(
                        travel.now.views->timeline()
                            .reactions_as_of(room, Version(seq), user, travel.as_of)
                            .value() == then.reactions_of(room, Version(seq), user).value()
                    );
        }
    }));
}

TEST(TimeTravel, CountsWhatWasUnreadThen) {
    EXPECT_TRUE(rc::check([](std::uint64_t seed) {
        Travel travel(seed);
        for (const RoomId& room : travel.history.rooms()) {
            const RoomMoment moment = travel.moment(room);
            const Version marker(travel.history.below(moment.room_seq.value() + 1));
            RC_ASSERT(
                travel.now.views->timeline().live_after_as_of(room, marker, moment).value() ==
                travel.then.views->timeline().live_after(room, marker).value()
            );
        }
    }));
}

// --- by hand, where a random history does not come
// ---------------------------------------------------------------------

const RoomId room = numbered_id<RoomId>(1);
const UserId alice = numbered_id<UserId>(1);
const UserId bob = numbered_id<UserId>(2);

MemberJoined joined(const UserId& user) {
    return {.user = user, .role = MemberRole::member, .added_by = std::nullopt};
}
MessageSent text(const std::string& text) {
    MessageSent sent;
    sent.text = text;
    return sent;
}

TEST(TimeTravel, CountsDeletionsOfManyBlocksAsOfThen) {
    Story story;
    story.room(room, alice, RoomCreated{});
    constexpr std::uint64_t messages = 3'500;  // over four blocks of 1,024
    for (std::uint64_t i = 0; i < messages; ++i) story.room(room, alice, text("m"));
    const Position before = story.views().position();
    std::vector<RecordedEvent> deletions;
    for (const std::uint64_t seq : {2U, 3'400U, 1'500U, 1'600U, 3'000U})
        deletions.push_back(story.room(room, alice, MessageDeleted{Version(seq)}));
    const auto unread = [&](Version marker, Position as_of, Version room_seq) {
        return story.views()
            .timeline()
            .live_after_as_of(room, marker, {.position = as_of, .room_seq = room_seq})
            .value();
    };
    const Version last(messages + 1);
    EXPECT_EQ(unread(Version(1), before, last), messages);
    EXPECT_EQ(unread(Version(1), deletions[0].position, deletions[0].version), messages - 1);
    EXPECT_EQ(unread(Version(2), deletions[0].position, deletions[0].version), messages - 1);
    EXPECT_EQ(unread(Version(1), deletions[2].position, deletions[2].version), messages - 3);
    EXPECT_EQ(unread(Version(1), deletions[4].position, deletions[4].version), messages - 5);
    EXPECT_EQ(unread(Version(1'500), deletions[4].position, deletions[4].version), 2'001U - 3U);
    // Of the time before the later messages: they were not unread, nor deleted.
    EXPECT_EQ(unread(Version(1), Position(1'000), Version(1'000)), 999U);
}

TEST(TimeTravel, FindsFewMembersAmongManyWhoCameLater) {
    Story story;
    story.room(room, alice, RoomCreated{});
    const Position early = story.views().position();
    for (std::uint64_t i = 0; i < 12'000; ++i) {
        const auto user = numbered_id<UserId>(100 + i);
        story.room(room, user, joined(user));
    }
    std::vector<MemberRow> found;
    UserId after;
    std::size_t pages = 0;
    for (bool more = true; more; ++pages) {
        const auto page = story.views().memberships().members_as_of(room, after, 50, early).value();
        found.insert(found.end(), page.members.begin(), page.members.end());
        more = page.examined_up_to.has_value();
        after = page.examined_up_to.value_or(UserId());
    }
    ASSERT_EQ(found.size(), 1U);
    EXPECT_EQ(found.front().user, alice);
    EXPECT_GT(pages, 1U);  // one page does not look at all of them
    EXPECT_LT(pages, 10U);
}

TEST(TimeTravel, PassesQuicklyOverWhoComesAndGoes) {
    Story story;
    story.room(room, alice, RoomCreated{});
    story.room(room, bob, joined(bob));
    const Position early = story.views().position();
    for (int i = 0; i < 100; ++i) {
        story.room(room, bob, MemberLeft{.user = bob});
        story.room(room, bob, joined(bob));
    }
    const auto carol = numbered_id<UserId>(3);
    const Position late = story.room(room, carol, joined(carol)).position;
    const Memberships& memberships = story.views().memberships();
    EXPECT_EQ(memberships.members_as_of(room, UserId(), 10, early).value().members.size(), 2U);
    const auto page = memberships.members_as_of(room, UserId(), 10, late).value();
    EXPECT_EQ(page.members, memberships.members(room, UserId(), 10).value());
    EXPECT_FALSE(page.examined_up_to);
    const auto first = memberships.members_as_of(room, UserId(), 2, late).value();
    EXPECT_EQ(first.examined_up_to, bob);
}

TEST(TimeTravel, KeepsNoTextInItsRows) {
    Story story;
    const std::string secret = "xyzzy";
    RoomCreated created;
    created.name = "first " + secret;
    created.description = "about " + secret;
    story.room(room, alice, created);
    const Version seq = story.room(room, alice, text("said " + secret)).version;
    story.room(room, alice, MessageEdited{.seq = seq, .text = "again " + secret, .mentions = {}});
    RoomUpdated renamed;
    renamed.name = Text("second");
    renamed.description = Text("else");
    story.room(room, alice, renamed);
    story.room(room, alice, MessageDeleted{.seq = seq, .destroyed = true});
    for (const auto& [view, rows] : rows_of(story.views()))
        for (const auto& [key, value] : rows)
            EXPECT_EQ(value.find(secret), std::string::npos) << "in " << view;
}

TEST(TimeTravel, ShowsNobodyWhatIsDestroyed) {
    auto log = open_memory_event_log(counted_bytes(), test_epoch, noon).value();
    const TestViews test;
    LogScribe scribe(*log);
    scribe.write(stream_of(room), alice, {room_created(), sent("first"), sent("second")});
    ASSERT_TRUE(scribe.commit());
    catch_up(*test.views, *log);
    scribe.write(
        stream_of(room), alice, {edited(Version(2), "first again"), destroyed(Version(2))}
    );
    scribe.batch().destroyed.contents = {{Position(2)}, {Position(4)}};
    ASSERT_TRUE(scribe.commit());
    apply_to(*test.views, std::span(scribe.written()).subspan(3));
    const auto texts_at = [&](Position as_of) {
        const auto page = test.views->timeline().page_as_of(
            *log,
            room,
            {.page = {.direction = PageDirection::newest, .anchor = {}, .limit = 9, .visible = {}},
             .moment = {.position = as_of, .room_seq = Version(as_of.value())},
             .shows_deleted_since = true}
        );
        EXPECT_TRUE(page);
        nlohmann::json texts = nlohmann::json::array();
        for (const auto& message : nlohmann::json::parse("[" + page->items + "]"))
            texts.push_back(message["text"]);
        return texts;
    };
    EXPECT_EQ(texts_at(Position(3)), nlohmann::json::array({nullptr, "second"}));
    EXPECT_EQ(texts_at(Position(4)), nlohmann::json::array({nullptr, "second"}));
    EXPECT_EQ(test.views->rooms().room_as_of(*log, room, Position(4)).value()->name, "Harbour");
}

}  // namespace
}  // namespace verbatim::testing
