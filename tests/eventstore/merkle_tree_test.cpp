#include "eventstore/merkle_tree.hpp"

#include "eventstore/record_layout.hpp"
#include "tests/eventstore/hex.hpp"

#include <gtest/gtest.h>
#include <map>
#include <rapidcheck.h>
#include <string>
#include <vector>

namespace verbatim {
namespace {

// A tree as the log keeps it: leaves, and what the frontier gave to be stored.
struct StoredTree {
    MerkleFrontier frontier;
    std::map<NodeId, Digest> nodes;
    std::vector<Digest> roots{empty_tree_root()};  // by size

    void append(const Digest& leaf) {
        nodes.emplace(NodeId{0, frontier.size()}, leaf);
        frontier.append(leaf, [this](NodeId id, const Digest& digest) {
            EXPECT_GE(id.level, 1);
            EXPECT_TRUE(nodes.emplace(id, digest).second) << "a node is finished only once";
        });
        roots.push_back(frontier.root());
    }
    [[nodiscard]] Digest leaf(std::uint64_t index) const { return nodes.at({0, index}); }
    [[nodiscard]] NodeSource source() const {
        return [this](NodeId id) -> StoreResult<Digest> {
            const auto found = nodes.find(id);
            if (found == nodes.end())
                return failure(StoreError{StoreFault::missing_record, {}, "no such node"});
            return found->second;
        };
    }
};

// The leaves and digests that Certificate Transparency implementations publish for RFC 6962.
const std::vector<std::string> published_leaves = {
    "",
    "00",
    "10",
    "2021",
    "3031",
    "40414243",
    "5051525354555657",
    "606162636465666768696a6b6c6d6e6f",
};
const std::vector<std::string> published_roots = {
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
};
struct PublishedProof {
    std::uint64_t first;  // the leaf's index, or the older size
    std::uint64_t size;
    std::vector<std::string> hashes;
};
const std::vector<PublishedProof> published_inclusions = {
    {0,
     8,
     {"96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
      "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
      "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4"}},
    {5,
     8,
     {"bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
      "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
      "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"}},
};
const std::vector<PublishedProof> published_consistencies = {
    {1,
     8,
     {"96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
      "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
      "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4"}},
    {2,
     5,
     {"5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
      "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b"}},
    {6,
     8,
     {"0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
      "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
      "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"}},
};

StoredTree published_tree() {
    StoredTree tree;
    for (const std::string& leaf : published_leaves) tree.append(leaf_hash_of(unhex(leaf)));
    return tree;
}

StoredTree tree_of(std::uint64_t size) {
    StoredTree tree;
    for (std::uint64_t i = 0; i < size; ++i) tree.append(leaf_hash_of(std::to_string(i)));
    return tree;
}

std::vector<std::string> hex_of(const StoreResult<std::vector<Digest>>& proof) {
    std::vector<std::string> hashes;
    for (const Digest& digest : proof.value()) hashes.push_back(hex(as_text(digest)));
    return hashes;
}

// RFC 6962 2.1 by its recursive definition, to compare with.
Digest defined_root(const StoredTree& tree, std::uint64_t begin, std::uint64_t count) {
    if (count == 0) return empty_tree_root();
    if (count == 1) return tree.leaf(begin);
    std::uint64_t left = 1;
    while (left * 2 < count) left *= 2;
    return hash_of_nodes(
        defined_root(tree, begin, left), defined_root(tree, begin + left, count - left)
    );
}

// Every way of damaging a proof a little.
std::vector<std::vector<Digest>> damaged(const std::vector<Digest>& proof) {
    std::vector<std::vector<Digest>> all;
    for (std::size_t i = 0; i < proof.size(); ++i) {
        all.push_back(proof);
        all.back()[i][31] ^= 1;
        all.push_back(proof);
        all.back().erase(all.back().begin() + static_cast<std::ptrdiff_t>(i));
    }
    all.push_back(proof);
    all.back().emplace_back();
    all.push_back(proof);
    all.back().insert(all.back().begin(), Digest{});
    return all;
}

TEST(MerkleTree, HasThePublishedRoots) {
    const StoredTree tree = published_tree();
    for (std::size_t size = 0; size < published_roots.size(); ++size) {
        EXPECT_EQ(hex(as_text(tree.roots[size])), published_roots[size]);
        EXPECT_EQ(root_at(size, tree.source()).value(), tree.roots[size]);
    }
}

TEST(MerkleTree, GivesThePublishedProofsOfInclusion) {
    const StoredTree tree = published_tree();
    for (const PublishedProof& published : published_inclusions) {
        const auto proof = inclusion_proof(published.first, published.size, tree.source());
        EXPECT_EQ(hex_of(proof), published.hashes) << published.first;
    }
}

TEST(MerkleTree, GivesThePublishedProofsOfConsistency) {
    const StoredTree tree = published_tree();
    for (const PublishedProof& published : published_consistencies) {
        const auto proof = consistency_proof(published.first, published.size, tree.source());
        EXPECT_EQ(hex_of(proof), published.hashes) << published.first << " to " << published.size;
    }
}

TEST(MerkleTree, HasTheRootOfTheRfcsDefinitionAtEverySize) {
    const StoredTree tree = tree_of(130);
    for (std::uint64_t size = 0; size <= 130; ++size)
        EXPECT_EQ(tree.roots[size], defined_root(tree, 0, size)) << size;
}

TEST(MerkleTree, ProvesEveryLeafOfEverySizeUpTo64AndNothingElse) {
    const StoredTree tree = tree_of(64);
    for (std::uint64_t size = 1; size <= 64; ++size) {
        const Digest& root = tree.roots[size];
        for (std::uint64_t index = 0; index < size; ++index) {
            const auto proof = inclusion_proof(index, size, tree.source()).value();
            const Digest leaf = tree.leaf(index);
            EXPECT_TRUE(verify_inclusion(index, size, leaf, proof, root)) << index << " " << size;
            for (const auto& bad : damaged(proof))
                EXPECT_FALSE(verify_inclusion(index, size, leaf, bad, root))
                    << index << " " << size;
            EXPECT_FALSE(verify_inclusion(index, size, empty_tree_root(), proof, root));
            EXPECT_FALSE(verify_inclusion(index, size, leaf, proof, empty_tree_root()));
            EXPECT_FALSE(verify_inclusion(size, size, leaf, proof, root));
            for (std::uint64_t other = 0; other < size; ++other)
                EXPECT_EQ(verify_inclusion(other, size, leaf, proof, root), other == index);
        }
    }
}

TEST(MerkleTree, ProvesThatEverySizeUpTo64GrewFromEverySmallerOne) {
    const StoredTree tree = tree_of(64);
    for (std::uint64_t to = 1; to <= 64; ++to) {
        for (std::uint64_t from = 1; from <= to; ++from) {
            const auto proof = consistency_proof(from, to, tree.source()).value();
            const Digest& old_root = tree.roots[from];
            const Digest& new_root = tree.roots[to];
            EXPECT_TRUE(verify_consistency(from, to, proof, old_root, new_root)) << from << to;
            for (const auto& bad : damaged(proof))
                EXPECT_FALSE(verify_consistency(from, to, bad, old_root, new_root)) << from << to;
            EXPECT_FALSE(verify_consistency(from, to, proof, empty_tree_root(), new_root));
            EXPECT_FALSE(verify_consistency(from, to, proof, old_root, empty_tree_root()));
        }
    }
}

TEST(MerkleTree, ProvesLeavesAndGrowthOfRandomSizes) {
    const StoredTree tree = tree_of(5'000);
    EXPECT_TRUE(rc::check([&] {
        const auto to = *rc::gen::inRange<std::uint64_t>(1, 5'001);
        const auto from = *rc::gen::inRange<std::uint64_t>(1, to + 1);
        const auto index = *rc::gen::inRange<std::uint64_t>(0, to);
        const Digest& root = tree.roots[to];
        RC_ASSERT(verify_inclusion(
            index, to, tree.leaf(index), inclusion_proof(index, to, tree.source()).value(), root
        ));
        RC_ASSERT(verify_consistency(
            from, to, consistency_proof(from, to, tree.source()).value(), tree.roots[from], root
        ));
    }));
}

TEST(MerkleTree, VerifiesNoProofBetweenImpossibleSizes) {
    const StoredTree tree = tree_of(4);
    EXPECT_FALSE(verify_consistency(0, 4, {}, tree.roots[0], tree.roots[4]));
    EXPECT_FALSE(verify_consistency(4, 3, {}, tree.roots[4], tree.roots[3]));
    EXPECT_FALSE(verify_inclusion(0, 0, tree.leaf(0), {}, tree.roots[0]));
}

TEST(MerkleTree, PassesOnWhatItsNodesFailedWith) {
    StoredTree tree = tree_of(6);
    tree.nodes.erase({2, 0});
    for (const auto& fault :
         {root_at(6, tree.source()).error().fault,
          inclusion_proof(5, 6, tree.source()).error().fault,
          consistency_proof(5, 6, tree.source()).error().fault})
        EXPECT_EQ(fault, StoreFault::missing_record);
}

TEST(MerkleFrontier, StoresEachNodeAboveTheLeavesOnceWhenItIsFinished) {
    const StoredTree tree = tree_of(100);
    std::size_t complete = 0;
    for (std::uint8_t level = 0; level < 7; ++level) complete += 100 >> level;
    EXPECT_EQ(tree.nodes.size(), complete);
    for (const auto& [id, digest] : tree.nodes) {
        const std::uint64_t leaves = std::uint64_t{1} << id.level;
        EXPECT_EQ(digest, defined_root(tree, id.index * leaves, leaves));
    }
}

TEST(MerkleFrontier, GoesOnFromThePeaksOfAStoredTree) {
    const StoredTree whole = tree_of(64);
    for (std::uint64_t size = 0; size < 64; ++size) {
        std::vector<Digest> peaks;
        for (const NodeId id : peaks_of(size)) peaks.push_back(whole.nodes.at(id));
        MerkleFrontier resumed(size, peaks);
        EXPECT_EQ(resumed.root(), whole.roots[size]);
        resumed.append(whole.leaf(size), [](NodeId, const Digest&) {});
        EXPECT_EQ(resumed.root(), whole.roots[size + 1]);
        EXPECT_EQ(resumed.size(), size + 1);
    }
}

TEST(Peaks, AreTheCompleteSubtreesFromTheLeft) {
    EXPECT_EQ(peaks_of(0), (std::vector<NodeId>{}));
    EXPECT_EQ(peaks_of(1), (std::vector<NodeId>{{0, 0}}));
    EXPECT_EQ(peaks_of(13), (std::vector<NodeId>{{3, 0}, {2, 2}, {0, 12}}));
    EXPECT_EQ(peaks_of(64), (std::vector<NodeId>{{6, 0}}));
    EXPECT_EQ(peaks_of(std::uint64_t{1} << 63), (std::vector<NodeId>{{63, 0}}));
}

}  // namespace
}  // namespace verbatim
