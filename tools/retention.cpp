// What is old enough to go: Forgetting's part with rooms' ages.
#include "tools/forgetting.hpp"

#include <algorithm>
#include <utility>

namespace verbatim {
namespace {

constexpr std::size_t rooms_per_page = 256;
constexpr std::uint64_t versions_per_look = 1'024;
constexpr std::int64_t day_us = std::int64_t{24} * 60 * 60 * 1'000'000;

}  // namespace

// Rooms in which nothing may expire: those that a hold is on, and those that somebody was ever in
// whom one is on. Rules see to those who are in it now.
StoreResult<std::unordered_set<RoomId>> Forgetting::held_rooms() const {
    const auto holds = parts_.views.holds().all();
    if (!holds) return failure(holds.error());
    std::unordered_set<RoomId> held;
    for (const HoldRow& hold : *holds) {
        if (hold.room) held.insert(*hold.room);
        if (!hold.user) continue;
        const auto spans = parts_.views.memberships().spans(*hold.user);
        if (!spans) return failure(spans.error());
        for (const MembershipSpan& span : *spans) held.insert(span.room);
    }
    return held;
}

// By log time, which never goes back: what is older is a first part of the room's sequence.
StoreResult<std::optional<PendingExpiry>> Forgetting::due_in(const RoomRow& room, Timestamp now)
    const {
    using Due = std::optional<PendingExpiry>;
    const auto days = room.retention_days ? room.retention_days : options_.retention_days;
    if (!days) return Due();
    const Timestamp oldest_kept(now.microseconds() - std::int64_t{*days} * day_us);
    const auto kept_from = parts_.log.first_position_since(oldest_kept);
    if (!kept_from) return failure(kept_from.error());
    const Position last_gone(kept_from->value() - 1);
    const auto kept_version = parts_.log.first_version_after(stream_of(room.room), last_gone);
    if (!kept_version) return failure(kept_version.error());
    const auto expiry = parts_.log.expiry_of(room.room);
    if (!expiry) return failure(expiry.error());
    const Version up_to(kept_version->value() - 1);
    if (up_to <= expiry->up_to) return Due();
    // Up to the last message, so that nothing is recorded where only members came and went.
    Version last;
    for (Version at = expiry->up_to; at < up_to;) {
        const Version to(std::min(at.value() + versions_per_look, up_to.value()));
        const auto texts = parts_.log.texts_of_messages(room.room, at, to);
        if (!texts) return failure(texts.error());
        if (!texts->empty()) last = to;
        at = to;
    }
    if (last == Version()) return Due();
    return Due(PendingExpiry{room.room, expiry->up_to, last});
}

StoreResult<std::vector<PendingExpiry>> Forgetting::find_due() const {
    const auto held = held_rooms();
    if (!held) return failure(held.error());
    const Timestamp now = options_.clock();
    std::vector<PendingExpiry> due;
    for (RoomId after;;) {
        const auto rooms = parts_.views.rooms().all(after, rooms_per_page);
        if (!rooms) return failure(rooms.error());
        if (rooms->empty() || is_stopping_) return due;
        for (const RoomRow& room : *rooms) {
            if (held->contains(room.room)) continue;
            auto found = due_in(room, now);
            if (!found) return failure(found.error());
            if (*found) due.push_back(**found);
        }
        after = rooms->back().room;
    }
}

StoreResult<void> Forgetting::expire_what_is_due() {
    const Position looked_at = parts_.views.position();
    const auto due = find_due();
    if (!due) return failure(due.error());
    for (const PendingExpiry& expiry : *due) {
        if (auto begun = begin(ForgettingStep::expire); !begun) return begun;
        // A hold that was set meanwhile refuses it, which is as it should be.
        const auto refused = submit(
            stream_of(expiry.room),
            RoomCommand(ExpireContents{.up_to = expiry.up_to, .holds_as_of = looked_at})
        );
        if (!refused) return failure(refused.error());
    }
    return {};
}

StoreResult<DueExpiry> Forgetting::measure(const PendingExpiry& span) const {
    DueExpiry due{.span = span};
    for (Version at = span.after; at < span.up_to;) {
        const Version to(std::min(at.value() + versions_per_look, span.up_to.value()));
        const auto texts = parts_.log.texts_of_messages(span.room, at, to);
        if (!texts) return failure(texts.error());
        for (const Position position : *texts) {
            const auto stored = parts_.log.read_stored(position);
            if (!stored) return failure(stored.error());
            std::uint64_t bytes = 0;
            for (const auto& content : stored->contents)
                if (content) bytes += content->bytes.size();
            if (bytes == 0) continue;
            const auto event = parts_.log.read(position);
            if (!event) return failure(event.error());
            due.bytes += bytes;
            if (!std::holds_alternative<MessageSent>(std::get<RoomEvent>(event->event))) continue;
            if (due.messages++ == 0) due.oldest = event->at;
            due.newest = event->at;
        }
        at = to;
    }
    return due;
}

StoreResult<std::vector<DueExpiry>> Forgetting::due_expiries() const {
    const auto spans = find_due();
    if (!spans) return failure(spans.error());
    std::vector<DueExpiry> due;
    for (const PendingExpiry& span : *spans) {
        auto measured = measure(span);
        if (!measured) return failure(measured.error());
        due.push_back(*measured);
    }
    return due;
}

}  // namespace verbatim
