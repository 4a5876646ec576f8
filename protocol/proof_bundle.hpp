#pragma once

#include "eventstore/checkpoint.hpp"
#include "eventstore/event_log.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

// A proof of one message to take away: its sending and every later edit and deletion, each as the
// bytes of its Merkle leaf with the texts they commit to, and the path from there to a signed tree
// head. Whoever has the log's key checks it without this server: docs/event_format.md, "Proof
// bundles".
namespace verbatim {

// --- making
// --------------------------------------------------------------------------------------

// What is shown of an event that is proved.
enum class Disclosure {
    whole,
    // Only that its leaf is in the tree. A leaf holds facts and, where a key came with the command,
    // a digest of the request: what was deleted could be guessed from it.
    leaf_hash_only,
};

// Everything before the entries: `{"format":…,"entries":[`.
[[nodiscard]] std::string proof_bundle_begin(
    const RoomId& room, Version seq, const SignedTreeHead& tree_head, std::string_view verifier_key
);
// Appends the entry of the event at `position`. One whose texts are not all there any more is never
// shown whole. Requires: position <= tree_size. Errors: those of EventLog::read_stored and of the
// tree.
[[nodiscard]] StoreResult<void> append_proof_entry(
    std::string& out,
    const EventLog& log,
    Position position,
    std::uint64_t tree_size,
    Disclosure disclosure
);
inline constexpr std::string_view proof_bundle_end = "]}";

// --- checking
// --------------------------------------------------------------------------------------

enum class ProofFault {
    not_a_bundle,              // not JSON, or not of this format
    checkpoint_is_not_signed,  // by the key that was given
    leaf_is_malformed,
    leaf_is_not_in_the_tree,
    content_differs,     // from what the leaf commits to
    not_of_the_message,  // an entry is of another message, or of none, or out of order
};
struct ProofError {
    ProofFault fault = ProofFault::not_a_bundle;
    std::size_t entry = 0;  // from 1; 0: the bundle as a whole
};
[[nodiscard]] std::string describe(const ProofError& error);

struct ProvenEntry {
    Position position;
    std::optional<RecordedEvent> event;  // nullopt: only that there is one was shown
};
struct ProvenMessage {
    TreeHead tree_head;
    RoomId room;
    Version seq;
    std::vector<ProvenEntry> entries;
};
// Trusts nothing but `verifier_key`; the one that the bundle carries is not looked at.
[[nodiscard]] Expected<ProvenMessage, ProofError> check_proof_bundle(
    std::string_view json, std::string_view verifier_key
);

}  // namespace verbatim
