#pragma once

#include "eventstore/event_log.hpp"
#include "tools/interrupt.hpp"

#include <filesystem>
#include <functional>

namespace verbatim {

struct ReplayedInto {
    Position reached;
    // A text was destroyed by an event behind `to`, which the copy therefore lacks: such texts read
    // as null there, and the audit names each of them, since nothing in the copy says why.
    bool lacks_texts = false;
};

// Replays `from` up to `to` (inclusive) into a data directory of its own: the same records, byte
// for byte, with their texts, in the same epoch, so that positions, times and proofs are equal;
// views are built. Keys, signed tree heads, files of messages and read markers that had no event
// yet are not copied: the node that is started on it makes keys of its own and signs with them.
//
// Requires: `into` is absent or empty, else cannot_open. Errors: those of reading, EventLog::
// replicate and the views. What was made in `into` is removed then, and when the user interrupts:
// `reached` is 0 then.
[[nodiscard]] StoreResult<ReplayedInto> replay_into(
    const EventLog& from,
    Position to,
    const std::filesystem::path& into,
    const Interrupt& interrupt,
    const std::function<void(Position)>& progress
);

}  // namespace verbatim
