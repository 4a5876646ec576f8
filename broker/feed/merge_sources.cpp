#include "broker/feed/merge_sources.hpp"

#include "broker/feed/bounds.hpp"
#include "domain/invariant.hpp"

#include <algorithm>
#include <utility>

namespace verbatim::feed {
namespace {

Version before(Version version) {
    return Version(version.value() - 1);
}

}  // namespace

MergeSources::MergeSources(const EventLog& log, const Memberships& memberships, const UserId& user)
    : log_(log), memberships_(memberships), user_(user) {}

void MergeSources::clear() {
    heap_ = {};
}

StoreResult<void> MergeSources::add_stream(
    const StreamId& stream, Version first, Version last, Position target
) {
    if (last != Version() && first > last) return {};
    const auto position = log_.position_of(stream, first);
    if (!position) return failure(position.error());
    if (!*position || **position > target) return {};
    heap_.push_back(
        {.next = **position, .target = target, .stream = stream, .version = first, .last = last}
    );
    std::ranges::push_heap(heap_, is_later);
    return {};
}

StoreResult<void> MergeSources::add_notices(Position after, Position target) {
    Source source{.next = after, .target = target};
    const auto found = advance(source);
    if (!found) return failure(found.error());
    if (!*found) return {};
    heap_.push_back(std::move(source));
    std::ranges::push_heap(heap_, is_later);
    return {};
}

std::optional<Position> MergeSources::peek() const {
    if (heap_.empty()) return std::nullopt;
    return heap_.front().next;
}

StoreResult<RecordedEvent> MergeSources::take() {
    auto taken = take_or_skip(true);
    if (!taken) return failure(taken.error());
    return std::move(**taken);
}

StoreResult<void> MergeSources::skip() {
    const auto skipped = take_or_skip(false);
    if (!skipped) return failure(skipped.error());
    return {};
}

StoreResult<std::optional<RecordedEvent>> MergeSources::take_or_skip(bool wanted) {
    std::ranges::pop_heap(heap_, is_later);
    Source& source = heap_.back();
    std::optional<RecordedEvent> taken;
    if (source.stream) {
        if (source.events.empty()) {
            const auto filled = fill(source);
            if (!filled) return failure(filled.error());
        }
        invariant(source.events.front().position == source.next, "a stream keeps its positions");
        taken = std::move(source.events.front());
        source.events.pop_front();
    } else if (wanted) {
        auto event = log_.read(source.next);
        if (!event) return failure(event.error());
        taken = std::move(*event);
    }
    const auto more = advance(source);
    if (!more) return failure(more.error());
    if (*more)
        std::ranges::push_heap(heap_, is_later);
    else
        heap_.pop_back();
    return taken;
}

StoreResult<bool> MergeSources::advance(Source& source) const {
    if (!source.stream) {
        if (source.notices.empty()) {
            const auto notices =
                memberships_.notices(user_, source.next, bounds::source_events_max);
            if (!notices) return failure(notices.error());
            for (const SubjectNotice& notice : *notices) source.notices.push_back(notice.position);
        }
        if (source.notices.empty() || source.notices.front() > source.target) return false;
        source.next = source.notices.front();
        source.notices.pop_front();
        return true;
    }
    source.version = source.version.next();
    if (source.last != Version() && source.version > source.last) return false;
    if (!source.events.empty()) {
        source.next = source.events.front().position;
    } else {
        const auto position = log_.position_of(*source.stream, source.version);
        if (!position) return failure(position.error());
        if (!*position) return false;
        source.next = **position;
    }
    return source.next <= source.target;
}

StoreResult<void> MergeSources::fill(Source& source) const {
    const auto cursor = log_.read_stream(*source.stream, before(source.version));
    std::size_t bytes = 0;
    const std::size_t events_max = events_per_source();
    while (source.events.size() < events_max && bytes < bounds::step_bytes_max) {
        auto event = cursor->next();
        if (!event) return failure(event.error());
        if (!*event || (*event)->position > source.target) break;
        if (const auto* const room_event = std::get_if<RoomEvent>(&(*event)->event)) {
            if (const auto* const sent = std::get_if<MessageSent>(room_event))
                bytes += sent->text.value_or("").size();
        }
        source.events.push_back(std::move(**event));
    }
    if (source.events.empty()) {
        return failure(StoreError{
            .fault = StoreFault::missing_record,
            .position = source.next,
            .detail = "the stream's index names it, but its stream does not show it"});
    }
    return {};
}

std::size_t MergeSources::events_per_source() const {
    return std::clamp<std::size_t>(
        bounds::merge_events_max / std::max<std::size_t>(heap_.size(), 1),
        1,
        bounds::source_events_max
    );
}

}  // namespace verbatim::feed
