// How proof bundles are made; proof_check.cpp checks them.
#include "protocol/proof_bundle.hpp"

#include "protocol/base64.hpp"
#include "protocol/object_writer.hpp"

#include <algorithm>

namespace verbatim {
namespace {

void put_digests(ObjectWriter& object, std::string_view name, const std::vector<Digest>& digests) {
    std::string& out = object.member(name);
    out += '[';
    for (const Digest& digest : digests) {
        if (out.back() != '[') out += ',';
        append_json(out, std::string_view(base64_text(as_text(digest))));
    }
    out += ']';
}

void put_contents(
    ObjectWriter& object,
    const std::vector<Commitment>& commitments,
    const std::vector<std::optional<StoredContent>>& contents
) {
    std::string& out = object.member("contents");
    out += '[';
    for (std::size_t ordinal = 0; ordinal < contents.size(); ++ordinal) {
        if (ordinal > 0) out += ',';
        ObjectWriter content(out);
        content.put("ordinal", std::uint64_t{ordinal});
        content.put("field", static_cast<std::uint64_t>(commitments[ordinal].field));
        content.put("salt", base64_text(as_text(contents[ordinal]->salt)));
        content.put("content", contents[ordinal]->bytes);
        content.close();
    }
    out += ']';
}

bool may_be_shown(
    const std::vector<Commitment>& commitments,
    const std::vector<std::optional<StoredContent>>& contents
) {
    return std::ranges::all_of(contents, [](const auto& found) { return found.has_value(); }) &&
           std::ranges::none_of(commitments, is_secret, &Commitment::field);
}

}  // namespace

std::string proof_bundle_begin(
    const RoomId& room, Version seq, const SignedTreeHead& tree_head, std::string_view verifier_key
) {
    std::string out;
    ObjectWriter bundle(out);
    bundle.put("format", "verbatim-proof/1");
    bundle.put("room_id", room);
    bundle.put("seq", seq);
    bundle.put("checkpoint", tree_head.note);
    bundle.put("verifier_key", verifier_key);
    bundle.member("entries") += '[';
    return out;
}

StoreResult<void> append_proof_entry(
    std::string& out,
    const EventLog& log,
    Position position,
    std::uint64_t tree_size,
    Disclosure disclosure
) {
    const auto stored = log.read_stored(position);
    if (!stored) return failure(stored.error());
    const auto record = parse_record(stored->record);
    if (!record) return failure(record.error());
    const auto path = inclusion_proof(position.value() - 1, tree_size, log.tree_nodes());
    if (!path) return failure(path.error());

    ObjectWriter entry(out);
    entry.put("position", position);
    if (disclosure == Disclosure::whole && may_be_shown(record->commitments, stored->contents)) {
        entry.put("leaf", base64_text(record->leaf));
        put_contents(entry, record->commitments, stored->contents);
    } else {
        entry.put("leaf_hash", base64_text(as_text(leaf_hash_of(record->leaf))));
    }
    put_digests(entry, "inclusion", *path);
    entry.close();
    return {};
}

}  // namespace verbatim
