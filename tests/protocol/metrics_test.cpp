#include "protocol/metrics.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace verbatim::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(Metrics, CountsRequestsByMethodRouteAndStatus) {
    Metrics metrics;
    metrics.request_done("GET", "/api/v1/rooms/{room_id}", 200, 1'500);
    metrics.request_done("GET", "/api/v1/rooms/{room_id}", 200, 1'500);
    metrics.request_done("GET", "/api/v1/rooms/{room_id}", 404, 300);
    const std::string text = metrics.text();
    EXPECT_THAT(
        text,
        HasSubstr(R"(verbatim_http_requests_total{method="GET",route="/api/v1/rooms/{room_id}",)"
                  R"(status="200"} 2)")
    );
    EXPECT_THAT(text, HasSubstr(R"(status="404"} 1)"));
    EXPECT_THAT(
        text, HasSubstr(R"(verbatim_http_request_seconds_count{route="/api/v1/rooms/{room_id}"} 3)")
    );
    EXPECT_THAT(
        text,
        HasSubstr(
            R"(verbatim_http_request_seconds_bucket{route="/api/v1/rooms/{room_id}",le="0.002"} 3)"
        )
    );
}

TEST(Metrics, CountsMethodsThatNobodyKnowsAsOne) {
    Metrics metrics;
    metrics.request_done("BREW", "/", 405, 1);
    metrics.request_done("WHEN", "/", 405, 1);
    EXPECT_THAT(metrics.text(), HasSubstr(R"({method="other",route="/",status="405"} 2)"));
}

TEST(Metrics, KeepsABoundedNumberOfSeries) {
    Metrics metrics;
    for (int i = 0; i < 5'000; ++i) metrics.request_done("GET", std::to_string(i), 200, 1);
    const std::string text = metrics.text();
    EXPECT_THAT(text, HasSubstr(R"(route="4095")"));
    EXPECT_THAT(text, Not(HasSubstr(R"(route="4096")")));
    EXPECT_THAT(text, HasSubstr(R"({method="other",route="other",status="200"} 904)"));
}

TEST(Metrics, ShowsWhereABatchsTimeWent) {
    Metrics metrics;
    metrics.batch_done(
        {.commands = 3,
         .events = 5,
         .bytes = 1'000,
         .queue_us = 10,
         .decide_us = 70,
         .fsync_us = 230,
         .project_us = 40}
    );
    const std::string text = metrics.text();
    EXPECT_THAT(text, HasSubstr(R"(verbatim_command_stage_seconds_sum{stage="fsync"} 0.00023)"));
    for (const char* stage : {"queue", "decide", "fsync", "project"})
        EXPECT_THAT(
            text,
            HasSubstr(
                std::string(R"(verbatim_command_stage_seconds_count{stage=")") + stage + R"("} 1)"
            )
        );
    EXPECT_THAT(text, HasSubstr("verbatim_batch_commands_sum 3"));
    EXPECT_THAT(text, HasSubstr("verbatim_batch_events_sum 5"));
    EXPECT_THAT(text, HasSubstr("verbatim_log_written_bytes_total 1000"));
}

TEST(Metrics, CountsWhatFeedsDo) {
    Metrics metrics;
    metrics.feed_frames_encoded(1);
    metrics.feed_writes(20);
    metrics.feed_deliveries(300);
    metrics.feed_closed(4408);
    metrics.feed_closed(3999);
    const std::string text = metrics.text();
    EXPECT_THAT(text, HasSubstr("verbatim_feed_frames_encoded_total 1\n"));
    EXPECT_THAT(text, HasSubstr("verbatim_feed_writes_total 20\n"));
    EXPECT_THAT(text, HasSubstr("verbatim_feed_deliveries_total 300\n"));
    EXPECT_THAT(text, HasSubstr(R"(verbatim_feed_closed_total{code="4408"} 1)"));
    EXPECT_THAT(text, HasSubstr(R"(verbatim_feed_closed_total{code="other"} 1)"));
}

TEST(Metrics, AsksForGaugesOnEachScrape) {
    Metrics metrics;
    std::uint64_t position = 6;
    metrics.on_scrape([&position] {
        Gauges gauges;
        gauges.log_position = ++position;
        gauges.view_position = 5;
        gauges.disk_free_bytes = 1'024;
        return gauges;
    });
    EXPECT_THAT(metrics.text(), HasSubstr("verbatim_log_position 7\n"));
    const std::string text = metrics.text();
    EXPECT_THAT(text, HasSubstr("verbatim_log_position 8\n"));
    EXPECT_THAT(text, HasSubstr("verbatim_projection_lag_events 3\n"));
    EXPECT_THAT(text, HasSubstr("verbatim_disk_free_bytes 1024\n"));
}

}  // namespace
}  // namespace verbatim::testing
