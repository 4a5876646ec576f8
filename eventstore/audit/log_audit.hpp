#pragma once

#include "eventstore/audit/findings.hpp"
#include "eventstore/checkpoint.hpp"
#include "eventstore/log_storage.hpp"

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace verbatim {

// Somebody who once saw the record at a position, and kept its leaf hash: a view's checkpoint.
struct LeafWitness {
    std::string name;
    Position position;
    Digest leaf{};
};

struct LogAuditOptions {
    std::string verifier_key{};
    std::vector<std::string> notes{};  // every stored tree head, oldest first, unverified
    std::vector<TreeHead> former{};    // further tree heads that the caller has verified
    bool must_be_signed = true;        // that there is no tree head at all is a finding
    std::vector<LeafWitness> witnesses{};
    // What is not looked at again: everything up to a tree head that the caller trusts.
    std::optional<TreeHead> since{};
    unsigned threads = 1;                                          // beside the caller's
    std::function<void(Position done, Position last)> progress{};  // may be empty; often
};

struct LogAuditReport {
    Position after;  // what was trusted
    Position head;
    std::uint64_t events = 0;
    std::uint64_t notes = 0;
    std::optional<Digest> root;  // of all of it; nullopt where a record is missing or damaged
    Position signed_up_to;       // what a tree head that is signed covers and was found to fit
    AuditFindings findings;
};

// Reads the whole log once and recomputes all of it: checksums, layout, contiguity, streams'
// versions, log time, facts against their schemas, contents against their commitments, the tree,
// every signed tree head, and what witnesses say. Indexes that can be made again (claims,
// idempotency, streams, snapshots) are not looked at. Changes nothing; nothing must change
// `storage` meanwhile. Takes a bounded piece of the log into memory, and some bytes for each
// stream and each content that is gone.
// Errors: the store cannot be read at all, or is no log.
[[nodiscard]] StoreResult<LogAuditReport> audit_log(
    const Storage& storage, const LogAuditOptions& options
);

}  // namespace verbatim
