// What the hub tells that is no event and is never logged: typing, presence, receipts.
#include "broker/feed/bounds.hpp"
#include "broker/feed/hub.hpp"
#include "domain/limits.hpp"

#include <algorithm>
#include <optional>

namespace verbatim::feed {
namespace {

constexpr std::size_t rooms_per_look = 256;

}  // namespace

void Hub::typing(const RoomId& room, const UserId& user, bool typing) {
    const auto news = typing_.said(room, user, typing, parts_.now());
    if (!news) return;
    if (parts_.tell_others)
        parts_.tell_others(TypingSignal{.room = room, .user = user, .typing = *news});
    tell_typing(room, user, *news);
    flush_slice();
}

void Hub::heard(const SignalFrom& signal) {
    if (const auto* presence = std::get_if<PresenceSignal>(&signal.signal))
        return elsewhere_.heard(signal.node, *presence, parts_.now());
    const auto& [room, user, typing] = std::get<TypingSignal>(signal.signal);
    const auto news = typing_.said(room, user, typing, parts_.now());
    if (!news) return;
    tell_typing(room, user, *news);
    flush_slice();
}

void Hub::came_or_went(const UserId& user) {
    if (parts_.tell_others) came_or_went_.push_back(user);
}

void Hub::tell_who_is_here() {
    if (!parts_.tell_others) return;
    PresenceSignal signal;
    const auto add = [&](const UserId& user) {
        signal.users.push_back({.user = user, .online = !feeds_of(user).empty()});
        if (signal.users.size() < PresenceSignal::users_max) return;
        parts_.tell_others(signal);
        signal.users.clear();
    };
    for (const UserId& user : came_or_went_) add(user);
    came_or_went_.clear();
    const auto now = parts_.now();
    if (now - renewed_at_ >= std::chrono::milliseconds(bounds::presence_renewal_ms)) {
        renewed_at_ = now;
        for (const auto& [user, feeds] : by_user_) add(user);
    }
    if (!signal.users.empty()) parts_.tell_others(signal);
}

// Whoever has sent what it was typing, or is gone, types no more.
void Hub::end_typing(const RoomId& room, const RecordedEvent& event, const RoomAudience& audience) {
    if (typing_.empty()) return;
    std::optional<UserId> user = audience.parts;
    if (std::holds_alternative<MessageSent>(std::get<RoomEvent>(event.event))) user = event.actor;
    if (user && typing_.ended(room, *user)) tell_typing(room, *user, false);
}

void Hub::tell_typing(const RoomId& room, const UserId& user, bool typing) {
    signal(room, user, typing_frame({.room = room, .user = user, .typing = typing}));
}

void Hub::sweep() {
    for (const auto& [room, user, typing] : typing_.advance(parts_.now()))
        tell_typing(room, user, typing);
    tell_who_is_here();
    elsewhere_.sweep(parts_.now());
    parts_.presence.tell(bounds::presence_deliveries_max, [this](const Presence::Change& change) {
        return tell_presence(change);
    });
    flush_slice();
}

// Returns what it cost: the frames, and one for having looked.
std::size_t Hub::tell_presence(const Presence::Change& change) {
    std::size_t cost = 1;
    RoomId after;
    while (true) {
        // Who cannot be told now asks for the room's members.
        const auto rooms = parts_.memberships.rooms_of(change.user, after, rooms_per_look);
        if (!rooms) return cost;
        for (const MemberRow& row : *rooms) {
            if (!is_small(row.room, limits::presence_members_max)) continue;
            for (Recipient* const feed : feeds_in(row.room)) {
                if (feed->user_ == change.user) continue;
                if (cost == 1)
                    runs_.begin_frame(
                        presence_frame(change.user, change.online, change.last_seen_at)
                    );
                else if (runs_.has_current(feed->run_))
                    continue;  // they share two rooms
                add_current(*feed);
                ++cost;
            }
        }
        if (rooms->size() < rooms_per_look) return cost;
        after = rooms->back().room;
    }
}

// Whether what concerns each member of the room is told: somebody listens, and not too many.
bool Hub::is_small(const RoomId& room, std::size_t members_max) const {
    const Feeds& feeds = feeds_in(room);
    if (feeds.empty()) return false;
    const auto members = parts_.memberships.member_count(room);
    return members && *members <= members_max;
}

void Hub::note(const ReadNote& note) {
    noted_[note.room][note.user] = note.up_to;
    send_receipt(note.room, note.user, note.up_to);
    flush_slice();
}

// Whether the others were told of it when it was noted.
bool Hub::was_told(const RoomId& room, const UserId& user, Version up_to) {
    const auto in_room = noted_.find(room);
    if (in_room == noted_.end()) return false;
    const auto noted = in_room->second.find(user);
    if (noted == in_room->second.end()) return false;
    const bool told = noted->second >= up_to;
    in_room->second.erase(noted);
    if (in_room->second.empty()) noted_.erase(in_room);
    return told;
}

void Hub::send_receipt(const RoomId& room, const UserId& user, Version up_to) {
    const bool others = std::ranges::any_of(feeds_in(room), [&](const Recipient* feed) {
        return feed->user_ != user;
    });
    if (!others || !is_small(room, bounds::receipt_members_max)) return;
    signal(room, user, receipt_frame(room, user, up_to));
}

void Hub::signal(const RoomId& room, const UserId& except, const SharedFrames& frame) {
    runs_.begin_frame(frame);
    for (Recipient* const feed : feeds_in(room))
        if (feed->user_ != except) add_current(*feed);
    current_is_encoded_ = false;  // the current frame is no longer the event's
}

}  // namespace verbatim::feed
