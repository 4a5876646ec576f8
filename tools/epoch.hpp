#pragma once

#include "domain/server.hpp"
#include "eventstore/event_log.hpp"

#include <filesystem>
#include <optional>

// An epoch is a stretch of a log's life within which no position ever held two records. It ends
// when positions are given away: by restoring an older copy, or by going on after a loss.
namespace verbatim {

struct EpochChange {
    EpochCause cause = EpochCause::restored;
    Position kept_to;
    std::optional<Position> lost_to;  // as in EpochBegun
};

// Appends log.epoch_begun and gives the log a new epoch, in one write. `log` keeps telling the old
// one: open it anew. A replica becomes a log of its own.
// Requires: nobody else writes. Errors: those of EventLog::commit and version_of.
[[nodiscard]] StoreResult<Uuid> begin_epoch(EventLog& log, const EpochChange& change);

// After begin_epoch(): the tree heads that an epoch before signed, data/checkpoint, become
// data/checkpoint.<epoch>. Nothing where there are none, or they are of this epoch already.
// Errors: cannot_open, outcome_unknown.
[[nodiscard]] StoreResult<void> put_tree_heads_aside(
    const std::filesystem::path& data, const EventLog& log
);

// After that: signs the log's head with the key of the data, which is made where there is none.
// Both can be repeated after a crash. Requires: `log` was opened anew since begin_epoch().
// Errors: cannot_open, outcome_unknown, those of the key.
[[nodiscard]] StoreResult<void> begin_tree_heads(
    const std::filesystem::path& data, const EventLog& log
);

// "verbatim/<epoch>", the name of the key that signs the epoch's tree heads.
[[nodiscard]] std::string log_key_name(const Uuid& epoch);

}  // namespace verbatim
