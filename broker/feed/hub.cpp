#include "broker/feed/hub.hpp"

#include "broker/feed/bounds.hpp"
#include "domain/invariant.hpp"
#include "domain/overloaded.hpp"

#include <algorithm>
#include <utility>
#include <variant>

namespace verbatim::feed {
namespace {

void remove_one(std::vector<Recipient*>& feeds, const Recipient* feed) {
    const auto found = std::ranges::find(feeds, feed);
    if (found == feeds.end()) return;
    *found = feeds.back();
    feeds.pop_back();
}

template <class Key>
void remove_one(
    std::unordered_map<Key, std::vector<Recipient*>>& map, const Key& key, const Recipient* feed
) {
    const auto found = map.find(key);
    if (found == map.end()) return;
    remove_one(found->second, feed);
    if (found->second.empty()) map.erase(found);
}

}  // namespace

Hub::Hub(Parts parts)
    : parts_(std::move(parts)),
      pending_(parts_.log, parts_.log.head(), bounds::hub_pending_events_max),
      position_(parts_.log.head()),
      elsewhere_(parts_.presence) {}

void Hub::announce(const std::shared_ptr<const CommittedBatch>& batch) {
    if (pending_.add(batch)) parts_.post([this] { drain(); });
}

void Hub::drain() {
    // One slice, then the sockets' turn: a burst must not keep them waiting.
    if (drain_slice()) parts_.post([this] { drain(); });
}

void Hub::finish_announced() {
    while (drain_slice()) {
    }
}

// Returns whether there may be more.
bool Hub::drain_slice() {
    bool more = true;
    while (more && slice_events_ < bounds::slice_events_max &&
           slice_bytes_ < bounds::slice_bytes_max) {
        const auto next = pending_.next();
        if (!next) {
            log_failed(pending_.skip_all());
        } else if (*next == nullptr) {
            more = false;
        } else {
            handle(**next);
        }
    }
    flush_slice();
    tell_waiters();
    return more;
}

// The feeds cannot be told what happened: they end, and resume where they were once the log can be
// read again.
void Hub::log_failed(Position skip_to) {
    flush_slice();
    Feeds all;
    for (const auto& [user, feeds] : by_user_) all.insert(all.end(), feeds.begin(), feeds.end());
    end_all(all, CloseCode::internal);
    position_ = skip_to;
}

void Hub::handle(const RecordedEvent& event) {
    current_ = &event;
    current_is_encoded_ = false;
    switch (event.stream.kind) {
        case StreamKind::room: handle_room_event(RoomId(event.stream.id), event); break;
        case StreamKind::account: handle_account_event(UserId(event.stream.id), event); break;
        case StreamKind::reader: handle_reader_event(UserId(event.stream.id), event); break;
        case StreamKind::server: handle_server_event(); break;
    }
    position_ = event.position;
    ++slice_events_;
    current_ = nullptr;
}

void Hub::handle_room_event(const RoomId& room, const RecordedEvent& event) {
    const RoomAudience audience = audience_of(event);
    if (audience.joins) join(room, *audience.joins);
    for (Recipient* const feed : feeds_in(room)) deliver(*feed);
    for (Recipient* const feed : auditors_) {
        if (feed->scope_.admits(room)) deliver(*feed);
    }
    if (audience.subject) {
        for (Recipient* const feed : feeds_of(*audience.subject)) {
            if (feed->live_ && feed->scope_.admits(room)) deliver(*feed);
        }
    }
    end_typing(room, event, audience);
    if (audience.parts) part(room, *audience.parts);
}

void Hub::handle_account_event(const UserId& user, const RecordedEvent& event) {
    for (Recipient* const feed : feeds_of(user)) {
        if (feed->live_ && feed->scope_.admits_account()) deliver(*feed);
    }
    for (Recipient* const feed : auditors_) {
        if (feed->scope_.admits_account()) deliver(*feed);
    }

    // Who is to be ended gets this event and none after it.
    const auto& account_event = std::get<AccountEvent>(event.event);
    Feeds ending;
    CloseCode code = CloseCode::not_authenticated;
    if (const auto* const closed = std::get_if<SessionClosed>(&account_event)) {
        std::ranges::copy_if(
            feeds_of(user),
            std::back_inserter(ending),
            [&](const Recipient* feed) { return feed->session_ == closed->session; }
        );
    } else if (const auto* const key = std::get_if<KeyRevoked>(&account_event)) {
        std::ranges::copy_if(
            feeds_of(user),
            std::back_inserter(ending),
            [&](const Recipient* feed) { return feed->key_ == key->key; }
        );
    } else if (const auto* const revoked = std::get_if<RoleRevoked>(&account_event);
               revoked != nullptr && revoked->role == ServerRole::auditor) {
        code = CloseCode::not_allowed;
        std::ranges::copy_if(feeds_of(user), std::back_inserter(ending), [](const Recipient* feed) {
            return feed->scope_.everything;
        });
    }
    if (ending.empty()) return;
    flush_slice();
    for (Recipient* const feed : ending) feed->end_after(event.position, code);
}

void Hub::handle_reader_event(const UserId& user, const RecordedEvent& event) {
    const auto& read = std::get<RoomRead>(std::get<ReaderEvent>(event.event));
    for (Recipient* const feed : feeds_of(user)) {
        if (feed->live_ && feed->scope_.admits(read.room)) deliver(*feed);
    }
    for (Recipient* const feed : auditors_) {
        if (feed->scope_.admits(read.room)) deliver(*feed);
    }
    if (!was_told(read.room, user, read.up_to)) send_receipt(read.room, user, read.up_to);
}

void Hub::handle_server_event() {
    for (Recipient* const feed : auditors_) {
        if (feed->scope_.admits_account()) deliver(*feed);
    }
}

void Hub::deliver(Recipient& recipient) {
    if (!current_is_encoded_) {
        current_is_encoded_ = true;
        SharedFrames frame = event_frame(*current_);
        slice_bytes_ += frame->bytes.size();
        runs_.begin_frame(std::move(frame));
        parts_.counters.frames_encoded.add(1);
    } else if (runs_.has_current(recipient.run_)) {
        return;
    }
    add_current(recipient);
}

void Hub::add_current(Recipient& recipient) {
    if (recipient.run_ == DeliveryRuns::nothing) touched_.push_back(&recipient);
    recipient.run_ = runs_.extend(recipient.run_);
}

// Hands over what has gathered. A feed that is closed by it leaves the hub meanwhile.
void Hub::flush_slice() {
    Feeds touched;
    touched.swap(touched_);
    for (const Recipient* const feed : touched) runs_.count_receiver(feed->run_);
    std::size_t deliveries = 0;
    for (Recipient* const feed : touched) {
        handed_.clear();
        runs_.append_to(feed->run_, handed_);
        feed->run_ = DeliveryRuns::nothing;
        for (const SharedFrames& frames : handed_) deliveries += frames->count;
        feed->take(handed_);
        feed->flush();
    }
    parts_.counters.deliveries.add(deliveries);
    handed_.clear();
    runs_.clear();
    current_is_encoded_ = false;
    slice_events_ = 0;
    slice_bytes_ = 0;
    touched.clear();
    touched_.swap(touched);  // keeps its capacity
}

void Hub::end_all(const Feeds& feeds, CloseCode code) {
    for (Recipient* const feed : feeds) feed->end(code);
}

void Hub::when_at(Position position, std::function<void()> reached) {
    if (position <= position_) return reached();
    waiters_.emplace_back(position, std::move(reached));
}

void Hub::tell_waiters() {
    if (waiters_.empty()) return;
    auto waiting = std::exchange(waiters_, {});
    for (auto& [position, reached] : waiting) {
        if (position <= position_)
            reached();
        else
            waiters_.emplace_back(position, std::move(reached));
    }
}

void Hub::enter(Recipient& recipient) {
    invariant(!recipient.entered_, "a feed enters once");
    recipient.entered_ = true;
    by_user_[recipient.user_].push_back(&recipient);
    parts_.presence.opened(recipient.user_);
    if (feeds_of(recipient.user_).size() == 1) came_or_went(recipient.user_);
}

StoreResult<void> Hub::go_live(Recipient& recipient) {
    invariant(recipient.entered_ && !recipient.live_, "a feed goes live once, after it entered");
    if (recipient.scope_.everything) {
        auditors_.push_back(&recipient);
        recipient.live_ = true;
        return {};
    }
    // The view may be ahead of this position: spans say who was in the room at any.
    const auto spans = parts_.memberships.spans(recipient.user_);
    if (!spans) return failure(spans.error());
    for (const MembershipSpan& span : *spans) {
        if (!span.lasts_at(position_) || !recipient.scope_.admits(span.room)) continue;
        recipient.rooms_.push_back(span.room);
        by_room_[span.room].push_back(&recipient);
    }
    recipient.rooms_.shrink_to_fit();
    recipient.live_ = true;
    return {};
}

void Hub::leave(Recipient& recipient) {
    if (!recipient.entered_) return;
    parts_.presence.closed(recipient.user_);
    remove_one(by_user_, recipient.user_, &recipient);
    if (feeds_of(recipient.user_).empty()) came_or_went(recipient.user_);
    for (const RoomId& room : recipient.rooms_) remove_one(by_room_, room, &recipient);
    if (recipient.scope_.everything) remove_one(auditors_, &recipient);
    if (recipient.run_ != DeliveryRuns::nothing) remove_one(touched_, &recipient);
    recipient.rooms_ = {};
    recipient.run_ = DeliveryRuns::nothing;
    recipient.entered_ = false;
    recipient.live_ = false;
}

void Hub::join(const RoomId& room, const UserId& user) {
    for (Recipient* const feed : feeds_of(user)) {
        if (!feed->live_ || feed->scope_.everything || !feed->scope_.admits(room)) continue;
        if (std::ranges::find(feed->rooms_, room) != feed->rooms_.end()) continue;
        feed->rooms_.push_back(room);
        by_room_[room].push_back(feed);
    }
}

void Hub::part(const RoomId& room, const UserId& user) {
    for (Recipient* const feed : feeds_of(user)) {
        const auto found = std::ranges::find(feed->rooms_, room);
        if (found == feed->rooms_.end()) continue;
        feed->rooms_.erase(found);
        remove_one(by_room_, room, feed);
    }
}

const Hub::Feeds& Hub::feeds_in(const RoomId& room) const {
    static const Feeds none;
    const auto found = by_room_.find(room);
    return found == by_room_.end() ? none : found->second;
}

const Hub::Feeds& Hub::feeds_of(const UserId& user) const {
    static const Feeds none;
    const auto found = by_user_.find(user);
    return found == by_user_.end() ? none : found->second;
}

}  // namespace verbatim::feed
