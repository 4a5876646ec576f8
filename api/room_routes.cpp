#include "api/room_routes.hpp"

#include "api/time_travel_routes.hpp"
#include "protocol/request_json.hpp"
#include "protocol/room_access.hpp"

#include <nlohmann/json.hpp>
#include <utility>

namespace verbatim::api::rooms {

namespace {

Answer<std::string> json_of_room(const Views& views, const RoomId& room, const UserId& user) {
    const auto access = room_access(views, room, user);
    if (!access) return failure(access.error());
    return room_json(views, *access, user);
}

void send_room(const ExchangePtr& exchange, const RoomId& room, const UserId& user) {
    auto json = json_of_room(exchange->views(), room, user);
    if (!json) return exchange->send_problem(json.error());
    exchange->send_json(200, std::move(*json));
}

Render render_room(const UserId& user, int status) {
    return [user, status](const ExchangePtr& exchange, const Accepted& accepted) {
        auto json = json_of_room(exchange->views(), RoomId(accepted.stream.id), user);
        if (!json) return exchange->send_problem(json.error());
        // A direct room that was there already is no creation, now or when replayed.
        const bool created = accepted.count > 0;
        const int told = status == 201 && !created ? 200 : status;
        exchange->send_json(told, with_receipt(std::move(*json), receipt_of(accepted)));
    };
}

// {room_id, user_id, role, receipt}; the role is null where the membership has ended.
void send_membership(const ExchangePtr& exchange, const Accepted& accepted, const UserId& user) {
    const RoomId room(accepted.stream.id);
    const auto member = exchange->views().memberships().member(room, user);
    if (!member) return exchange->send_problem(problem_of(member.error()));
    nlohmann::ordered_json body = {
        {"room_id", to_text(room)}, {"user_id", to_text(user)}, {"role", nullptr}};
    if (*member) body["role"] = text_of((*member)->role);
    exchange->send_json(200, with_receipt(body.dump(), receipt_of(accepted)));
}

void submit_to_room(
    const ExchangePtr& exchange, const Actor& actor, int status, RoomCommand command, Render render
) {
    const auto room = room_in_path(exchange->request());
    if (!room) return exchange->send_problem(room.error());
    submit(
        exchange,
        {.stream = stream_of(*room),
         .command = std::move(command),
         .actor = actor.user,
         .status = status},
        std::move(render)
    );
}

void list_mine(const ExchangePtr& exchange, const Actor& actor, std::size_t limit) {
    const HttpRequest& request = exchange->request();
    RoomId after;
    if (const std::string* cursor = request.query_value("after")) {
        const auto room = parse_id<RoomId>(*cursor);
        if (!room) return exchange->send_problem(invalid_field("after", "must be a room's id"));
        after = *room;
    }
    const auto rooms = exchange->views().memberships().rooms_of(actor.user, after, limit + 1);
    if (!rooms) return exchange->send_problem(problem_of(rooms.error()));
    std::string items;
    for (std::size_t i = 0; i < std::min(rooms->size(), limit); ++i) {
        const auto json = json_of_room(exchange->views(), (*rooms)[i].room, actor.user);
        if (!json) return exchange->send_problem(json.error());
        if (i > 0) items += ',';
        items += *json;
    }
    const bool more = rooms->size() > limit;
    exchange->send_json(
        200,
        list_json(
            items,
            more ? next_url(request, "after", to_text((*rooms)[limit - 1].room)) : std::string()
        )
    );
}

void list_public(const ExchangePtr& exchange, const Actor& actor, std::size_t limit) {
    const HttpRequest& request = exchange->request();
    const auto after =
        number_in_query(request, "after", 0, std::numeric_limits<std::uint64_t>::max());
    if (!after) return exchange->send_problem(after.error());
    const std::string* q = request.query_value("q");
    const auto page = exchange->views().rooms().public_rooms(
        q == nullptr ? "" : *q, Position(after->value_or(0)), limit
    );
    if (!page) return exchange->send_problem(problem_of(page.error()));
    std::string items;
    for (const RoomRow& room : page->rooms) {
        const auto json = json_of_room(exchange->views(), room.room, actor.user);
        if (!json) return exchange->send_problem(json.error());
        if (!items.empty()) items += ',';
        items += *json;
    }
    const std::string next =
        page->examined_up_to
            ? next_url(request, "after", std::to_string(page->examined_up_to->value()))
            : std::string();
    exchange->send_json(200, list_json(items, next));
}

}  // namespace

void create_room(const ExchangePtr& exchange, const Actor& actor) {
    const auto body = body_of(exchange->request());
    if (!body) return exchange->send_problem(body.error());
    auto command = read_create_room(*body);
    if (!command) return exchange->send_problem(command.error());
    submit(
        exchange,
        {.stream = stream_of(RoomId(exchange->services().new_uuid())),
         .command = RoomCommand(std::move(*command)),
         .actor = actor.user,
         .status = 201},
        render_room(actor.user, 201)
    );
}

void list_rooms(const ExchangePtr& exchange, const Actor& actor) {
    const auto limit = limit_in_query(exchange->request());
    if (!limit) return exchange->send_problem(limit.error());
    const std::string* scope = exchange->request().query_value("scope");
    if (scope == nullptr || *scope == "mine") return list_mine(exchange, actor, *limit);
    if (*scope == "public") return list_public(exchange, actor, *limit);
    exchange->send_problem(invalid_field("scope", "must be mine or public"));
}

void show_room(const ExchangePtr& exchange, const Actor& actor) {
    if (time_travel::is_asked(exchange)) return time_travel::show_room(exchange, actor);
    const auto room = room_in_path(exchange->request());
    if (!room) return exchange->send_problem(room.error());
    send_room(exchange, *room, actor.user);
}

void show_alias(const ExchangePtr& exchange, const Actor& actor) {
    const auto room = exchange->views().rooms().by_alias(exchange->request().parameter("alias"));
    if (!room) return exchange->send_problem(problem_of(room.error()));
    if (!*room) return exchange->send_problem(problem_of(Rule::room_not_found));
    send_room(exchange, **room, actor.user);
}

void update_room(const ExchangePtr& exchange, const Actor& actor) {
    const auto body = body_of(exchange->request());
    if (!body) return exchange->send_problem(body.error());
    auto command = read_update_room(*body);
    if (!command) return exchange->send_problem(command.error());
    submit_to_room(exchange, actor, 200, std::move(*command), render_room(actor.user, 200));
}

void archive_room(const ExchangePtr& exchange, const Actor& actor) {
    submit_to_room(exchange, actor, 204, ArchiveRoom{}, render_empty);
}

void join_room(const ExchangePtr& exchange, const Actor& actor) {
    submit_to_room(
        exchange,
        actor,
        200,
        JoinRoom{},
        [user = actor.user](const ExchangePtr& joined, const Accepted& accepted) {
            send_membership(joined, accepted, user);
        }
    );
}

void leave_room(const ExchangePtr& exchange, const Actor& actor) {
    submit_to_room(
        exchange,
        actor,
        200,
        LeaveRoom{},
        [user = actor.user](const ExchangePtr& left, const Accepted& accepted) {
            send_membership(left, accepted, user);
        }
    );
}

}  // namespace verbatim::api::rooms
