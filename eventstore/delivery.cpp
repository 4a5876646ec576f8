#include "eventstore/delivery.hpp"

#include "domain/limits.hpp"
#include "eventstore/byte_io.hpp"

#include <utility>

namespace verbatim {
namespace {

constexpr std::string_view magic = "VBDL";
constexpr std::uint8_t layout = 1;
constexpr std::size_t crc_bytes = 4;
constexpr std::size_t head_bytes = 4 + 1 + 4 + 16 + 16 + 8 + 8 + 8 + 32 + 4;
constexpr std::size_t event_bytes_min = 4 + 2;  // an empty record without contents
constexpr std::uint8_t content_is_absent = 0;
constexpr std::uint8_t content_follows = 1;

tl::unexpected<StoreError> corrupt(std::string detail) {
    return failure(StoreError{StoreFault::corrupt_record, {}, "a delivery: " + std::move(detail)});
}

std::size_t bytes_of(const DeliveredEvent& event) {
    std::size_t bytes = event_bytes_min + event.record.size();
    for (const auto& content : event.contents)
        bytes += 1 + (content ? sizeof(Salt) + 4 + content->bytes.size() : 0);
    return bytes;
}

void write_event(ByteWriter& out, const DeliveredEvent& event) {
    out.number(static_cast<std::uint32_t>(event.record.size()));
    out.raw(event.record);
    out.number(static_cast<std::uint16_t>(event.contents.size()));
    for (const auto& content : event.contents) {
        out.number(content ? content_follows : content_is_absent);
        if (!content) continue;
        out.raw(as_text(content->salt));
        out.number(static_cast<std::uint32_t>(content->bytes.size()));
        out.raw(content->bytes);
    }
}

StoreResult<std::optional<StoredContent>> read_content(ByteReader& in) {
    const auto presence = in.number<std::uint8_t>();
    if (presence == content_is_absent) return std::optional<StoredContent>();
    if (presence != content_follows) return corrupt("a content is neither there nor absent");
    StoredContent content{.salt = in.array<std::tuple_size_v<Salt>>(), .bytes = {}};
    const auto size = in.number<std::uint32_t>();
    if (size > limits::content_bytes_max)
        return corrupt("a content of " + std::to_string(size) + " bytes");
    content.bytes = in.raw(size);
    return std::optional(std::move(content));
}

StoreResult<DeliveredEvent> read_event(ByteReader& in) {
    DeliveredEvent event;
    const auto size = in.number<std::uint32_t>();
    if (size > limits::record_bytes_max)
        return corrupt("a record of " + std::to_string(size) + " bytes");
    event.record = in.raw(size);
    const std::size_t contents = in.number<std::uint16_t>();
    if (contents > in.left().size()) return corrupt("it is cut off");
    for (std::size_t ordinal = 0; ordinal < contents; ++ordinal) {
        auto content = read_content(in);
        if (!content) return failure(content.error());
        event.contents.push_back(std::move(*content));
    }
    return event;
}

// A record and what stands beside it, without the secrets.
StoreResult<DeliveredEvent> deliverable(StoredEvent stored) {
    const auto record = parse_record(stored.record);
    if (!record) return failure(record.error());
    for (std::size_t ordinal = 0; ordinal < stored.contents.size(); ++ordinal)
        if (is_secret(record->commitments[ordinal].field)) stored.contents[ordinal].reset();
    return DeliveredEvent{std::move(stored.record), std::move(stored.contents)};
}

}  // namespace

std::string encode_delivery(const Delivery& delivery) {
    std::size_t bytes = head_bytes + crc_bytes;
    for (const DeliveredEvent& event : delivery.events) bytes += bytes_of(event);
    ByteWriter out(bytes);
    out.raw(magic);
    out.number(layout);
    out.number(delivery.min_reader);
    out.id(delivery.epoch);
    out.id(delivery.instance);
    out.time(delivery.created);
    out.number(delivery.head.value());
    out.number(delivery.after.value());
    out.raw(as_text(delivery.root_before));
    out.number(static_cast<std::uint32_t>(delivery.events.size()));
    for (const DeliveredEvent& event : delivery.events) write_event(out, event);
    return std::move(out).with_checksum();
}

StoreResult<Delivery> parse_delivery(std::string_view bytes) {
    if (bytes.size() < crc_bytes || !bytes.starts_with(magic))
        return corrupt("these bytes are none");
    const std::string_view covered = bytes.substr(0, bytes.size() - crc_bytes);
    // Every later layout ends in this checksum, so damage is not taken for a newer one.
    if (ByteReader(bytes.substr(covered.size())).number<std::uint32_t>() != crc32c(covered))
        return corrupt("the checksum is not that of the bytes");
    ByteReader in(covered.substr(magic.size()));
    const auto found = in.number<std::uint8_t>();
    if (found > layout)
        return failure(StoreError{
            StoreFault::written_by_newer_build,
            {},
            "a delivery's layout is " + std::to_string(found) + "; this build reads up to " +
                std::to_string(layout) + ": upgrade this node first"});
    if (found != layout) return corrupt("there is no such layout");
    Delivery delivery;
    delivery.min_reader = in.number<std::uint32_t>();
    delivery.epoch = in.id();
    delivery.instance = in.id();
    delivery.created = in.time();
    delivery.head = Position(in.number<std::uint64_t>());
    delivery.after = Position(in.number<std::uint64_t>());
    delivery.root_before = in.array<std::tuple_size_v<Digest>>();
    const std::size_t count = in.number<std::uint32_t>();
    if (!in.ok() || count > in.left().size() / event_bytes_min) return corrupt("it is cut off");
    if (delivery.after > delivery.head || count > delivery.head.value() - delivery.after.value())
        return corrupt("its events are beyond the head that it names");
    for (std::size_t i = 0; i < count && in.ok(); ++i) {
        auto event = read_event(in);
        if (!event) return failure(event.error());
        delivery.events.push_back(std::move(*event));
    }
    if (!in.ok() || !in.left().empty()) return corrupt("the layout does not fit its length");
    return delivery;
}

StoreResult<Delivery> gather_delivery(
    const EventLog& log, const Uuid& instance, Position after, const DeliveryBounds& bounds
) {
    if (after > log.head())
        return failure(StoreError{
            StoreFault::missing_record, after, "the log does not reach this far"});
    auto stored = log.read_stored_after(after, bounds.events_max, bounds.bytes_max);
    if (!stored) return failure(stored.error());
    const auto root = root_at(after.value(), log.tree_nodes());
    if (!root) return failure(root.error());
    Delivery delivery{
        .epoch = log.epoch(),
        .instance = instance,
        .min_reader = log.min_reader(),
        .created = log.created_at(),
        .head = log.head(),  // read last: not before any event above
        .after = after,
        .root_before = *root,
        .events = {}};
    delivery.events.reserve(stored->size());
    std::size_t bytes = head_bytes + crc_bytes;
    for (StoredEvent& event : *stored) {
        auto delivered = deliverable(std::move(event));
        if (!delivered) return failure(delivered.error());
        bytes += bytes_of(*delivered);
        if (bytes > bounds.bytes_max && !delivery.events.empty()) break;
        delivery.events.push_back(std::move(*delivered));
    }
    return delivery;
}

}  // namespace verbatim
