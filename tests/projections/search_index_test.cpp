#include "domain/type_id.hpp"
#include "projections/search_store.hpp"
#include "tests/projections/search_support.hpp"

#include <fstream>
#include <future>
#include <gmock/gmock.h>
#include <iterator>
#include <random>

namespace verbatim::testing {

namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::string bytes_of(const std::filesystem::path& file) {
    std::ifstream stream(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(stream), {}};
}

TEST(SearchIndex, FindsWordsOfAnyScriptNewestFirst) {
    SearchWorld world;
    world.say(hall, anna, "Wir treffen uns im Café");
    world.say(yard, boris, "我在北京工作");
    world.say(hall, boris, "the cafe in 北京");
    world.say(hall, anna, "서울 and 東京");
    world.caught_up();
    EXPECT_THAT(world.texts("cafe"), ElementsAre("the cafe in 北京", "Wir treffen uns im Café"));
    EXPECT_THAT(world.texts("北京"), ElementsAre("the cafe in 北京", "我在北京工作"));
    EXPECT_THAT(world.texts("北京 CAFE"), ElementsAre("the cafe in 北京"));
    EXPECT_THAT(world.texts("서울 東京"), ElementsAre("서울 and 東京"));
    EXPECT_THAT(world.texts("京北"), IsEmpty());
    EXPECT_THAT(world.texts("..."), IsEmpty());
    EXPECT_THAT(world.reports(), IsEmpty());
}

TEST(SearchIndex, FiltersByRoomSenderAndTime) {
    SearchWorld world;
    world.say(hall, anna, "word one");
    world.say(yard, anna, "word two");
    world.say(hall, boris, "word three");
    world.caught_up();
    SearchQuery in_hall = world.query("word");
    in_hall.rooms = {hall};
    EXPECT_THAT(world.texts(in_hall), ElementsAre("word three", "word one"));
    SearchQuery by_anna = world.query("word");
    by_anna.from = anna;
    EXPECT_THAT(world.texts(by_anna), ElementsAre("word two", "word one"));
    SearchQuery nowhere = world.query("word");
    nowhere.rooms.clear();
    EXPECT_THAT(world.texts(nowhere), IsEmpty());

    const Timestamp second = world.scribe().written()[1].at;
    SearchQuery since = world.query("word");
    since.since = second;
    EXPECT_THAT(world.texts(since), ElementsAre("word three", "word two")) << "inclusive";
    SearchQuery until = world.query("word");
    until.until = second;
    EXPECT_THAT(world.texts(until), ElementsAre("word one")) << "exclusive";
    SearchQuery later = world.query("word");
    later.since = Timestamp(2'000'000'000'000'000);
    EXPECT_THAT(world.texts(later), IsEmpty());
}

TEST(SearchIndex, TakesUsersForNoScope) {
    SearchWorld world;
    world.say(hall, anna, "look in " + to_text(yard) + " Y1970");
    world.say(yard, boris, "hello");
    world.caught_up();
    EXPECT_THAT(world.texts(to_text(hall)), IsEmpty());
    EXPECT_EQ(world.texts(to_text(yard)).size(), 1u) << "the text that has it";
    EXPECT_EQ(world.texts("y1970").size(), 1u);
    EXPECT_THAT(world.texts("\x01" + to_text(hall)), IsEmpty());
}

TEST(SearchIndex, AnswersEveryOperatorAndQuote) {
    SearchWorld world;
    world.say(hall, anna, "a OR b near c");
    world.caught_up();
    for (const char* const words :
         {"\"",
          "\"\"",
          "\"\"\"",
          "*",
          "a*",
          "^a",
          "-a",
          "a AND",
          "OR",
          "NOT",
          "NEAR(a b, 2)",
          "document:a",
          "{document}:a",
          "a + b",
          "(a",
          "a)",
          "'",
          "a\\",
          ";",
          "--",
          "%",
          "a\"b",
          "\" OR \"",
          "\"a\" NOT \"b\"",
          "rank:x",
          "\x01",
          "\x02",
          "🎉",
          "\xc2\xa0"})
        static_cast<void>(world.texts(words));  // a failure to answer fails the test
    EXPECT_EQ(world.texts("a*").size(), 1u);
    EXPECT_EQ(world.texts("a NOT b").size(), 0u) << "no operator, but a word that is not there";
    EXPECT_EQ(world.texts("or").size(), 1u);
}

TEST(SearchIndex, FollowsEditsAndDeletions) {
    SearchWorld world;
    const Version first = world.say(hall, anna, "old words");
    const Version second = world.say(hall, anna, "other words");
    world.caught_up();
    world.edit(hall, first, "new words");
    world.remove(hall, second);
    world.caught_up();
    EXPECT_THAT(world.texts("old"), IsEmpty());
    EXPECT_THAT(world.texts("words"), ElementsAre("new words"));
    world.edit(hall, first, "newest words");
    world.remove(hall, first);
    world.caught_up();
    EXPECT_THAT(world.texts("words"), IsEmpty());
}

TEST(SearchIndex, FindsATextThatAnEditGaveToAMessageWithoutOne) {
    SearchWorld world;
    world.scribe().write(stream_of(hall), boris, {RoomEvent(MessageSent{})});
    const Version seq = world.scribe().written().back().version;
    ASSERT_TRUE(world.scribe().commit());
    world.edit(hall, seq, "a caption");
    world.caught_up();
    SearchQuery by_boris = world.query("caption");
    by_boris.from = boris;
    EXPECT_THAT(world.texts(by_boris), ElementsAre("a caption"));
}

TEST(SearchIndex, LeavesOutWhatHasChangedSinceItLooked) {
    SearchWorld world;
    const Version first = world.say(hall, anna, "apple pie");
    const Version second = world.say(hall, anna, "apple tart");
    const Version third = world.say(hall, anna, "apple cake");
    world.caught_up();
    world.show(hall, first, std::nullopt);
    world.show(hall, second, "pear tart");
    world.show(hall, third, "Apple crumble");
    EXPECT_THAT(world.texts("apple"), ElementsAre("Apple crumble"));
}

TEST(SearchIndex, WalksBackPageByPage) {
    SearchWorld world;
    std::vector<std::string> wanted;
    for (int i = 0; i < 25; ++i) {
        world.say(i % 2 == 0 ? hall : yard, anna, "page " + std::to_string(i));
        wanted.insert(wanted.begin(), "page " + std::to_string(i));
    }
    world.caught_up();
    std::vector<std::string> found;
    SearchQuery query = world.query("page");
    query.limit = 4;
    for (int pages = 0; pages < 10; ++pages) {
        for (const std::string& text : world.texts(query)) found.push_back(text);
        query.before = world.page(query).next;
        if (!query.before) break;
    }
    EXPECT_EQ(found, wanted);
}

TEST(SearchIndex, AsksWhoMaySee) {
    SearchWorld world;
    world.say(hall, anna, "secret one");
    world.say(hall, anna, "secret two");
    world.caught_up();
    SearchView view = world.view();
    view.may_see = [](const RoomId&, Version seq) { return seq == Version(2); };
    const auto deadline = SearchReader::Clock::now() + std::chrono::minutes(1);
    const auto found = world.index().find(world.query("secret"), view, deadline);
    ASSERT_TRUE(found);
    ASSERT_EQ(found->hits.size(), 1u);
    EXPECT_EQ(found->hits[0].seq, Version(2));
}

TEST(SearchIndex, LooksIntoMoreRoomsThanOneExpressionTakes) {
    SearchWorld world;
    std::vector<RoomId> rooms;
    for (std::uint64_t i = 1; i <= 450; ++i) rooms.push_back(numbered_id<RoomId>(1'000 + i));
    for (int round = 0; round < 6; ++round)
        for (const RoomId& room : rooms)
            world.scribe().write(stream_of(room), anna, {sent("common")});
    // Nobody's rooms, newer than all of those.
    for (std::uint64_t i = 0; i < 2'500; ++i)
        world.scribe().write(
            stream_of(numbered_id<RoomId>(9'000 + i % 3)), boris, {sent("common")}
        );
    ASSERT_TRUE(world.scribe().commit());
    world.caught_up();
    SearchView view = world.view();
    view.text_now = [](const SearchHit&) {
        return StoreResult<std::optional<std::string>>("common");
    };
    SearchQuery query = world.query("common");
    query.rooms = rooms;
    query.limit = 200;
    std::vector<Position> found;
    do {
        const auto page =
            world.index().find(query, view, SearchReader::Clock::now() + std::chrono::minutes(1));
        ASSERT_TRUE(page);
        for (const SearchHit& hit : page->hits) found.push_back(hit.position);
        query.before = page->next;
    } while (query.before);
    ASSERT_EQ(found.size(), 2'700u);
    for (std::size_t i = 0; i < found.size(); ++i) ASSERT_EQ(found[i], Position(2'700 - i));
}

TEST(SearchIndex, LooksBehindTheNewerMessagesOfOtherRooms) {
    SearchWorld world;
    world.say(yard, anna, "common, and the oldest");
    for (int i = 0; i < 3; ++i) world.say(hall, anna, "common in the hall");
    for (int i = 0; i < 200; ++i)
        world.scribe().write(stream_of(numbered_id<RoomId>(9'000)), boris, {sent("common")});
    world.say(yard, anna, "common, and the newest");
    world.caught_up();
    SearchQuery query = world.query("common");
    query.rooms = {yard};
    EXPECT_THAT(
        world.texts(query), ElementsAre("common, and the newest", "common, and the oldest")
    );
    EXPECT_EQ(world.page(query).next, std::nullopt);
    query.limit = 1;
    EXPECT_THAT(world.texts(query), ElementsAre("common, and the newest"));
    query.before = world.page(query).next;
    EXPECT_THAT(world.texts(query), ElementsAre("common, and the oldest"));
}

TEST(SearchIndex, TimesOutAtItsDeadlineAndFindsAgainAfterwards) {
    SearchWorld world;
    for (int i = 0; i < 200; ++i) world.say(hall, anna, "tick " + std::to_string(i));
    world.caught_up();
    // A clock that runs a second with every look at it.
    auto now = std::make_shared<SearchReader::Clock::time_point>();
    auto reader =
        SearchReader::open(world.file(), [now] { return *now += std::chrono::seconds(1); });
    ASSERT_TRUE(reader);
    SearchQuery query = world.query("tick");
    query.limit = 200;
    const auto late = (*reader)->find(query, world.view(), *now + std::chrono::seconds(100));
    ASSERT_FALSE(late);
    EXPECT_EQ(late.error().fault, SearchFault::timed_out);
    const auto past = (*reader)->find(query, world.view(), *now);
    ASSERT_FALSE(past);
    EXPECT_EQ(past.error().fault, SearchFault::timed_out);
    const auto patient = (*reader)->find(query, world.view(), *now + std::chrono::hours(1));
    ASSERT_TRUE(patient);
    EXPECT_EQ(patient->hits.size(), 200u);
}

TEST(SearchIndex, GoesOnFromItsCheckpointAfterARestart) {
    SearchWorld world;
    world.say(hall, anna, "before");
    world.caught_up();
    world.stop();
    world.say(hall, anna, "meanwhile");
    world.start();
    world.caught_up();
    EXPECT_THAT(world.texts("before"), ElementsAre("before"));
    EXPECT_THAT(world.texts("meanwhile"), ElementsAre("meanwhile"));
    EXPECT_THAT(world.reports(), IsEmpty());
}

TEST(SearchIndex, IsBuiltAnewWhenItsFileIsGoneOrDamagedOrOfAnotherLog) {
    SearchWorld world;
    world.say(hall, anna, "kept in the log");
    world.caught_up();
    world.stop();
    ASSERT_TRUE(remove_search_file(world.file()));
    world.start();
    EXPECT_THAT(world.caught_up().texts("kept"), ElementsAre("kept in the log"));
    EXPECT_THAT(world.reports(), IsEmpty());

    world.stop();
    std::ofstream(world.file(), std::ios::trunc) << std::string(20'000, 'x');
    world.start();
    EXPECT_THAT(world.caught_up().texts("kept"), ElementsAre("kept in the log"));
    EXPECT_THAT(world.reports(), ElementsAre(HasSubstr("built anew")));

    world.stop();
    world.begin_log(2);
    world.say(hall, anna, "another story");
    world.start();
    EXPECT_THAT(world.caught_up().texts("story"), ElementsAre("another story"));
    EXPECT_THAT(world.texts("kept"), IsEmpty());
    EXPECT_THAT(world.reports().back(), HasSubstr("another log"));
}

TEST(SearchIndex, FindsTheSameWhetherItFollowedOrWasBuiltAnew) {
    const std::vector<std::string> words{"red", "green", "北", "京", "blue"};
    SearchWorld world;
    std::mt19937 random(5);
    std::vector<std::pair<RoomId, Version>> live;
    for (int step = 0; step < 300; ++step) {
        const std::string text = words[random() % 5] + ' ' + words[random() % 5];
        const auto kind = random() % 4;
        const std::size_t which = live.empty() ? 0 : random() % live.size();
        if (kind < 2 || live.empty()) {
            const RoomId room = random() % 2 == 0 ? hall : yard;
            live.emplace_back(room, world.say(room, random() % 2 == 0 ? anna : boris, text));
        } else if (kind == 2) {
            world.edit(live[which].first, live[which].second, text);
        } else {
            world.remove(live[which].first, live[which].second);
            live.erase(live.begin() + static_cast<std::ptrdiff_t>(which));
        }
        if (step % 7 == 0) world.caught_up();
    }
    const auto found = [&] {
        std::vector<std::vector<std::string>> all;
        for (const std::string& one : words)
            for (const std::string& other : words) {
                SearchQuery query = world.query(one + ' ' + other);
                query.limit = 200;
                all.push_back(world.texts(query));
            }
        return all;
    };
    world.caught_up();
    const auto followed = found();
    world.stop();
    ASSERT_TRUE(remove_search_file(world.file()));
    world.start();
    world.caught_up();
    EXPECT_EQ(found(), followed);
    SearchQuery every = world.query("red");
    every.limit = 200;
    EXPECT_GT(world.texts(every).size(), 20u);
}

TEST(SearchStore, LeavesNothingOfATransactionThatWasNotCommitted) {
    TemporaryFolder folder;
    const auto file = folder.path() / "search.sqlite";
    const IndexedMessage first{Position(1), hall, Version(1), anna, Timestamp(), "first words"};
    IndexedMessage second = first;
    second.position = Position(2);
    const ViewCheckpoint checkpoint{
        .position = Position(1), .epoch = {}, .leaf = {}, .schema = SearchStore::schema};
    {
        const auto store = *SearchStore::open(file);
        ASSERT_TRUE(store->begin());
        ASSERT_TRUE(store->put(first));
        ASSERT_TRUE(store->commit(checkpoint));
        ASSERT_TRUE(store->begin());
        ASSERT_TRUE(store->put(second));
        ASSERT_TRUE(store->take(Position(1)));
    }
    const auto store = *SearchStore::open(file);
    EXPECT_EQ(*store->checkpoint(), checkpoint);
    EXPECT_EQ(*store->positions_of(anna), std::vector<Position>{Position(1)});
    EXPECT_EQ((*store->take(Position(1)))->text, "first words");
}

TEST(SearchStore, LeavesNoByteOfWhatWasTakenOnceScrubbed) {
    TemporaryFolder folder;
    const auto file = folder.path() / "search.sqlite";
    const auto store = *SearchStore::open(file);
    const ViewCheckpoint checkpoint{
        .position = Position(1), .epoch = {}, .leaf = {}, .schema = SearchStore::schema};
    for (std::uint64_t i = 1; i <= 400; ++i) {
        ASSERT_TRUE(store->begin());
        const std::string text = i == 200 ? "xylophonist speaks" : "word" + std::to_string(i);
        const UserId by = i == 200 ? boris : anna;
        ASSERT_TRUE(store->put({Position(i), hall, Version(i), by, Timestamp(), text}));
        ASSERT_TRUE(store->commit(checkpoint));
    }
    ASSERT_TRUE(store->begin());
    ASSERT_TRUE(store->take(Position(200)));
    ASSERT_TRUE(store->ask_for_scrub());
    ASSERT_TRUE(store->commit(checkpoint));
    EXPECT_TRUE(*store->needs_scrub());
    EXPECT_TRUE(*store->scrub());
    EXPECT_FALSE(*store->needs_scrub());
    for (const char* const suffix : {"", "-wal"}) {
        const std::string bytes = bytes_of(file.string() + suffix);
        for (const char* const part : {"xylophonist", "ylophonist", "speaks"})
            EXPECT_EQ(bytes.find(part), std::string::npos) << part << " in " << suffix;
    }
    EXPECT_NE(bytes_of(file).find("word399"), std::string::npos);
}

TEST(SearchIndex, DestroysTheTextsOfAUserAndOfDestroyedMessages) {
    SearchWorld world;
    world.say(hall, boris, "boris was here");
    const Version gone = world.say(hall, anna, "anna regrets");
    world.say(hall, anna, "anna stays here");
    world.destroy(hall, gone);
    world.caught_up();
    EXPECT_THAT(world.texts("regrets"), IsEmpty());
    world.erase(boris);
    world.caught_up();
    EXPECT_THAT(world.texts("here"), ElementsAre("anna stays here"));
}

TEST(SearchIndex, DestroysTheTextsOfExpiredMessagesOfTheirRoomAlone) {
    SearchWorld world;
    const Version last = world.say(hall, boris, "hall was here");
    world.say(yard, boris, "yard stays here");
    world.say(hall, boris, "hall stays here");
    world.expire(hall, last);
    world.caught_up();
    EXPECT_THAT(world.texts("here"), ElementsAre("hall stays here", "yard stays here"));
}

TEST(SearchIndex, TellsWhenNoByteIsLeftOfWhatWasDestroyed) {
    SearchWorld world;
    world.say(hall, boris, "xylophonist");
    world.say(hall, anna, "stays");
    world.caught_up();
    world.erase(boris);
    std::promise<void> clean;
    world.index().when_clean(world.head(), [&] { clean.set_value(); });
    clean.get_future().get();
    for (const char* const suffix : {"", "-wal"})
        EXPECT_EQ(bytes_of(world.file().string() + suffix).find("ylophonis"), std::string::npos);
}

}  // namespace

}  // namespace verbatim::testing
