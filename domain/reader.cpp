#include "domain/reader.hpp"

#include "domain/overloaded.hpp"
#include "domain/verdict.hpp"

namespace verbatim {
namespace {

Decision<ReaderEvent> mark_read(
    const Reader& reader, const ReaderFacts& facts, const MarkRead& command
) {
    if (!facts.room_is_known) return failure(Rule::room_not_found);
    if (!facts.actor_is_member) return failure(Rule::actor_is_not_member);
    const auto marker = reader.read_up_to.find(command.room);
    const Version read_up_to = marker == reader.read_up_to.end() ? Version() : marker->second;
    if (command.up_to <= read_up_to) return nothing<ReaderEvent>();
    if (command.up_to > facts.room_version) return failure(Rule::read_marker_is_beyond_room);
    return record<ReaderEvent>(RoomRead{.room = command.room, .up_to = command.up_to});
}

}  // namespace

Decision<ReaderEvent> decide(
    const Reader& reader,
    const ReaderFacts& facts,
    const ReaderCommand& command,
    const CommandContext& /*no rule asks who or when: a reader is its own user*/
) {
    return std::visit(
        Overloaded{
            [&](const MarkRead& c) { return mark_read(reader, facts, c); },
        },
        command
    );
}

Reader evolve(Reader reader, const ReaderEvent& event, const EventContext& /*says nothing more*/) {
    std::visit(
        Overloaded{
            [&](const RoomRead& e) { reader.read_up_to[e.room] = e.up_to; },
        },
        event
    );
    return reader;
}

}  // namespace verbatim
