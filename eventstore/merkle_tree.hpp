#pragma once

#include "eventstore/digest.hpp"
#include "eventstore/store_error.hpp"

#include <cstdint>
#include <functional>
#include <utility>
#include <vector>

// The Merkle tree of RFC 6962 section 2.1 over the log's records: leaf i (from 0) is position i
// + 1.
namespace verbatim {

// A complete subtree: `level` 0 is a leaf; its leaves are [index << level, (index + 1) << level).
struct NodeId {
    std::uint8_t level = 0;
    std::uint64_t index = 0;
    friend auto operator<=>(const NodeId&, const NodeId&) = default;
};

[[nodiscard]] Digest hash_of_nodes(const Digest& left, const Digest& right);
[[nodiscard]] Digest empty_tree_root();

// The right edge of a growing tree: enough to append and to give the root. About 1 KiB; a value.
class MerkleFrontier {
public:
    MerkleFrontier() = default;
    // Requires: `peaks` are the roots of the complete subtrees of a tree of `size`, largest first.
    MerkleFrontier(std::uint64_t size, std::vector<Digest> peaks);

    // Adds one leaf. Calls `store` for each complete subtree of level >= 1 that it finished.
    void append(const Digest& leaf, const std::function<void(NodeId, const Digest&)>& store);
    [[nodiscard]] std::uint64_t size() const { return size_; }
    [[nodiscard]] Digest root() const;

private:
    std::uint64_t size_ = 0;
    std::vector<Digest> peaks_;
};

// Where a stored tree's nodes come from; level 0 is asked for too. Fails with io_failed or
// missing_record.
using NodeSource = std::function<StoreResult<Digest>(NodeId)>;

// Ids of the peaks of a tree of `size`, largest first.
[[nodiscard]] std::vector<NodeId> peaks_of(std::uint64_t size);
[[nodiscard]] StoreResult<Digest> root_at(std::uint64_t size, const NodeSource& nodes);
// RFC 6962 2.1.1 and 2.1.2. Requires: index < size; 0 < from <= to.
[[nodiscard]] StoreResult<std::vector<Digest>> inclusion_proof(
    std::uint64_t index, std::uint64_t size, const NodeSource& nodes
);
[[nodiscard]] StoreResult<std::vector<Digest>> consistency_proof(
    std::uint64_t from, std::uint64_t to, const NodeSource& nodes
);
// RFC 9162 2.1.3.2 and 2.1.4.2.
[[nodiscard]] bool verify_inclusion(
    std::uint64_t index,
    std::uint64_t size,
    const Digest& leaf,
    const std::vector<Digest>& proof,
    const Digest& root
);
[[nodiscard]] bool verify_consistency(
    std::uint64_t from,
    std::uint64_t to,
    const std::vector<Digest>& proof,
    const Digest& from_root,
    const Digest& to_root
);

}  // namespace verbatim
