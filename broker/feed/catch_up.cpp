#include "broker/feed/catch_up.hpp"

#include "broker/feed/bounds.hpp"
#include "domain/invariant.hpp"
#include "protocol/envelope_json.hpp"

#include <utility>

namespace verbatim::feed {
namespace {

bool is_admitted(const FeedScope& scope, const RecordedEvent& event) {
    switch (event.stream.kind) {
        case StreamKind::room: return scope.admits(RoomId(event.stream.id));
        case StreamKind::account:
        case StreamKind::server: return scope.admits_account();
        case StreamKind::reader:
            return scope.admits(std::get<RoomRead>(std::get<ReaderEvent>(event.event)).room);
    }
    broken_invariant("every StreamKind is listed above");
}

}  // namespace

CatchUp::CatchUp(
    const EventLog& log, const Views& views, const UserId& user, FeedScope scope, Position after
)
    : log_(log),
      views_(views),
      user_(user),
      scope_(std::move(scope)),
      reached_(after),
      target_(after),
      emitted_(after),
      sources_(log, views.memberships(), user) {}

void CatchUp::aim(Position target) {
    invariant(stage_ == Stage::idle && target >= reached_, "rounds follow each other");
    target_ = target;
    stage_ = scope_.everything ? Stage::merging : Stage::listing;
}

StoreResult<CatchUp::Step> CatchUp::step() {
    auto frames = std::make_shared<Frames>();
    StoreResult<void> done;
    switch (stage_) {
        case Stage::idle: break;
        case Stage::listing: done = list_sources(); break;
        case Stage::opening: done = open_some(); break;
        case Stage::merging:
            done = scope_.everything ? scan_some(*frames) : merge_some(*frames);
            break;
    }
    if (!done) return failure(done.error());
    Step step{.frames = nullptr, .over = stage_ == Stage::idle};
    if (frames->count > 0) step.frames = std::move(frames);
    return step;
}

StoreResult<void> CatchUp::list_sources() {
    auto spans = views_.memberships().spans(user_);
    if (!spans) return failure(spans.error());
    std::erase_if(*spans, [&](const MembershipSpan& span) {
        return !scope_.admits(span.room) || span.joined > target_ ||
               (span.left != Position() && span.left <= reached_);
    });
    spans_ = std::move(*spans);
    opened_ = 0;
    sources_.clear();
    for (const StreamId& stream : {stream_of(user_), reader_stream_of(user_)}) {
        if (stream.kind == StreamKind::account && !scope_.admits_account()) continue;
        const auto first = log_.first_version_after(stream, reached_);
        if (!first) return failure(first.error());
        const auto added = sources_.add_stream(stream, *first, Version(), target_);
        if (!added) return failure(added.error());
    }
    stage_ = Stage::opening;
    return sources_.add_notices(reached_, target_);
}

// Thousands of rooms are opened some at a time; most have nothing new and cost one look.
StoreResult<void> CatchUp::open_some() {
    for (std::size_t i = 0; i < bounds::step_rooms_opened_max && opened_ < spans_.size(); ++i) {
        const MembershipSpan& span = spans_[opened_++];
        const auto head = views_.rooms().head(span.room);
        if (!head) return failure(head.error());
        if (head->position <= reached_) continue;
        const StreamId stream = stream_of(span.room);
        Version first = span.joined_seq;
        if (span.joined <= reached_) {
            const auto after = log_.first_version_after(stream, reached_);
            if (!after) return failure(after.error());
            first = *after;
        }
        auto added = sources_.add_stream(stream, first, span.left_seq, target_);
        if (!added) return added;
    }
    if (opened_ < spans_.size()) return {};
    spans_ = {};
    stage_ = Stage::merging;
    return {};
}

bool CatchUp::is_full(const Frames& frames, std::size_t examined) const {
    return examined >= bounds::step_events_max || frames.bytes.size() >= bounds::step_bytes_max;
}

StoreResult<void> CatchUp::merge_some(Frames& frames) {
    for (std::size_t examined = 0; !is_full(frames, examined); ++examined) {
        const auto next = sources_.peek();
        if (!next) {
            end_round();
            return {};
        }
        if (*next <= emitted_) {  // its second source
            auto skipped = sources_.skip();
            if (!skipped) return skipped;
            continue;
        }
        const auto event = sources_.take();
        if (!event) return failure(event.error());
        auto emitted = emit(*event, frames);
        if (!emitted) return emitted;
    }
    return {};
}

// The cursor is not kept from step to step: a slow reader would pin the log's files.
StoreResult<void> CatchUp::scan_some(Frames& frames) {
    const auto cursor = log_.read_all(emitted_);
    for (std::size_t examined = 0; !is_full(frames, examined); ++examined) {
        if (emitted_ == target_) {
            end_round();
            return {};
        }
        const auto event = cursor->next();
        if (!event) return failure(event.error());
        if (!*event) {
            return failure(StoreError{
                .fault = StoreFault::missing_record,
                .position = emitted_.next(),
                .detail = "the log ends before its head"});
        }
        auto emitted = emit(**event, frames);
        if (!emitted) return emitted;
    }
    return {};
}

StoreResult<void> CatchUp::emit(const RecordedEvent& event, Frames& frames) {
    emitted_ = event.position;
    if (!is_admitted(scope_, event)) return {};
    // Auditors read what was deleted; to others it is gone, as in history.
    if (!scope_.everything) {
        const auto deleted = is_deleted_now(event);
        if (!deleted) return failure(deleted.error());
        if (*deleted) {
            append_event_frame(frames.bytes, without_contents(event));
            ++frames.count;
            return {};
        }
    }
    append_event_frame(frames.bytes, event);
    ++frames.count;
    return {};
}

StoreResult<bool> CatchUp::is_deleted_now(const RecordedEvent& event) const {
    const auto* const room_event = std::get_if<RoomEvent>(&event.event);
    if (room_event == nullptr) return false;
    Version seq;
    if (std::holds_alternative<MessageSent>(*room_event))
        seq = event.version;
    else if (const auto* const edited = std::get_if<MessageEdited>(room_event))
        seq = edited->seq;
    else
        return false;
    const auto cursor = log_.read_message(RoomId(event.stream.id), seq);
    while (true) {
        const auto next = cursor->next();
        if (!next) return failure(next.error());
        if (!*next) return false;
        const auto* const about = std::get_if<RoomEvent>(&(*next)->event);
        if (about != nullptr && std::holds_alternative<MessageDeleted>(*about)) return true;
    }
}

void CatchUp::end_round() {
    sources_.clear();
    stage_ = Stage::idle;
    reached_ = target_;
    emitted_ = target_;
}

}  // namespace verbatim::feed
