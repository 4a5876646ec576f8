#include "eventstore/audit/tree_check.hpp"

#include "eventstore/event_log.hpp"
#include "eventstore/log_keys.hpp"
#include "eventstore/record_reader.hpp"

#include <algorithm>
#include <utility>

namespace verbatim {
namespace {

Position first_of(NodeId node) {
    return Position((node.index << node.level) + 1);
}
Position last_of(NodeId node) {
    return Position((node.index + 1) << node.level);
}

}  // namespace

StoreResult<Digest> stored_tree_node(const Storage& storage, NodeId node) {
    if (node.level == 0) {
        const auto bytes = RecordReader(storage).stored(Position(node.index + 1));
        if (!bytes) return failure(bytes.error());
        const auto record = parse_record(*bytes);
        if (!record) return failure(record.error());
        return leaf_hash_of(record->leaf);
    }
    const auto found = storage.get(EventLog::merkle, merkle_key(node));
    if (!found) return failure(found.error());
    Digest digest{};
    if (!*found || (*found)->size() != digest.size())
        return failure(StoreError{StoreFault::missing_record, {}, "a node of the tree"});
    std::copy((*found)->begin(), (*found)->end(), digest.begin());
    return digest;
}

TreeCheck::TreeCheck(
    const Storage& storage,
    MerkleFrontier frontier,
    std::vector<TreeHead> heads,
    AuditFindings& findings
)
    : storage_(storage),
      findings_(findings),
      frontier_(std::move(frontier)),
      begin_(frontier_.size()),
      heads_(std::move(heads)),
      matched_(begin_) {
    compare_heads();
}

void TreeCheck::append(const Digest& leaf) {
    if (has_given_up_) return;
    frontier_.append(leaf, [this](NodeId node, const Digest& digest) {
        compare_node(node, digest);
    });
    compare_heads();
}

StorageCursor& TreeCheck::nodes_of(std::uint8_t level) {
    if (nodes_.size() <= level) nodes_.resize(level + std::size_t{1});
    if (!nodes_[level]) {
        nodes_[level] = storage_.cursor(EventLog::merkle);
        nodes_[level]->seek(merkle_key({level, begin_ >> level}));
    }
    return *nodes_[level];
}

void TreeCheck::compare_node(NodeId node, const Digest& digest) {
    StorageCursor& stored = nodes_of(node.level);
    const bool is_there = stored.valid() && stored.key() == std::string_view(merkle_key(node));
    const bool is_same = is_there && stored.value() == as_text(digest);
    if (is_there) stored.next();
    if (is_same) return;
    // A leaf that differs makes every node above it differ.
    const bool is_explained =
        last_node_finding_ != Position() && last_node_finding_ >= first_of(node);
    if (is_there && is_explained) return;
    last_node_finding_ = std::max(first_of(node), matched_.next());
    findings_.add(
        {AuditFault::tree_differs,
         last_node_finding_,
         last_of(node),
         is_there ? "the stored tree over these positions is of other records"
                  : "the stored tree lacks its node over these positions"}
    );
}

void TreeCheck::compare_heads() {
    while (next_head_ < heads_.size() && heads_[next_head_].size <= frontier_.size()) {
        const TreeHead& head = heads_[next_head_++];
        if (head.size < frontier_.size()) continue;  // before the trusted beginning
        if (head.root != frontier_.root())
            note_difference(head);
        else if (!differs_)
            matched_ = Position(head.size);
    }
}

// Where the stored tree is still the one that was signed, its nodes have told the place already.
void TreeCheck::note_difference(const TreeHead& head) {
    if (std::exchange(differs_, true)) return;
    const auto stored =
        root_at(head.size, [this](NodeId node) { return stored_tree_node(storage_, node); });
    const Position first = head.size > begin_ ? matched_.next() : Position(1);
    const bool nodes_tell = stored && *stored == head.root && last_node_finding_ > matched_;
    findings_.add(
        {AuditFault::log_differs,
         nodes_tell ? last_node_finding_ : first,
         Position(head.size),
         "the records are not those of the tree head that was signed at size " +
             std::to_string(head.size) + "; up to position " + std::to_string(matched_.value()) +
             " they are"}
    );
}

void TreeCheck::end(Position head) {
    if (next_head_ < heads_.size() && heads_.back().size > head.value()) {
        findings_.add(
            {AuditFault::log_is_shorter,
             head.next(),
             Position(heads_.back().size),
             "these positions were signed and are not in the log"}
        );
    }
    if (!has_given_up_) look_for_nodes_beyond(head);
}

// What a log that was cut may have left behind.
void TreeCheck::look_for_nodes_beyond(Position head) {
    for (std::uint8_t level = 1; level < 64; ++level) {
        const NodeId next{level, head.value() >> level};
        const auto cursor = storage_.cursor(EventLog::merkle);
        cursor->seek(merkle_key(next));
        if (!cursor->valid()) return;
        if (static_cast<std::uint8_t>(cursor->key().front()) != level) continue;
        findings_.add(
            {AuditFault::tree_differs,
             head.next(),
             last_of(next),
             "the stored tree reaches beyond the last record"}
        );
        return;
    }
}

}  // namespace verbatim
