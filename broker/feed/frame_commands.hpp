#pragma once

#include "broker/feed/client_frames.hpp"
#include "eventstore/commands/sequencer.hpp"
#include "protocol/command_key.hpp"
#include "protocol/uploads.hpp"

namespace verbatim::feed {

// What a client's frames ask of the sequencer. A key stands for what the same request through REST
// would be. Requires of a SendFrame: its attachment was stored.
[[nodiscard]] Submission submission_of(
    SendFrame frame, const UserId& user, CommandId id, const CommandKeys& keys
);
[[nodiscard]] Submission submission_of(
    const ReadFrame& frame, const UserId& user, CommandId id, const CommandKeys& keys
);

// Keeps the frame's inline attachment as a file of the user and adds it to the frame's command.
// Waits for the disk. Requires: there is one. Problems: those of Uploads::store.
[[nodiscard]] Answer<void> store_attachment(Uploads& uploads, const UserId& user, SendFrame& frame);

}  // namespace verbatim::feed
