#include "broker/feed/delivery_runs.hpp"
#include "broker/feed/feed_request.hpp"
#include "broker/feed/frames.hpp"
#include "broker/feed/outbound_queue.hpp"
#include "broker/feed/pending_batches.hpp"
#include "domain/type_id.hpp"
#include "tests/support/log_scribe.hpp"

#include <gtest/gtest.h>
#include <string>
#include <vector>

// The feed's parts that need no socket.
namespace verbatim::feed {
namespace {

SharedFrames frames_of(const std::string& bytes) {
    return std::make_shared<const Frames>(Frames{.bytes = bytes, .count = 1});
}

// What a run's receivers are given, as one text.
std::string text_of(DeliveryRuns& runs, DeliveryRuns::Run run) {
    std::vector<SharedFrames> pieces;
    runs.append_to(run, pieces);
    std::string text;
    for (const auto& piece : pieces) text += piece->bytes;
    return text;
}

TEST(Frames, AreWrittenWithTheShortestLength) {
    const auto head = [](std::size_t size) {
        const std::string bytes = text_frame(std::string(size, 'x'))->bytes;
        return bytes.substr(0, bytes.size() - size);
    };
    EXPECT_EQ(head(0), std::string("\x81\x00", 2));
    EXPECT_EQ(head(125), std::string("\x81\x7d", 2));
    EXPECT_EQ(head(126), std::string("\x81\x7e\x00\x7e", 4));
    EXPECT_EQ(head(65'535), std::string("\x81\x7e\xff\xff", 4));
    EXPECT_EQ(head(65'536), std::string("\x81\x7f\0\0\0\0\0\x01\0\0", 10));
}

TEST(Frames, CloseWithCodeAndReason) {
    EXPECT_EQ(close_frame(CloseCode::too_slow, "slow")->bytes, "\x88\x06\x11\x38slow");
}

TEST(OutboundQueue, GathersConsumesAndForgetsWhatLeft) {
    OutboundQueue queue;
    queue.push(frames_of("abc"));
    queue.push(frames_of("defg"));
    iovec parts[4];
    ASSERT_EQ(queue.gather(parts, 4, 100), 2u);
    EXPECT_EQ(queue.bytes(), 7u);
    queue.consume(4);
    EXPECT_EQ(queue.bytes(), 3u);
    EXPECT_EQ(queue.frames(), 1u);
    ASSERT_EQ(queue.gather(parts, 4, 100), 1u);
    EXPECT_EQ(std::string(static_cast<char*>(parts[0].iov_base), parts[0].iov_len), "efg");
    queue.consume(3);
    EXPECT_TRUE(queue.empty());
    EXPECT_EQ(queue.frames(), 0u);
}

TEST(OutboundQueue, LetsUrgentFramesPassOnlyWhatHasNotBegunToLeave) {
    OutboundQueue queue;
    queue.push(frames_of("abc"));
    queue.push(frames_of("def"));
    queue.consume(1);
    queue.push_urgent(frames_of("!"));
    iovec parts[4];
    ASSERT_EQ(queue.gather(parts, 4, 100), 3u);
    EXPECT_EQ(std::string(static_cast<char*>(parts[1].iov_base), parts[1].iov_len), "!");
}

TEST(OutboundQueue, KeepsWhatHasBegunToLeaveWhenItIsDropped) {
    OutboundQueue queue;
    queue.push(frames_of("abc"));
    queue.push(frames_of("def"));
    queue.consume(1);
    queue.drop_unbegun();
    EXPECT_EQ(queue.bytes(), 2u);
    queue.consume(2);
    queue.push(frames_of("xyz"));
    queue.drop_unbegun();
    EXPECT_TRUE(queue.empty());
    EXPECT_EQ(queue.bytes(), 0u);
}

TEST(DeliveryRuns, JoinWhatSeveralReceiveAlikeAndShareSingleFrames) {
    DeliveryRuns runs;
    DeliveryRuns::Run a = DeliveryRuns::nothing;
    DeliveryRuns::Run b = DeliveryRuns::nothing;
    DeliveryRuns::Run c = DeliveryRuns::nothing;
    runs.begin_frame(frames_of("1"));
    a = runs.extend(a);
    EXPECT_TRUE(runs.has_current(a));
    EXPECT_FALSE(runs.has_current(b));
    b = runs.extend(b);
    runs.begin_frame(frames_of("2"));
    c = runs.extend(c);
    runs.begin_frame(frames_of("3"));
    a = runs.extend(a);
    b = runs.extend(b);
    c = runs.extend(c);
    EXPECT_EQ(a, b);
    EXPECT_NE(a, c);
    for (const auto run : {a, b, c}) runs.count_receiver(run);
    EXPECT_EQ(text_of(runs, a), "13");
    EXPECT_EQ(text_of(runs, c), "23");
    std::vector<SharedFrames> pieces;
    runs.append_to(a, pieces);
    EXPECT_EQ(pieces.size(), 1u);
    runs.append_to(c, pieces);
    EXPECT_EQ(pieces.size(), 3u);
}

TEST(FeedRequest, ReadsPathQueryAndTokens) {
    const auto wanted = read_feed_request(
        {.target = "/api/v1/feed?after=7&epoch=e%41&room=room_01h455vb4pex5vsknk084sn02q&token=t",
         .authorization = {},
         .subprotocols = "Bearer , other"}
    );
    ASSERT_TRUE(wanted.has_value());
    EXPECT_EQ(wanted->after, Position(7));
    EXPECT_EQ(wanted->epoch, "eA");
    EXPECT_EQ(wanted->rooms.size(), 1u);
    EXPECT_EQ(wanted->token, "t");
    EXPECT_TRUE(wanted->offers_bearer);
    const auto by_header =
        read_feed_request({.target = "/api/v1/feed?token=t", .authorization = "bearer h"});
    ASSERT_TRUE(by_header.has_value());
    EXPECT_EQ(by_header->token, "h");
}

TEST(FeedRequest, RefusesTooManyRooms) {
    std::string target = "/api/v1/feed?";
    for (std::size_t i = 0; i <= limits::feed_rooms_per_filter_max; ++i)
        target += "room=" + to_text(testing::numbered_id<RoomId>(i + 1)) + "&";
    EXPECT_FALSE(read_feed_request({.target = target}).has_value());
}

TEST(FeedRequest, IsWelcomeFromTheSameHostAndFromListedOrigins) {
    const std::vector<std::string> listed = {"https://chat.example"};
    for (const auto& [origin, host] : std::vector<std::pair<std::string, std::string>>{
             {"", "node:8081"},
             {"http://node:8080", "node:8081"},
             {"https://NODE", "Node:8081"},
             {"http://[::1]:8080", "[::1]:8081"},
             {"http://[::1]", "[::1]"},
             {"https://chat.example", "node:8081"}})
        EXPECT_TRUE(is_welcome_origin(origin, host, listed)) << origin << " at " << host;
    for (const auto& [origin, host] : std::vector<std::pair<std::string, std::string>>{
             {"null", "node:8081"},
             {"http://", ""},
             {"http://node.evil.example", "node:8081"},
             {"http://evil.example:8081", "node:8081"},
             {"http://[::2]:8080", "[::1]:8081"},
             {"http://chat.example", "node:8081"}})
        EXPECT_FALSE(is_welcome_origin(origin, host, listed)) << origin << " at " << host;
    EXPECT_TRUE(is_welcome_origin("null", "node:8081", {"*"}));
}

// Batches of one event each, as the sequencer announces them.
std::vector<std::shared_ptr<const CommittedBatch>> committed(EventLog& log, std::size_t count) {
    testing::LogScribe scribe(log);
    std::vector<std::shared_ptr<const CommittedBatch>> batches;
    const auto room = stream_of(testing::numbered_id<RoomId>(1));
    for (std::size_t i = 0; i < count; ++i) {
        scribe.write(room, testing::numbered_id<UserId>(1), {testing::sent("text")});
        EXPECT_TRUE(scribe.commit().has_value());
        batches.push_back(std::make_shared<const CommittedBatch>(CommittedBatch{
            .events = {scribe.written().back()}}));
    }
    return batches;
}

TEST(PendingBatches, ReadFromTheLogWhatTheyCouldNotHold) {
    const auto log = open_memory_event_log(testing::counted_bytes(), Uuid{}, Timestamp(1)).value();
    PendingBatches pending(*log, Position(0), 3);
    const auto batches = committed(*log, 10);
    EXPECT_TRUE(pending.add(batches[0]));
    for (std::size_t i = 1; i < 8; ++i) EXPECT_FALSE(pending.add(batches[i]));
    for (std::uint64_t position = 1; position <= 8; ++position) {
        const auto next = pending.next();
        ASSERT_TRUE(next.has_value() && *next != nullptr);
        EXPECT_EQ((*next)->position, Position(position));
    }
    // Committed but not yet announced: not shown.
    EXPECT_EQ(pending.next().value(), nullptr);
    EXPECT_TRUE(pending.add(batches[8]));
    EXPECT_FALSE(pending.add(batches[9]));
    EXPECT_EQ(pending.next().value()->position, Position(9));
    EXPECT_EQ(pending.next().value()->position, Position(10));
    EXPECT_EQ(pending.next().value(), nullptr);
}

}  // namespace
}  // namespace verbatim::feed
