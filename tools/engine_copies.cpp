// An engine whose log is a copy: what its events destroy.
#include "eventstore/forgetting.hpp"
#include "tools/engine.hpp"

#include <unordered_set>
#include <utility>

// A copy destroys what its events say is destroyed, as the original has: on the thread that copies,
// beside which nobody writes events. That it is to do so stands in the log with the events, until
// Forgetting has taken the bytes out of all files too: so a crash anywhere on the way is taken up
// by forget_what_was_copied() at the next start.
namespace verbatim {

StoreResult<void> Engine::forget_what_was_copied() {
    DestroyedCopies due;
    auto users = log_->erasures_pending();
    if (!users) return failure(users.error());
    due.users = std::move(*users);
    auto expiries = log_->expiries_pending();
    if (!expiries) return failure(expiries.error());
    due.expiries = std::move(*expiries);
    forget_copies(std::move(due));
    return {};
}

// The texts of a message that was destroyed by its deletion went with the record of that.
void Engine::forget_copied(std::span<const RecordedEvent> events) {
    DestroyedCopies due;
    std::unordered_set<RoomId> rooms;
    for (const RecordedEvent& event : events) {
        if (const auto* const account = std::get_if<AccountEvent>(&event.event)) {
            if (std::holds_alternative<ErasureBegun>(*account))
                due.users.emplace_back(event.stream.id);
        } else if (const auto* const room = std::get_if<RoomEvent>(&event.event)) {
            if (std::holds_alternative<ContentsExpired>(*room)) rooms.emplace(event.stream.id);
        }
    }
    for (const RoomId& room : rooms) {
        const auto expiry = log_->expiry_of(room);
        if (expiry) due.expiries.push_back(*expiry);
        if (!expiry) options_.report("what expired is not gone: " + describe(expiry.error()));
    }
    forget_copies(std::move(due));
}

void Engine::forget_copies(DestroyedCopies due) {
    if (due.empty()) return;
    if (const auto done = destroy_copies(due); !done)
        return options_.report(
            "what was erased or has expired is not gone: " + describe(done.error()) +
            ". It goes at the next start"
        );
    if (views_failed_) return;  // they may show it still: the next start sees to it
    if (forgetting_) return forgetting_->destroyed_copies(std::move(due));
    destroyed_copies_ = std::move(due);
}

StoreResult<void> Engine::destroy_copies(const DestroyedCopies& due) {
    if (!due.users.empty()) {
        const auto walk = walk_of_erased(*log_, *views_, due.users);
        if (!walk) return failure(walk.error());
        if (auto done = destroy_copies(**walk); !done) return done;
    }
    for (const PendingExpiry& expiry : due.expiries)
        if (auto done = destroy_copies(*walk_of_expiry(*log_, expiry)); !done) return done;
    return {};
}

StoreResult<void> Engine::destroy_copies(ForgettingWalk& walk) {
    while (true) {
        const auto piece = walk.next();
        if (!piece) return failure(piece.error());
        if (!*piece) return {};
        if ((*piece)->events.empty()) continue;
        if (options_.before_forgetting) options_.before_forgetting(ForgettingStep::destroy);
        CommitBatch destroyed;
        destroyed.destroyed = (*piece)->destruction;
        if (!destroyed.empty())
            if (auto gone = log_->commit(log_->prepare(destroyed)); !gone) return gone;
        forget(**piece);
    }
}

}  // namespace verbatim
