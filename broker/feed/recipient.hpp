#pragma once

#include "broker/feed/close_code.hpp"
#include "broker/feed/delivery_runs.hpp"
#include "domain/ids.hpp"

#include <algorithm>
#include <optional>
#include <span>
#include <utility>
#include <vector>

namespace verbatim::feed {

// What one feed asked for.
struct FeedScope {
    bool everything = false;                   // ?scope=all: every event there is
    std::optional<std::vector<RoomId>> rooms;  // ?room=: only these; nullopt: no filter

    [[nodiscard]] bool admits(const RoomId& room) const {
        return !rooms || std::ranges::find(*rooms, room) != rooms->end();
    }
    [[nodiscard]] bool admits_account() const { return !rooms; }
};

// One feed as the hub sees it: who it belongs to, what it wants, and where its frames go.
//
// Threads:  the feed thread only.
// Lifetime: from Hub::enter() until Hub::leave(), which its owner calls; an owner that is told to
//           take, flush or end stays alive until that call has returned.
class Recipient {
public:
    virtual ~Recipient() = default;
    // Frames to send, in order. Not sent before flush(): all that came leaves together.
    virtual void take(std::span<const SharedFrames> frames) = 0;
    virtual void flush() = 0;
    // The feed may go on no longer. Calls Hub::leave().
    virtual void end(CloseCode code) = 0;
    // The same, after everything up to that position; it is not live yet, or has got it.
    virtual void end_after(Position position, CloseCode code) = 0;

    [[nodiscard]] const UserId& user() const { return user_; }
    [[nodiscard]] const SessionId& session() const { return session_; }
    [[nodiscard]] const FeedScope& scope() const { return scope_; }

protected:
    // `key`: the API key that it was opened with, and `session` is nil; otherwise `key` is.
    void identify(const UserId& user, const SessionId& session, const KeyId& key) {
        user_ = user;
        session_ = session;
        key_ = key;
    }
    void narrow(FeedScope scope) { scope_ = std::move(scope); }

private:
    friend class Hub;
    UserId user_;
    SessionId session_;
    KeyId key_;
    FeedScope scope_;
    std::vector<RoomId> rooms_;  // whose events it gets; the hub's
    DeliveryRuns::Run run_ = DeliveryRuns::nothing;
    bool entered_ = false;
    bool live_ = false;
};

}  // namespace verbatim::feed
