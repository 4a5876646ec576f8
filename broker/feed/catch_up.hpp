#pragma once

#include "broker/feed/frames.hpp"
#include "broker/feed/merge_sources.hpp"
#include "broker/feed/recipient.hpp"
#include "eventstore/event_log.hpp"
#include "projections/views.hpp"

#include <memory>
#include <vector>

namespace verbatim::feed {

// What a resumed feed has missed, read in bounded pieces: the streams of its user's stays in rooms,
// its account, its reader and the notices about it, merged by position. Never a scan of the log
// (but for scope=all). What is held does not grow with what was missed.
//
// Why the result is what the feed would have received live: live, an event goes to a user exactly
// if it lies in one of its stays in that room (both ends included), is of its own account or reader
// stream, or names it as the subject of an invitation or ban (Hub). Those are the sources here. The
// memberships view keeps all stays ever, so they can be asked for after the fact. Each round reads
// (reached, target]; a stay that begins after `target` has nothing in it, one that ends after it is
// cut at it: so a view that is ahead of `target` gives the same answer.
//
// Threads: one call at a time, from any.
class CatchUp {
public:
    // `log` and `views` must outlive it. Begins after `after`.
    CatchUp(
        const EventLog& log, const Views& views, const UserId& user, FeedScope scope, Position after
    );

    // Begins a round that ends at `target`.
    // Requires: the last round is over; target >= reached(); log and views show `target`.
    void aim(Position target);

    struct Step {
        SharedFrames frames;  // null: there were none
        bool over = false;    // the round is
    };
    // The next piece. Errors: those of log and views; the feed then has to end.
    [[nodiscard]] StoreResult<Step> step();

    // The end of the last round that is over, or where it began.
    [[nodiscard]] Position reached() const { return reached_; }

private:
    enum class Stage { idle, listing, opening, merging };

    [[nodiscard]] StoreResult<void> list_sources();
    [[nodiscard]] StoreResult<void> open_some();
    [[nodiscard]] StoreResult<void> merge_some(Frames& frames);
    [[nodiscard]] StoreResult<void> scan_some(Frames& frames);
    [[nodiscard]] StoreResult<void> emit(const RecordedEvent& event, Frames& frames);
    [[nodiscard]] StoreResult<bool> is_deleted_now(const RecordedEvent& event) const;
    [[nodiscard]] bool is_full(const Frames& frames, std::size_t examined) const;
    void end_round();

    const EventLog& log_;
    const Views& views_;
    const UserId user_;
    const FeedScope scope_;
    Position reached_;
    Position target_;
    Position emitted_;  // everything at or before it has been merged
    Stage stage_ = Stage::idle;
    std::vector<MembershipSpan> spans_;
    std::size_t opened_ = 0;  // of spans_
    MergeSources sources_;
};

}  // namespace verbatim::feed
