#pragma once

#include "eventstore/event_record.hpp"
#include "eventstore/store_error.hpp"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace verbatim {

// The texts of an event, which stand beside its record. The number is on disk and in every
// commitment: permanent, never reused. From 200 on: secrets, which never leave this node.
enum class ContentField : std::uint8_t {
    text = 1,
    metadata = 2,
    filename = 3,
    username = 4,
    display_name = 5,
    room_name = 6,
    room_description = 7,
    ban_reason = 8,
    address = 9,
    agent = 10,
    key_name = 11,
    hold_reason = 12,
    password_hash = 200,
    refresh_hash = 201,
};
[[nodiscard]] constexpr bool is_secret(ContentField field) {
    return static_cast<std::uint8_t>(field) >= 200;
}

struct ContentPart {
    ContentField field = ContentField::text;
    std::string bytes;
    friend bool operator==(const ContentPart&, const ContentPart&) = default;
};

// A payload as it is stored: the wire name and schema, the facts as JSON, and the texts apart, in
// the order of their ordinals.
struct EncodedEvent {
    std::string_view type;  // static storage: "message.sent"
    std::uint16_t schema = 1;
    std::string facts;
    std::vector<ContentPart> contents;
};

// A text as found on reading: its field from the record's commitment, its bytes unless destroyed.
struct FoundContent {
    ContentField field = ContentField::text;
    std::optional<std::string> bytes;
};

[[nodiscard]] EncodedEvent encode(const Event& event);

// The wire name of an event's type, as in the contract.
[[nodiscard]] std::string_view type_of(const Event& event);

// Lifts `facts` through the upcasters to the newest schema, then decodes.
// Errors: written_by_newer_build  type or schema unknown to this build
//         corrupt_record          the facts are not what this schema says
[[nodiscard]] StoreResult<Event> decode(
    std::string_view type,
    std::uint16_t schema,
    std::string_view facts,
    std::span<FoundContent> contents
);

// Every (type, newest schema) that this build writes, for catalogues and tests.
struct EventType {
    std::string_view type;
    std::uint16_t schema;
};
[[nodiscard]] std::span<const EventType> event_types();

}  // namespace verbatim
