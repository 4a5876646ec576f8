#include "eventstore/codec.hpp"

#include "domain/overloaded.hpp"
#include "eventstore/account_codec.hpp"
#include "eventstore/event_types.hpp"
#include "eventstore/room_codec.hpp"
#include "eventstore/server_codec.hpp"
#include "eventstore/upcaster.hpp"

#include <algorithm>
#include <utility>

namespace verbatim {
namespace {

tl::unexpected<StoreError> error(StoreFault fault, std::string_view type, std::string_view what) {
    return failure(StoreError{fault, {}, std::string(type) + ": " + std::string(what)});
}

const EventType& wire_type(const Event& event) {
    return std::visit(
        Overloaded{
            [](const RoomEvent& e) -> const EventType& { return room_event_types[e.index()]; },
            [](const AccountEvent& e) -> const EventType& {
                return account_event_types[e.index()];
            },
            [](const ReaderEvent& e) -> const EventType& { return reader_event_types[e.index()]; },
            [](const ServerEvent& e) -> const EventType& { return server_event_types[e.index()]; },
        },
        event
    );
}

// `index` counts in all_event_types: rooms' events first, then accounts', then readers', then the
// server's.
Event read_event(std::size_t index, PayloadReader& payload) {
    if (index < room_event_types.size()) return room_event_readers()[index](payload);
    index -= room_event_types.size();
    if (index < account_event_types.size()) return account_event_readers()[index](payload);
    index -= account_event_types.size();
    if (index < reader_event_types.size()) return reader_event_readers()[index](payload);
    index -= reader_event_types.size();
    return server_event_readers()[index](payload);
}

StoreResult<Event> decode_newest(
    std::size_t index, const Json& facts, std::span<FoundContent> contents
) {
    const std::string_view type = all_event_types[index].type;
    std::string problem;
    PayloadReader payload{FactsReader(facts, problem), ContentsReader(contents)};
    Event event = read_event(index, payload);
    if (!problem.empty())
        return error(
            StoreFault::corrupt_record,
            type,
            "`" + problem + "` is missing or not what its schema says"
        );
    if (!payload.contents.all_taken())
        return error(
            StoreFault::corrupt_record, type, "it has contents that are not of its schema"
        );
    return event;
}

}  // namespace

EncodedEvent encode(const Event& event) {
    PayloadWriter payload;
    std::visit(
        Overloaded{
            [&](const RoomEvent& e) { write(e, payload); },
            [&](const AccountEvent& e) { write(e, payload); },
            [&](const ReaderEvent& e) { write(e, payload); },
            [&](const ServerEvent& e) { write(e, payload); },
        },
        event
    );
    const EventType& wire = wire_type(event);
    return {wire.type, wire.schema, payload.facts.text(), std::move(payload.contents)};
}

std::string_view type_of(const Event& event) {
    return wire_type(event).type;
}

StoreResult<Event> decode(
    std::string_view type,
    std::uint16_t schema,
    std::string_view facts,
    std::span<FoundContent> contents
) {
    const auto found = std::ranges::find(all_event_types, type, &EventType::type);
    if (found == all_event_types.end())
        return error(StoreFault::written_by_newer_build, type, "this build has no such event");
    if (schema > found->schema)
        return error(
            StoreFault::written_by_newer_build,
            type,
            "schema " + std::to_string(schema) + " is newer than this build's " +
                std::to_string(found->schema)
        );
    if (schema == 0) return error(StoreFault::corrupt_record, type, "schemas count from 1");
    const auto index = static_cast<std::size_t>(found - all_event_types.begin());
    // Most messages: nothing to parse.
    if (facts == "{}" && schema == found->schema) return decode_newest(index, Json(), contents);

    Json parsed = Json::parse(facts, nullptr, /*allow_exceptions=*/false);
    if (!parsed.is_object())
        return error(StoreFault::corrupt_record, type, "its facts are no JSON object");
    auto newest = upcast(upcast_steps(), type, schema, std::move(parsed));
    if (!newest) return failure(newest.error());
    return decode_newest(index, *newest, contents);
}

std::span<const EventType> event_types() {
    return all_event_types;
}

}  // namespace verbatim
