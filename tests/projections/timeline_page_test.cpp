#include "tests/projections/random_history.hpp"
#include "tests/projections/views_support.hpp"

#include <nlohmann/json.hpp>

namespace verbatim::testing {
namespace {

// All messages of a room with their seqs, as single reads show them.
using Messages = std::map<std::uint64_t, std::string>;

Messages all_messages(const RoomTimeline& timeline, const RoomId& room, std::uint64_t room_seq) {
    Messages messages;
    for (std::uint64_t seq = 1; seq <= room_seq; ++seq)
        if (auto message = timeline.message(room, Version(seq)).value())
            messages.emplace(seq, *message);
    return messages;
}

bool is_visible(const PageRequest& request, std::uint64_t seq) {
    if (!request.visible) return true;
    return std::ranges::any_of(*request.visible, [&](const SeqSpan& span) {
        return span.first.value() <= seq && (span.last == Version() || seq <= span.last.value());
    });
}

// What the page must be, by the slow way.
TimelinePage slice(const Messages& all, const PageRequest& request) {
    std::vector<std::pair<std::uint64_t, std::string>> visible;
    for (const auto& [seq, json] : all)
        if (is_visible(request, seq)) visible.emplace_back(seq, json);
    const auto count_below = [&](std::uint64_t seq) {
        return static_cast<std::size_t>(std::ranges::count_if(visible, [&](const auto& message) {
            return message.first < seq;
        }));
    };
    const std::uint64_t anchor = request.anchor.value();
    std::size_t begin = 0;
    std::size_t end = visible.size();
    switch (request.direction) {
        case PageDirection::newest: begin = end - std::min(end, request.limit); break;
        case PageDirection::before:
            end = count_below(anchor);
            begin = end - std::min(end, request.limit);
            break;
        case PageDirection::after:
            begin = count_below(anchor + 1);
            end = std::min(end, begin + request.limit);
            break;
        case PageDirection::around: {
            const std::size_t middle = count_below(anchor);
            const std::size_t later = end - middle;
            const std::size_t half = request.limit / 2;
            const std::size_t earlier = later < request.limit - half ? request.limit - later : half;
            begin = middle - std::min(middle, earlier);
            end = std::min(end, begin + request.limit);
            break;
        }
    }
    TimelinePage page;
    for (std::size_t i = begin; i < end; ++i) {
        if (page.count++ == 0) page.first = Version(visible[i].first);
        page.last = Version(visible[i].first);
        if (i > begin) page.items += ',';
        page.items += visible[i].second;
        if (!nlohmann::json::parse(visible[i].second)["reactions"].empty())
            page.with_reactions.emplace_back(visible[i].first);
    }
    page.has_earlier = begin > 0;
    page.has_later = end < visible.size();
    return page;
}

std::vector<SeqSpan> any_spans(RandomHistory& random, std::uint64_t room_seq) {
    std::vector<SeqSpan> spans;
    std::uint64_t at = 0;
    for (std::uint64_t left = random.below(5); left > 0; --left) {
        const std::uint64_t first = at + 1 + random.below(room_seq / 3 + 1);
        at = first + random.below(room_seq / 3 + 1);
        spans.push_back({Version(first), Version(at)});
    }
    if (!spans.empty() && random.one_in(2)) spans.back().last = Version();
    return spans;
}

void expect_page(
    const RoomTimeline& timeline,
    const RoomId& room,
    const PageRequest& request,
    const TimelinePage& expected
) {
    const auto page = timeline.page(room, request).value();
    const std::string what = "direction " + std::to_string(static_cast<int>(request.direction)) +
                             " anchor " + std::to_string(request.anchor.value()) + " limit " +
                             std::to_string(request.limit);
    EXPECT_EQ(page.items, expected.items) << what;
    EXPECT_EQ(page.count, expected.count) << what;
    EXPECT_EQ(page.first, expected.first) << what;
    EXPECT_EQ(page.last, expected.last) << what;
    EXPECT_EQ(page.has_earlier, expected.has_earlier) << what;
    EXPECT_EQ(page.has_later, expected.has_later) << what;
    EXPECT_EQ(page.with_reactions, expected.with_reactions) << what;
}

TEST(TimelinePage, EqualsASliceInEveryDirectionWithAnySpans) {
    RandomHistory random(11);
    const TestViews test;
    apply_to(*test.views, random.next(1'500));
    const RoomTimeline& timeline = test.views->timeline();
    for (const RoomId& room : random.rooms()) {
        const std::uint64_t room_seq = test.views->rooms().head(room).value().room_seq.value();
        const Messages all = all_messages(timeline, room, room_seq);
        for (int i = 0; i < 150 && !::testing::Test::HasFailure(); ++i) {
            PageRequest request;
            request.direction = static_cast<PageDirection>(random.below(4));
            request.anchor = Version(random.below(room_seq + 3));
            request.limit = random.below(9) * random.below(9);
            if (!random.one_in(3)) request.visible = any_spans(random, room_seq);
            expect_page(timeline, room, request, slice(all, request));
        }
    }
}

class PageOfTen : public ::testing::Test {
protected:
    PageOfTen() {
        // Rooms before and after it in key order, so that a walk could leave it.
        for (int i = 0; i < 10; ++i) {
            story.room(numbered_id<RoomId>(30), alice, MessageSent{});
            story.room(room, alice, MessageSent{});
            story.room(numbered_id<RoomId>(32), alice, MessageSent{});
        }
    }
    std::string page(
        PageDirection direction,
        std::uint64_t anchor,
        std::size_t limit,
        std::optional<std::vector<SeqSpan>> visible = std::nullopt
    ) {
        const auto found = story.views()
                               .timeline()
                               .page(room, {direction, Version(anchor), limit, std::move(visible)})
                               .value();
        std::string text = found.has_earlier ? "..." : "";
        for (const auto& message : nlohmann::json::parse("[" + found.items + "]"))
            text += std::to_string(message["seq"].get<int>()) + " ";
        return text + (found.has_later ? "..." : "");
    }
    const UserId alice = numbered_id<UserId>(1);
    const RoomId room = numbered_id<RoomId>(31);
    Story story;
};

TEST_F(PageOfTen, IsTheNewestWithoutAnAnchor) {
    EXPECT_EQ(page(PageDirection::newest, 0, 3), "...8 9 10 ");
    EXPECT_EQ(page(PageDirection::newest, 0, 10), "1 2 3 4 5 6 7 8 9 10 ");
    EXPECT_EQ(page(PageDirection::newest, 0, 50), "1 2 3 4 5 6 7 8 9 10 ");
}

TEST_F(PageOfTen, LeavesOutTheAnchorBeforeAndAfter) {
    EXPECT_EQ(page(PageDirection::before, 5, 2), "...3 4 ...");
    EXPECT_EQ(page(PageDirection::before, 5, 4), "1 2 3 4 ...");
    EXPECT_EQ(page(PageDirection::before, 1, 4), "...");
    EXPECT_EQ(page(PageDirection::before, 0, 4), "...");
    EXPECT_EQ(page(PageDirection::before, 99, 2), "...9 10 ");
    EXPECT_EQ(page(PageDirection::after, 5, 2), "...6 7 ...");
    EXPECT_EQ(page(PageDirection::after, 5, 5), "...6 7 8 9 10 ");
    EXPECT_EQ(page(PageDirection::after, 0, 2), "1 2 ...");
    EXPECT_EQ(page(PageDirection::after, 10, 2), "...");
    EXPECT_EQ(page(PageDirection::after, ~std::uint64_t{0}, 2), "...");
}

TEST_F(PageOfTen, HasTheAnchorInItsMiddleAndIsFullAtTheEnds) {
    EXPECT_EQ(page(PageDirection::around, 5, 4), "...3 4 5 6 ...");
    EXPECT_EQ(page(PageDirection::around, 5, 5), "...3 4 5 6 7 ...");
    EXPECT_EQ(page(PageDirection::around, 5, 1), "...5 ...");
    EXPECT_EQ(page(PageDirection::around, 1, 4), "1 2 3 4 ...");
    EXPECT_EQ(page(PageDirection::around, 10, 4), "...7 8 9 10 ");
    EXPECT_EQ(page(PageDirection::around, 99, 4), "...7 8 9 10 ");
    EXPECT_EQ(page(PageDirection::around, 0, 4), "1 2 3 4 ...");
}

TEST_F(PageOfTen, JumpsOverWhatIsNotVisible) {
    const std::vector<SeqSpan> spans{{Version(2), Version(3)}, {Version(8), Version()}};
    EXPECT_EQ(page(PageDirection::newest, 0, 4, spans), "...3 8 9 10 ");
    EXPECT_EQ(page(PageDirection::before, 8, 4, spans), "2 3 ...");
    EXPECT_EQ(page(PageDirection::after, 2, 2, spans), "...3 8 ...");
    EXPECT_EQ(page(PageDirection::around, 5, 4, spans), "2 3 8 9 ...");
    EXPECT_EQ(page(PageDirection::before, 2, 4, spans), "...");
    EXPECT_EQ(page(PageDirection::newest, 0, 4, std::vector<SeqSpan>()), "");
}

TEST_F(PageOfTen, TakesSpansInAnyOrderAndOverlapping) {
    const std::vector<SeqSpan> spans{{Version(4), Version(5)}, {Version(1), Version(9)}};
    EXPECT_EQ(page(PageDirection::newest, 0, 50, spans), "1 2 3 4 5 6 7 8 9 ");
    EXPECT_EQ(page(PageDirection::after, 0, 50, spans), "1 2 3 4 5 6 7 8 9 ");
}

TEST(LiveAfter, EqualsACountAtEveryMarker) {
    RandomHistory random(12);
    const TestViews test;
    apply_to(*test.views, random.next(1'500));
    const RoomTimeline& timeline = test.views->timeline();
    for (const RoomId& room : random.rooms()) {
        const std::uint64_t room_seq = test.views->rooms().head(room).value().room_seq.value();
        std::uint64_t live = 0;
        for (std::uint64_t marker = room_seq + 1; marker-- > 0;) {
            ASSERT_EQ(timeline.live_after(room, Version(marker)).value(), live) << marker;
            const auto message = timeline.message(room, Version(marker)).value();
            if (message && nlohmann::json::parse(*message)["deleted_at"].is_null()) ++live;
        }
    }
}

TEST(LiveAfter, CountsDeletionsAcrossBlocks) {
    const auto room = numbered_id<RoomId>(31);
    const auto alice = numbered_id<UserId>(1);
    std::vector<RecordedEvent> events;
    const auto tell = [&](RoomEvent event) {
        const std::uint64_t n = events.size() + 1;
        RecordedEvent recorded{};
        recorded.position = Position(n);
        recorded.stream = stream_of(room);
        recorded.version = Version(n);
        recorded.actor = alice;
        recorded.event = std::move(event);
        events.push_back(std::move(recorded));
    };
    constexpr std::uint64_t sent = 5'000;
    for (std::uint64_t i = 0; i < sent; ++i) tell(MessageSent{});
    const auto is_deleted = [](std::uint64_t seq) { return seq % 7 == 0 || seq % 1'024 < 2; };
    for (std::uint64_t seq = 1; seq <= sent; ++seq)
        if (is_deleted(seq)) tell(MessageDeleted{Version(seq), false});
    const TestViews test;
    apply_to(*test.views, events);

    std::uint64_t live = 0;
    for (std::uint64_t marker = sent + 1; marker-- > 0;) {
        ASSERT_EQ(test.views->timeline().live_after(room, Version(marker)).value(), live) << marker;
        if (marker > 0 && !is_deleted(marker)) ++live;
    }
}

}  // namespace
}  // namespace verbatim::testing
