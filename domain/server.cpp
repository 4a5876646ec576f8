#include "domain/server.hpp"

#include "domain/limits.hpp"
#include "domain/overloaded.hpp"
#include "domain/verdict.hpp"

namespace verbatim {
namespace {

bool is_held(const ServerState& server, const auto& command) {
    if (command.user) return server.held_users.contains(*command.user);
    return command.room && server.held_rooms.contains(*command.room);
}

Decision<ServerEvent> set_hold(const ServerState& server, const SetHold& command) {
    if (is_held(server, command)) return nothing<ServerEvent>();
    if (server.held_users.size() + server.held_rooms.size() >= limits::holds_max)
        return failure(Rule::server_has_too_many_holds);
    return record<ServerEvent>(HoldSet{
        .user = command.user, .room = command.room, .reason = command.reason});
}

Decision<ServerEvent> lift_hold(const ServerState& server, const LiftHold& command) {
    if (!is_held(server, command)) return nothing<ServerEvent>();
    return record<ServerEvent>(HoldLifted{.user = command.user, .room = command.room});
}

}  // namespace

Decision<ServerEvent> decide(
    const ServerState& server, const ServerCommand& command, const CommandContext& /*see above*/
) {
    return std::visit(
        Overloaded{
            [&](const SetHold& c) { return set_hold(server, c); },
            [&](const LiftHold& c) { return lift_hold(server, c); },
        },
        command
    );
}

ServerState evolve(
    ServerState server, const ServerEvent& event, const EventContext& /*says nothing more*/
) {
    std::visit(
        Overloaded{
            [&](const HoldSet& e) {
                if (e.user) server.held_users.insert(*e.user);
                if (e.room) server.held_rooms.insert(*e.room);
            },
            [&](const HoldLifted& e) {
                if (e.user) server.held_users.erase(*e.user);
                if (e.room) server.held_rooms.erase(*e.room);
            },
            [](const EpochBegun&) {},
        },
        event
    );
    return server;
}

}  // namespace verbatim
