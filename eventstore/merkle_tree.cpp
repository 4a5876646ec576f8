#include "eventstore/merkle_tree.hpp"

#include "domain/invariant.hpp"

#include <algorithm>
#include <bit>

namespace verbatim {
namespace {

// Leaves [begin, begin + count) of a tree.
struct Range {
    std::uint64_t begin = 0;
    std::uint64_t count = 0;
};

// RFC 6962 splits `count` > 1 leaves after the largest power of two that is smaller.
std::uint64_t left_of(std::uint64_t count) {
    return std::bit_floor(count - 1);
}

// Complete subtrees that make up `range`, largest first. Requires: `begin` is a multiple of the
// largest, as it is for every part of a tree that was split by left_of().
std::vector<NodeId> complete_subtrees(Range range) {
    std::vector<NodeId> nodes;
    while (range.count > 0) {
        const auto level = static_cast<std::uint8_t>(std::bit_width(range.count) - 1);
        nodes.push_back({level, range.begin >> level});
        range.begin += std::uint64_t{1} << level;
        range.count -= std::uint64_t{1} << level;
    }
    return nodes;
}

StoreResult<Digest> root_of(Range range, const NodeSource& nodes) {
    const std::vector<NodeId> parts = complete_subtrees(range);
    auto root = nodes(parts.back());
    for (auto part = std::next(parts.rbegin()); root && part != parts.rend(); ++part) {
        const auto left = nodes(*part);
        if (!left) return failure(left.error());
        root = hash_of_nodes(*left, *root);
    }
    return root;
}

StoreResult<std::vector<Digest>> roots_of(
    const std::vector<Range>& ranges, const NodeSource& nodes
) {
    std::vector<Digest> roots;
    roots.reserve(ranges.size());
    for (const Range& range : ranges) {
        const auto root = root_of(range, nodes);
        if (!root) return failure(root.error());
        roots.push_back(*root);
    }
    return roots;
}

}  // namespace

Digest hash_of_nodes(const Digest& left, const Digest& right) {
    return sha256({std::string_view("\x01", 1), as_text(left), as_text(right)});
}

Digest empty_tree_root() {
    return sha256({});
}

MerkleFrontier::MerkleFrontier(std::uint64_t size, std::vector<Digest> peaks)
    : size_(size), peaks_(std::move(peaks)) {
    invariant(
        peaks_.size() == static_cast<std::size_t>(std::popcount(size)),
        "a tree has one peak for each bit of its size"
    );
}

void MerkleFrontier::append(
    const Digest& leaf, const std::function<void(NodeId, const Digest&)>& store
) {
    // As adding 1 to a binary number: each carry joins two complete subtrees into one.
    Digest joined = leaf;
    for (std::uint8_t level = 0; (size_ >> level & 1) != 0;) {
        joined = hash_of_nodes(peaks_.back(), joined);
        peaks_.pop_back();
        ++level;
        store({level, size_ >> level}, joined);
    }
    peaks_.push_back(joined);
    ++size_;
}

Digest MerkleFrontier::root() const {
    if (peaks_.empty()) return empty_tree_root();
    Digest root = peaks_.back();
    for (auto peak = std::next(peaks_.rbegin()); peak != peaks_.rend(); ++peak)
        root = hash_of_nodes(*peak, root);
    return root;
}

std::vector<NodeId> peaks_of(std::uint64_t size) {
    return complete_subtrees({0, size});
}

StoreResult<Digest> root_at(std::uint64_t size, const NodeSource& nodes) {
    if (size == 0) return empty_tree_root();
    return root_of({0, size}, nodes);
}

StoreResult<std::vector<Digest>> inclusion_proof(
    std::uint64_t index, std::uint64_t size, const NodeSource& nodes
) {
    invariant(index < size, "a proof of inclusion is asked for a leaf of the tree");
    std::vector<Range> siblings;
    for (Range part{0, size}; part.count > 1;) {
        const std::uint64_t left = left_of(part.count);
        const Range halves[] = {{part.begin, left}, {part.begin + left, part.count - left}};
        const bool is_left = index < halves[1].begin;
        siblings.push_back(halves[is_left ? 1 : 0]);
        part = halves[is_left ? 0 : 1];
    }
    std::ranges::reverse(siblings);
    return roots_of(siblings, nodes);
}

StoreResult<std::vector<Digest>> consistency_proof(
    std::uint64_t from, std::uint64_t to, const NodeSource& nodes
) {
    invariant(0 < from && from <= to, "a proof of consistency leads from a tree to a later one");
    std::vector<Range> proof;
    Range part{0, to};
    while (part.begin + part.count != from) {
        const std::uint64_t left = left_of(part.count);
        const Range halves[] = {{part.begin, left}, {part.begin + left, part.count - left}};
        const bool ends_in_left = from <= halves[1].begin;
        proof.push_back(halves[ends_in_left ? 1 : 0]);
        part = halves[ends_in_left ? 0 : 1];
    }
    // A verifier who knows the old root needs no proof of it where it is a complete subtree.
    if (part.begin != 0) proof.push_back(part);
    std::ranges::reverse(proof);
    return roots_of(proof, nodes);
}

bool verify_inclusion(
    std::uint64_t index,
    std::uint64_t size,
    const Digest& leaf,
    const std::vector<Digest>& proof,
    const Digest& root
) {
    if (index >= size) return false;
    std::uint64_t node = index;
    std::uint64_t last = size - 1;
    Digest reached = leaf;
    for (const Digest& sibling : proof) {
        if (last == 0) return false;
        if ((node & 1) != 0 || node == last) {
            reached = hash_of_nodes(sibling, reached);
            while ((node & 1) == 0 && node != 0) {
                node >>= 1;
                last >>= 1;
            }
        } else {
            reached = hash_of_nodes(reached, sibling);
        }
        node >>= 1;
        last >>= 1;
    }
    return last == 0 && reached == root;
}

bool verify_consistency(
    std::uint64_t from,
    std::uint64_t to,
    const std::vector<Digest>& proof,
    const Digest& from_root,
    const Digest& to_root
) {
    if (from == 0 || from > to) return false;
    if (from == to) return proof.empty() && from_root == to_root;
    std::uint64_t node = from - 1;
    std::uint64_t last = to - 1;
    while ((node & 1) != 0) {
        node >>= 1;
        last >>= 1;
    }
    // The old root itself is left out of the proof where it is a complete subtree.
    const bool begins_with_old_root = std::has_single_bit(from);
    if (!begins_with_old_root && proof.empty()) return false;
    Digest old_reached = begins_with_old_root ? from_root : proof.front();
    Digest new_reached = old_reached;
    for (std::size_t i = begins_with_old_root ? 0 : 1; i < proof.size(); ++i) {
        if (last == 0) return false;
        if ((node & 1) != 0 || node == last) {
            old_reached = hash_of_nodes(proof[i], old_reached);
            new_reached = hash_of_nodes(proof[i], new_reached);
            while ((node & 1) == 0 && node != 0) {
                node >>= 1;
                last >>= 1;
            }
        } else {
            new_reached = hash_of_nodes(new_reached, proof[i]);
        }
        node >>= 1;
        last >>= 1;
    }
    return last == 0 && old_reached == from_root && new_reached == to_root;
}

}  // namespace verbatim
