#pragma once

#include "broker/feed/counters.hpp"
#include "broker/feed/delivery_runs.hpp"
#include "broker/feed/pending_batches.hpp"
#include "broker/feed/presence.hpp"
#include "broker/feed/presence_elsewhere.hpp"
#include "broker/feed/recipient.hpp"
#include "broker/feed/room_audience.hpp"
#include "broker/feed/typing_states.hpp"
#include "eventstore/commit_listener.hpp"
#include "eventstore/event_log.hpp"
#include "projections/memberships.hpp"

#include <functional>
#include <memory>
#include <unordered_map>
#include <vector>

namespace verbatim::feed {

// Has a function called on the feed thread, later, in the order of the calls. Any thread.
using Post = std::function<void(std::function<void()>)>;

// Who receives what. Takes committed events strictly in the order of their positions, keeps who is
// in which room as of exactly its position, and hands each event's frame, encoded once and only if
// somebody wants it, to every live feed that may see it:
//
//   - a room's event: feeds of its members. Who joins receives from its own joining on; who leaves,
//     is removed or banned receives that as the last one.
//   - invitations, bans and their ends: also feeds of their subject.
//   - an account's and a reader's events: that user's feeds.
//   - everything: feeds with scope=all.
//
// After each slice of events every feed that got something is flushed once.
//
// Threads:  announce() from any; all else on the feed thread.
// Lifetime: log and memberships must outlive the hub; the hub must outlive what it posted.
class Hub {
public:
    struct Parts {
        const EventLog& log;
        const Memberships& memberships;  // never behind what is announced
        FeedCounters& counters;
        Presence& presence;  // told who enters and leaves
        Post post;
        std::function<TypingStates::Time()> now;  // of typing, and of what other nodes tell
        // Tells the other nodes of this log; must not block. Empty: there are none.
        std::function<void(const Signal&)> tell_others;
    };
    // Begins at the log's head: before the sequencer commits anything more.
    explicit Hub(Parts parts);

    // Any thread; does not block. What the hub cannot hold it reads again from the log.
    void announce(const std::shared_ptr<const CommittedBatch>& batch);

    // Every event up to here has been handed to whoever was to receive it, none after it.
    [[nodiscard]] Position position() const { return position_; }
    // Calls `reached` once position() is at least `position`; at once if it is.
    void when_at(Position position, std::function<void()> reached);
    // Handles all that was announced, now. For draining.
    void finish_announced();

    // From now on the end of its session or role ends the feed; events do not reach it yet.
    void enter(Recipient& recipient);
    // It receives every event after position(), as a member of the rooms that its user is in at
    // exactly that position. Requires: entered. Errors: those of the view; nothing changed.
    [[nodiscard]] StoreResult<void> go_live(Recipient& recipient);
    void leave(Recipient& recipient);

    // A read marker whose event will come: the others in the room are told now, and then not again.
    void note(const ReadNote& note);
    // A member of the room says that it types, or does no more; the others are told what
    // TypingStates finds worth telling.
    void typing(const RoomId& room, const UserId& user, bool typing);
    // What another node tells: its users' typing and presence.
    void heard(const SignalFrom& signal);
    // Tells the other nodes whose feeds came and went since this was called last, and every
    // bounds::presence_renewal_ms who is here. sweep() calls it.
    void tell_who_is_here();
    // Tells what time has changed: typing that ends by itself, who is online. Presence goes to the
    // live feeds of those who share a room of at most limits::presence_members_max members with the
    // user, each once; larger rooms are skipped. Costs a look at each room of a user that came or
    // went, and at most bounds::presence_deliveries_max frames or so. To be called about every
    // second.
    void sweep();

private:
    using Feeds = std::vector<Recipient*>;

    void drain();
    bool drain_slice();
    void handle(const RecordedEvent& event);
    void handle_room_event(const RoomId& room, const RecordedEvent& event);
    void handle_account_event(const UserId& user, const RecordedEvent& event);
    void handle_reader_event(const UserId& user, const RecordedEvent& event);
    void handle_server_event();
    void join(const RoomId& room, const UserId& user);
    void part(const RoomId& room, const UserId& user);
    void deliver(Recipient& recipient);
    void end_typing(const RoomId& room, const RecordedEvent& event, const RoomAudience& audience);
    void came_or_went(const UserId& user);
    void tell_typing(const RoomId& room, const UserId& user, bool typing);
    [[nodiscard]] std::size_t tell_presence(const Presence::Change& change);
    [[nodiscard]] bool is_small(const RoomId& room, std::size_t members_max) const;
    // Frames that are no events, to the live feeds of a room's members but those of `except`;
    // they leave with the slice.
    void signal(const RoomId& room, const UserId& except, const SharedFrames& frame);
    void add_current(Recipient& recipient);
    [[nodiscard]] bool was_told(const RoomId& room, const UserId& user, Version up_to);
    void send_receipt(const RoomId& room, const UserId& user, Version up_to);
    void end_all(const Feeds& feeds, CloseCode code);
    void flush_slice();
    void log_failed(Position skip_to);
    void tell_waiters();
    [[nodiscard]] const Feeds& feeds_in(const RoomId& room) const;
    [[nodiscard]] const Feeds& feeds_of(const UserId& user) const;

    Parts parts_;
    PendingBatches pending_;
    Position position_;

    std::unordered_map<UserId, Feeds> by_user_;
    std::unordered_map<RoomId, Feeds> by_room_;  // live ones
    Feeds auditors_;                             // live ones with scope=all
    std::vector<std::pair<Position, std::function<void()>>> waiters_;
    TypingStates typing_;
    PresenceElsewhere elsewhere_;
    std::vector<UserId> came_or_went_;  // since the other nodes were told
    TypingStates::Time renewed_at_;
    std::unordered_map<RoomId, std::unordered_map<UserId, Version>> noted_;  // read markers told

    // The slice that is being handled.
    const RecordedEvent* current_ = nullptr;
    bool current_is_encoded_ = false;
    DeliveryRuns runs_;
    Feeds touched_;
    std::vector<SharedFrames> handed_;
    std::size_t slice_events_ = 0;
    std::size_t slice_bytes_ = 0;
};

}  // namespace verbatim::feed
