#include "api/forgetting_routes.hpp"

#include "api/audited_read.hpp"
#include "api/credentials.hpp"
#include "protocol/forgetting_requests.hpp"
#include "protocol/object_writer.hpp"
#include "protocol/room_access.hpp"

#include <nlohmann/json.hpp>
#include <utility>

namespace verbatim::api::forgetting {

namespace {

Answer<bool> is_admin(const ExchangePtr& exchange, const Actor& actor) {
    const auto roles = roles_of(exchange->views(), actor.user);
    if (!roles) return failure(roles.error());
    return roles->contains(ServerRole::admin);
}

Answer<void> needs_admin(const ExchangePtr& exchange, const Actor& actor) {
    const auto admin = is_admin(exchange, actor);
    if (!admin) return failure(admin.error());
    if (!*admin) return failure(not_allowed("Only admins do that."));
    return {};
}

// --- erasure

void begin_erasure(const ExchangePtr& exchange, const UserId& user, Version verified) {
    auto erasure = erasure_of(exchange->views(), user, verified);
    if (!erasure) return exchange->send_problem(erasure.error());
    submit(
        exchange,
        {.stream = stream_of(user),
         .command = AccountCommand(std::move(*erasure)),
         .actor = user,
         .status = 202},
        [](const ExchangePtr& begun, const Accepted&) { begun->send_empty(202); }
    );
}

// --- retention

std::string retention_json(const ExchangePtr& exchange, const RoomRow& room) {
    std::string body;
    ObjectWriter answer(body);
    answer.put("room_id", room.room);
    answer.put_or_null("days", room.retention_days);
    answer.put_or_null("server_days", exchange->services().retention_days);
    answer.close();
    return body;
}

void send_retention(const ExchangePtr& exchange, const Accepted& accepted) {
    const auto room = exchange->views().rooms().room(RoomId(accepted.stream.id));
    if (!room) return exchange->send_problem(problem_of(room.error()));
    if (!*room) return exchange->send_problem(problem_of(Rule::room_not_found));
    exchange->send_json(200, with_receipt(retention_json(exchange, **room), receipt_of(accepted)));
}

void submit_retention(
    const ExchangePtr& exchange, const Actor& actor, std::optional<std::uint32_t> days
) {
    const auto room = room_in_path(exchange->request());
    if (!room) return exchange->send_problem(room.error());
    const auto admin = is_admin(exchange, actor);
    if (!admin) return exchange->send_problem(admin.error());
    submit(
        exchange,
        {.stream = stream_of(*room),
         .command = RoomCommand(SetRetention{.days = days, .is_by_admin = *admin}),
         .actor = actor.user,
         .status = 200},
        send_retention
    );
}

// --- holds

void append_hold(std::string& items, const HoldRow& hold) {
    if (!items.empty()) items += ',';
    ObjectWriter object(items);
    object.put_or_null("user_id", hold.user);
    object.put_or_null("room_id", hold.room);
    object.put("reason", hold.reason);
    object.put("set_by", hold.set_by);
    object.put("set_at", hold.set_at);
    object.close();
}

// What a hold is on, as the path names it: something that is, or was, there.
struct Held {
    std::optional<UserId> user;
    std::optional<RoomId> room;
};

Answer<Held> held_user(const ExchangePtr& exchange) {
    const auto user = user_in_path(exchange->request());
    if (!user) return failure(user.error());
    const auto row = exchange->views().users().user(*user);
    if (!row) return failure(problem_of(row.error()));
    if (!*row) return failure(problem_of(Rule::user_not_found));
    return Held{.user = *user, .room = std::nullopt};
}

Answer<Held> held_room(const ExchangePtr& exchange) {
    const auto room = room_in_path(exchange->request());
    if (!room) return failure(room.error());
    const auto row = exchange->views().rooms().room(*room);
    if (!row) return failure(problem_of(row.error()));
    if (!*row) return failure(problem_of(Rule::room_not_found));
    return Held{.user = std::nullopt, .room = *room};
}

void submit_hold(const ExchangePtr& exchange, const Actor& actor, ServerCommand command) {
    submit(
        exchange,
        {.stream = server_stream,
         .command = std::move(command),
         .actor = actor.user,
         .status = 204},
        render_empty
    );
}

void hold(
    const ExchangePtr& exchange, const Actor& actor, Answer<Held> (*find)(const ExchangePtr&)
) {
    if (const auto allowed = needs_admin(exchange, actor); !allowed)
        return exchange->send_problem(allowed.error());
    const auto held = find(exchange);
    if (!held) return exchange->send_problem(held.error());
    const auto body = body_of(exchange->request());
    if (!body) return exchange->send_problem(body.error());
    auto reason = read_hold(*body);
    if (!reason) return exchange->send_problem(reason.error());
    submit_hold(
        exchange,
        actor,
        SetHold{.user = held->user, .room = held->room, .reason = std::move(*reason)}
    );
}

void release(
    const ExchangePtr& exchange, const Actor& actor, Answer<Held> (*find)(const ExchangePtr&)
) {
    if (const auto allowed = needs_admin(exchange, actor); !allowed)
        return exchange->send_problem(allowed.error());
    const auto held = find(exchange);
    if (!held) return exchange->send_problem(held.error());
    submit_hold(exchange, actor, LiftHold{.user = held->user, .room = held->room});
}

}  // namespace

void erase_me(const ExchangePtr& exchange, const Actor& actor) {
    const Services& services = exchange->services();
    const auto body = body_of(exchange->request());
    if (!body) return exchange->send_problem(body.error());
    auto password = read_erasure(*body);
    if (!password) return exchange->send_problem(password.error());
    const auto row = services.views.users().user(actor.user);
    if (!row) return exchange->send_problem(problem_of(row.error()));
    if (!*row) return exchange->send_problem(problem_of(Rule::account_is_not_active));
    const auto stored = credential_of(services, **row);
    if (!stored) return exchange->send_problem(stored.error());
    const bool accepted = services.passwords.verify(
        std::move(*password),
        stored->hash,
        [exchange, user = actor.user, version = stored->version](bool matches) {
            if (!matches) return exchange->send_problem(not_allowed("The password is another one"));
            begin_erasure(exchange, user, version);
        }
    );
    if (!accepted) exchange->send_problem(passwords_are_busy());
}

void show_retention(const ExchangePtr& exchange, const Actor& actor) {
    const auto room = room_in_path(exchange->request());
    if (!room) return exchange->send_problem(room.error());
    const auto access = room_access(exchange->views(), *room, actor.user);
    if (!access) return exchange->send_problem(access.error());
    exchange->send_json(200, retention_json(exchange, access->room));
}

void set_retention(const ExchangePtr& exchange, const Actor& actor) {
    const auto body = body_of(exchange->request());
    if (!body) return exchange->send_problem(body.error());
    const auto days = read_retention(*body);
    if (!days) return exchange->send_problem(days.error());
    submit_retention(exchange, actor, *days);
}

void clear_retention(const ExchangePtr& exchange, const Actor& actor) {
    submit_retention(exchange, actor, std::nullopt);
}

void list_holds(const ExchangePtr& exchange, const Actor& actor) {
    if (const auto allowed = needs_admin(exchange, actor); !allowed)
        return exchange->send_problem(allowed.error());
    audited_read(exchange, actor, std::nullopt, [exchange] {
        const auto holds = exchange->views().holds().all();
        if (!holds) return exchange->send_problem(problem_of(holds.error()));
        std::string items;
        for (const HoldRow& hold : *holds) append_hold(items, hold);
        exchange->send_json(200, list_json(items, ""));
    });
}

void hold_user(const ExchangePtr& exchange, const Actor& actor) {
    hold(exchange, actor, held_user);
}
void hold_room(const ExchangePtr& exchange, const Actor& actor) {
    hold(exchange, actor, held_room);
}
void release_user(const ExchangePtr& exchange, const Actor& actor) {
    release(exchange, actor, held_user);
}
void release_room(const ExchangePtr& exchange, const Actor& actor) {
    release(exchange, actor, held_room);
}

}  // namespace verbatim::api::forgetting
