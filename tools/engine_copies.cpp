// An engine whose log is a copy: what its events destroy.
#include "eventstore/forgetting.hpp"
#include "tools/engine.hpp"

#include <utility>

namespace verbatim {

// A copy destroys what its events say is destroyed, as the original has: on the thread that copies,
// beside which nobody writes.
void Engine::forget_copied(std::span<const RecordedEvent> events) {
    for (const RecordedEvent& event : events) {
        const auto walk = walk_of(*log_, event);
        const auto done = walk == nullptr ? StoreResult<void>() : destroy_copies(*walk);
        if (!done)
            options_.report(
                "what position " + std::to_string(event.position.value()) +
                " destroys is not gone: " + describe(done.error())
            );
    }
}

StoreResult<void> Engine::destroy_copies(ForgettingWalk& walk) {
    while (true) {
        const auto piece = walk.next();
        if (!piece) return failure(piece.error());
        if (!*piece) return {};
        CommitBatch destroyed;
        destroyed.destroyed = (*piece)->destruction;
        if (!destroyed.empty())
            if (auto gone = log_->commit(log_->prepare(destroyed)); !gone) return gone;
        forget(**piece);
    }
}

void Engine::copied(const CommittedBatch& batch) {
    for (const RecordedEvent& event : batch.events)
        if (walk_of(*log_, event) != nullptr) to_forget_.push_back(event);
}

}  // namespace verbatim
