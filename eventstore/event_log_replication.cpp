// EventLog::replicate: the writing side of a copy.
#include "eventstore/commit_listener.hpp"
#include "eventstore/event_log.hpp"
#include "eventstore/event_log_state.hpp"
#include "eventstore/log_keys.hpp"
#include "eventstore/replica.hpp"

#include <utility>

namespace verbatim {
namespace {

// Copies are committed in pieces of so many events.
constexpr std::size_t events_per_piece = 4'096;

StoreResult<void> check_follows(const LogEnd& end, const VerifiedPart& part) {
    if (part.after != end.position) {
        return failure_at(
            part.after.next(),
            StoreFault::does_not_follow,
            "the log ends at position " + std::to_string(end.position.value())
        );
    }
    if (part.root_before && *part.root_before != end.tree.root()) {
        return failure_at(
            end.position,
            StoreFault::log_diverged,
            "up to here the log differs from the one that it is to be a copy of"
        );
    }
    if (!part.events.empty() && part.events.front().at < end.at) {
        return failure_at(part.after.next(), StoreFault::corrupt_record, "log time goes back here");
    }
    return {};
}

}  // namespace

StoreResult<std::shared_ptr<const CommittedBatch>> EventLog::replicate(VerifiedPart part) {
    if (auto follows = check_follows(state_->durable_end(), part); !follows)
        return failure(std::move(follows.error()));
    if (auto accepted = state_->copied.accept_versions(part.events); !accepted)
        return failure(std::move(accepted.error()));

    PreparedBatch batch = state_->encoder.begin(state_->storage->new_batch());
    StoreResult<void> done;
    for (std::size_t i = 0; i < part.events.size() && done; ++i) {
        const RecordedEvent& event = part.events[i];
        const std::size_t waiting = batch.last.value() - batch.after.value();
        if (waiting == events_per_piece || (waiting > 0 && CopiedIndexes::looks_back(event)))
            done = commit_copies(batch);
        CommitBatch destroys;
        if (done) done = state_->copied.put(event, *batch.writes, destroys.destroyed);
        if (!done) break;
        state_->encoder.stage_copy(batch, event, part.stored[i], part.leaves[i]);
        // In a replica it is over by note_forgotten(), whatever its original has done.
        if (!origin_.is_replica && ends_erasure(event.event))
            batch.writes->erase(meta, erasing_key(UserId(event.stream.id)));
        if (!destroys.destroyed.empty()) state_->encoder.stage(batch, destroys);
    }
    if (done && batch.last > batch.after) done = commit_copies(batch);
    if (!done) {
        state_->encoder.rewind(state_->durable_end());
        state_->copied.forget_versions();
        return failure(std::move(done.error()));
    }
    auto committed = std::make_shared<CommittedBatch>();
    committed->events = std::move(part.events);
    committed->last_leaf = head_and_leaf().second;
    return committed;
}

StoreResult<void> EventLog::commit_copies(PreparedBatch& batch) {
    auto next = state_->encoder.begin(state_->storage->new_batch());
    return commit(std::exchange(batch, std::move(next)));
}

StoreResult<void> EventLog::mark_replica() {
    origin_.is_replica = true;
    auto batch = state_->storage->new_batch();
    batch->put(
        meta,
        meta_key,
        meta_value(
            {.min_reader = origin_.min_reader,
             .epoch = origin_.epoch,
             .created_at = origin_.created_at,
             .is_replica = true}
        )
    );
    auto written = state_->write(std::move(batch), Durability::synced);
    if (written) state_->reader.expect_contents_after(RecordReader::never);
    return written;
}

StoreResult<void> EventLog::mark_thinned() {
    auto batch = state_->storage->new_batch();
    batch->put(meta, thinned_key, number_value(head().value()));
    auto written = state_->write(std::move(batch), Durability::synced);
    if (written) state_->reader.expect_contents_after(head());
    return written;
}

}  // namespace verbatim
