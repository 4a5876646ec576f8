#pragma once

#include "projections/views.hpp"
#include "tests/support/destroying.hpp"
#include "tests/support/faulty_storage.hpp"
#include "tests/support/log_scribe.hpp"

#include <algorithm>
#include <gtest/gtest.h>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace verbatim::testing {

inline constexpr Timestamp noon(1'700'000'000'000'000);  // 2023-11-14T22:13:20Z
inline const Uuid test_epoch = numbered_uuid(77);

// Views on memory, with their storage in hand so that a test may look at it or spoil it.
struct TestViews {
    std::shared_ptr<Storage> storage = make_memory_storage(Views::column_names().size());
    std::shared_ptr<StorageFaults> faults = std::make_shared<StorageFaults>();
    std::unique_ptr<Views> views = open();

    [[nodiscard]] std::unique_ptr<Views> open() const {
        return std::make_unique<Views>(std::make_unique<FaultyStorage>(storage, faults));
    }
    void reopen() { views = open(); }
    [[nodiscard]] static std::size_t column_of(std::string_view view) {
        const auto names = Views::names();
        return static_cast<std::size_t>(std::ranges::find(names, view) - names.begin());
    }
};

// Views that are given single events, each at its own position, a second apart.
class Story {
public:
    RecordedEvent account(const UserId& user, AccountEvent event) {
        return tell(stream_of(user), user, std::move(event));
    }
    RecordedEvent room(const RoomId& room, const UserId& by, RoomEvent event) {
        return tell(stream_of(room), by, std::move(event));
    }
    RecordedEvent server(const UserId& by, ServerEvent event) {
        return tell(server_stream, by, std::move(event));
    }
    RecordedEvent read(const UserId& user, const RoomId& room, Version up_to) {
        return tell(reader_stream_of(user), user, ReaderEvent(RoomRead{room, up_to}));
    }
    // What the next event claims about the past.
    Story& claiming(Timestamp occurred_at) {
        occurred_at_ = occurred_at;
        return *this;
    }
    [[nodiscard]] Views& views() { return *test_.views; }

private:
    RecordedEvent tell(const StreamId& stream, const UserId& by, Event event) {
        versions_[stream] = versions_[stream].next();
        const Position position = views().position().next();
        CommittedBatch batch;
        batch.events.push_back({
            .position = position,
            .stream = stream,
            .version = versions_[stream],
            .id = EventId(),
            .command = CommandId(),
            .at = Timestamp(
                noon.microseconds() + static_cast<std::int64_t>(position.value()) * 1'000'000
            ),
            .occurred_at = std::exchange(occurred_at_, std::nullopt),
            .actor = by,
            .key = std::nullopt,
            .event = std::move(event),
        });
        const auto applied = views().apply(batch, test_epoch);
        EXPECT_TRUE(applied) << (applied ? "" : describe(applied.error()));
        return batch.events.front();
    }

    TestViews test_;
    std::map<StreamId, Version> versions_;
    std::optional<Timestamp> occurred_at_;
};

// Every row of every view, without checkpoints.
using Rows = std::map<std::string, std::vector<std::pair<std::string, std::string>>>;
[[nodiscard]] inline Rows rows_of(const Views& views) {
    Rows rows;
    for (const std::string& view : Views::names()) {
        auto& of_view = rows[view];
        const auto read =
            views.for_each_row(view, [&](std::string_view key, std::string_view value) {
                of_view.emplace_back(key, value);
            });
        EXPECT_TRUE(read);
    }
    return rows;
}

// All their names, as a rebuild of all of them tells them.
[[nodiscard]] inline std::string every_view() {
    std::string names;
    for (const std::string& view : Views::names()) names += (names.empty() ? "" : ",") + view;
    return names;
}

// Where two sets of rows differ, for people; empty when they don't.
[[nodiscard]] inline std::string difference(const Rows& left, const Rows& right) {
    for (const auto& [view, rows] : left) {
        const auto& others = right.at(view);
        const auto [one, other] = std::ranges::mismatch(rows, others);
        if (one == rows.end() && other == others.end()) continue;
        return view + " differs at row " + std::to_string(one - rows.begin());
    }
    return "";
}

inline void apply_to(Views& views, std::span<const RecordedEvent> events, const Digest& leaf = {}) {
    CommittedBatch batch{{events.begin(), events.end()}, leaf};
    const auto applied = views.apply(batch, test_epoch);
    ASSERT_TRUE(applied) << describe(applied.error());
}

inline void commit(EventLog& log, std::span<const RecordedEvent> events) {
    CommitBatch batch;
    batch.events.assign(events.begin(), events.end());
    const auto committed = log.commit(log.prepare(batch));
    ASSERT_TRUE(committed) << describe(committed.error());
}

// What `events` destroy goes, from the log and from the views.
inline void forget_destroyed(EventLog& log, Views& views, std::span<const RecordedEvent> events) {
    for (const RecordedEvent& event : events) {
        const auto walk = walk_of(log, event);
        while (walk != nullptr) {
            const auto piece = walk->next();
            ASSERT_TRUE(piece) << describe(piece.error());
            if (!*piece) break;
            CommitBatch batch;
            batch.destroyed = (*piece)->destruction;
            if (batch.destroyed.empty() && (*piece)->events.empty()) continue;
            ASSERT_TRUE(log.commit(log.prepare(batch)));
            ASSERT_TRUE(views.forget((*piece)->events));
        }
    }
}

[[nodiscard]] inline std::unique_ptr<EventLog> log_of(
    std::span<const RecordedEvent> events, const Uuid& epoch = test_epoch
) {
    auto log = open_memory_event_log(counted_bytes(), epoch, noon);
    EXPECT_TRUE(log);
    commit(**log, events);
    return std::move(*log);
}

inline void catch_up(Views& views, const EventLog& log) {
    const auto caught_up = views.catch_up(log, {});
    ASSERT_TRUE(caught_up) << describe(caught_up.error());
}

}  // namespace verbatim::testing
