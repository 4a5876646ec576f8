#pragma once

#include "eventstore/audit/findings.hpp"
#include "eventstore/checkpoint.hpp"
#include "eventstore/log_storage.hpp"
#include "eventstore/merkle_tree.hpp"

#include <memory>
#include <vector>

namespace verbatim {

// A node of the tree as it was stored; a leaf's is computed from its record.
[[nodiscard]] StoreResult<Digest> stored_tree_node(const Storage& storage, NodeId node);

// Grows the tree again from the records' leaves, and compares it with what was stored of it and
// with every signed tree head on the way. Single thread.
class TreeCheck {
public:
    // `heads`: signed tree heads, ascending by size. Begins with the stored tree of `frontier`'s
    // size, which is trusted.
    TreeCheck(
        const Storage& storage,
        MerkleFrontier frontier,
        std::vector<TreeHead> heads,
        AuditFindings& findings
    );

    void append(const Digest& leaf);
    // A leaf is not known: from here on nothing can be recomputed.
    void give_up() { has_given_up_ = true; }
    // `head`: the last position that there is.
    void end(Position head);

    [[nodiscard]] bool is_whole() const { return !has_given_up_; }
    [[nodiscard]] Digest root() const { return frontier_.root(); }
    // The largest size at which a signed tree head was found to be that of these records.
    [[nodiscard]] Position signed_up_to() const { return matched_; }

private:
    void compare_node(NodeId node, const Digest& digest);
    void compare_heads();
    void note_difference(const TreeHead& head);
    void look_for_nodes_beyond(Position head);
    [[nodiscard]] StorageCursor& nodes_of(std::uint8_t level);

    const Storage& storage_;
    AuditFindings& findings_;
    MerkleFrontier frontier_;
    const std::uint64_t begin_;
    std::vector<TreeHead> heads_;
    std::size_t next_head_ = 0;
    Position matched_;
    bool differs_ = false;  // from a signed tree head; said once
    bool has_given_up_ = false;
    Position last_node_finding_;  // first position of the newest finding about a node
    std::vector<std::unique_ptr<StorageCursor>> nodes_;  // by level, each behind the last it gave
};

}  // namespace verbatim
