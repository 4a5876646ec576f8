// How proof bundles are checked; proof_bundle.cpp makes them.
#include "domain/message.hpp"
#include "domain/type_id.hpp"
#include "eventstore/codec.hpp"
#include "eventstore/record_layout.hpp"
#include "protocol/base64.hpp"
#include "protocol/proof_bundle.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

namespace verbatim {
namespace {

using nlohmann::json;

tl::unexpected<ProofError> wrong(ProofFault fault, std::size_t entry = 0) {
    return failure(ProofError{fault, entry});
}

// A member of the right type, or a value that no bundle holds.
std::string text_in(const json& object, const char* name) {
    const auto found = object.find(name);
    return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}
std::uint64_t number_in(const json& object, const char* name, std::uint64_t otherwise) {
    const auto found = object.find(name);
    if (found == object.end() || !found->is_number_unsigned()) return otherwise;
    return found->get<std::uint64_t>();
}
const json& list_in(const json& object, const char* name) {
    static const json nothing = json::array();
    const auto found = object.find(name);
    return found != object.end() && found->is_array() ? *found : nothing;
}

template <std::size_t Size>
std::optional<std::array<std::uint8_t, Size>> bytes_of(const json& text) {
    if (!text.is_string()) return std::nullopt;
    const auto bytes = parse_base64(text.get_ref<const std::string&>());
    std::array<std::uint8_t, Size> array{};
    if (!bytes || bytes->size() != array.size()) return std::nullopt;
    std::copy(bytes->begin(), bytes->end(), array.begin());
    return array;
}

std::optional<std::vector<Digest>> path_of(const json& entry) {
    std::vector<Digest> path;
    for (const json& hash : list_in(entry, "inclusion")) {
        const auto digest = bytes_of<sizeof(Digest)>(hash);
        if (!digest) return std::nullopt;
        path.push_back(*digest);
    }
    return path;
}

// A record as the store has it: the leaf with its checksum.
std::string record_of(std::string leaf) {
    const std::uint32_t crc = crc32c(leaf);
    for (const int shift : {24, 16, 8, 0}) leaf += static_cast<char>(crc >> shift & 0xff);
    return leaf;
}

// The contents that `entry` shows, if they are exactly what the record commits to.
std::optional<std::vector<FoundContent>> contents_of(const RecordView& record, const json& entry) {
    const json& shown = list_in(entry, "contents");
    if (shown.size() != record.commitments.size()) return std::nullopt;
    std::vector<FoundContent> contents;
    for (const Commitment& commitment : record.commitments) {
        const auto ordinal = static_cast<std::uint16_t>(contents.size());
        const json& content = shown[ordinal];
        if (!content.is_object()) return std::nullopt;
        const auto salt = bytes_of<sizeof(Salt)>(content.value("salt", json()));
        std::string text = text_in(content, "content");
        if (!salt || number_in(content, "ordinal", ~0ull) != ordinal) return std::nullopt;
        if (number_in(content, "field", 0) != static_cast<std::uint64_t>(commitment.field))
            return std::nullopt;
        const Digest digest =
            commitment_to(record.position, commitment.field, ordinal, *salt, text);
        if (digest != commitment.digest) return std::nullopt;
        contents.push_back({commitment.field, std::move(text)});
    }
    return contents;
}

Expected<RecordedEvent, ProofFault> event_of(const RecordView& record, const json& entry) {
    auto contents = contents_of(record, entry);
    if (!contents) return failure(ProofFault::content_differs);
    auto event = decode(record.type, record.schema, record.facts, *contents);
    if (!event) return failure(ProofFault::leaf_is_malformed);
    return RecordedEvent{
        .position = record.position,
        .stream = record.stream,
        .version = record.version,
        .id = record.id,
        .command = record.command,
        .at = record.at,
        .occurred_at = record.occurred_at,
        .actor = record.actor,
        .key = record.key,
        .event = std::move(*event)};
}

Expected<ProvenEntry, ProofFault> check_entry(const json& entry, const TreeHead& head) {
    if (!entry.is_object()) return failure(ProofFault::not_a_bundle);
    ProvenEntry proven{.position = Position(number_in(entry, "position", 0)), .event = {}};
    const auto path = path_of(entry);
    if (!path || proven.position == Position()) return failure(ProofFault::not_a_bundle);

    std::optional<Digest> leaf_hash;
    if (const auto leaf = parse_base64(text_in(entry, "leaf")); leaf && !leaf->empty()) {
        const std::string stored = record_of(*leaf);
        const auto record = parse_record(stored);
        if (!record || record->position != proven.position)
            return failure(ProofFault::leaf_is_malformed);
        leaf_hash = leaf_hash_of(record->leaf);
        auto event = event_of(*record, entry);
        if (!event) return failure(event.error());
        proven.event = std::move(*event);
    } else {
        leaf_hash = bytes_of<sizeof(Digest)>(entry.value("leaf_hash", json()));
    }
    if (!leaf_hash) return failure(ProofFault::not_a_bundle);
    const std::uint64_t index = proven.position.value() - 1;
    if (index >= head.size || !verify_inclusion(index, head.size, *leaf_hash, *path, head.root))
        return failure(ProofFault::leaf_is_not_in_the_tree);
    return proven;
}

// The sending stands first and is the only one.
bool is_of_message(const ProvenMessage& message, const ProvenEntry& entry, bool is_first) {
    if (!is_first && entry.position <= message.entries.back().position) return false;
    if (!entry.event) return true;
    const auto* const event = std::get_if<RoomEvent>(&entry.event->event);
    if (event == nullptr || entry.event->stream != stream_of(message.room)) return false;
    if (is_first)
        return std::holds_alternative<MessageSent>(*event) && entry.event->version == message.seq;
    return message_named_by(*event) == message.seq;
}

}  // namespace

std::string describe(const ProofError& error) {
    std::string where = error.entry == 0 ? "the bundle" : "entry " + std::to_string(error.entry);
    switch (error.fault) {
        case ProofFault::not_a_bundle: return where + " is not what a proof bundle holds";
        case ProofFault::checkpoint_is_not_signed:
            return "the checkpoint is not signed by the key that was given";
        case ProofFault::leaf_is_malformed: return where + ": its leaf is no record of this format";
        case ProofFault::leaf_is_not_in_the_tree:
            return where + ": its leaf is not in the tree that the checkpoint signs";
        case ProofFault::content_differs:
            return where + ": its contents are not those that its leaf commits to";
        case ProofFault::not_of_the_message:
            return where + " does not belong to the message, or stands out of order";
    }
    return where;
}

Expected<ProvenMessage, ProofError> check_proof_bundle(
    std::string_view text, std::string_view verifier_key
) {
    const json bundle = json::parse(text, nullptr, /*allow_exceptions=*/false);
    if (!bundle.is_object() || text_in(bundle, "format") != "verbatim-proof/1")
        return wrong(ProofFault::not_a_bundle);
    const auto room = parse_id<RoomId>(text_in(bundle, "room_id"));
    const std::uint64_t seq = number_in(bundle, "seq", 0);
    const json& entries = list_in(bundle, "entries");
    if (!room || seq == 0 || entries.empty()) return wrong(ProofFault::not_a_bundle);
    auto head = verify_checkpoint(text_in(bundle, "checkpoint"), verifier_key);
    if (!head) return wrong(ProofFault::checkpoint_is_not_signed);

    ProvenMessage message{
        .tree_head = std::move(*head), .room = *room, .seq = Version(seq), .entries = {}};
    for (const json& entry : entries) {
        const std::size_t number = message.entries.size() + 1;
        auto proven = check_entry(entry, message.tree_head);
        if (!proven) return wrong(proven.error(), number);
        if (!is_of_message(message, *proven, number == 1))
            return wrong(ProofFault::not_of_the_message, number);
        message.entries.push_back(std::move(*proven));
    }
    return message;
}

}  // namespace verbatim
