#include "api/pages.hpp"
#include "api/room_routes.hpp"
#include "api/time_travel_routes.hpp"
#include "domain/invariant.hpp"
#include "protocol/request_json.hpp"
#include "protocol/room_access.hpp"

#include <nlohmann/json.hpp>
#include <utility>

namespace verbatim::api::members {

namespace {

// A command about one user of one room, both named in the path.
void submit_about(
    const ExchangePtr& exchange,
    const Actor& actor,
    int status,
    const std::function<Answer<RoomCommand>(const UserId&)>& read,
    Render render
) {
    const auto room = room_in_path(exchange->request());
    if (!room) return exchange->send_problem(room.error());
    const auto user = user_in_path(exchange->request());
    if (!user) return exchange->send_problem(user.error());
    auto command = read(*user);
    if (!command) return exchange->send_problem(command.error());
    submit(
        exchange,
        {.stream = stream_of(*room),
         .command = std::move(*command),
         .actor = actor.user,
         .status = status},
        std::move(render)
    );
}

// {room_id, user_id, receipt}
void render_subject(const ExchangePtr& exchange, const Accepted& accepted) {
    const nlohmann::ordered_json body = {
        {"room_id", to_text(RoomId(accepted.stream.id))},
        {"user_id", exchange->request().parameter("user_id")}};
    exchange->send_json(200, with_receipt(body.dump(), receipt_of(accepted)));
}

void render_member(const ExchangePtr& exchange, const Accepted& accepted) {
    const auto user = user_in_path(exchange->request());
    invariant(user.has_value(), "the path was read before");
    const auto member = exchange->views().memberships().member(RoomId(accepted.stream.id), *user);
    if (!member) return exchange->send_problem(problem_of(member.error()));
    // Between the commit and this answer somebody may have removed the member again.
    if (!*member) return render_subject(exchange, accepted);
    auto json = member_json(exchange->views(), **member, exchange->services().online);
    if (!json) return exchange->send_problem(json.error());
    exchange->send_json(200, with_receipt(std::move(*json), receipt_of(accepted)));
}

struct MemberPage {
    RoomId room;
    UserId after;
    std::size_t limit = 0;
};

// For lists by user id that only members may read; `needs_manager` where only owners and admins
// may.
enum class Readers { members, managers };
Answer<MemberPage> page_of(const Exchange& exchange, const Actor& actor, Readers readers) {
    const HttpRequest& request = exchange.request();
    const auto room = room_in_path(request);
    if (!room) return failure(room.error());
    const auto asked = id_page_in_query<UserId>(request, "a user's id");
    if (!asked) return failure(asked.error());
    const auto access = member_access(exchange.views(), *room, actor.user);
    if (!access) return failure(access.error());
    if (readers == Readers::managers && access->membership->role == MemberRole::member)
        return failure(problem_of(Rule::actor_may_not_manage_members));
    return MemberPage{.room = *room, .after = asked->after, .limit = asked->limit};
}

}  // namespace

void list_members(const ExchangePtr& exchange, const Actor& actor) {
    if (time_travel::is_asked(exchange)) return time_travel::list_members(exchange, actor);
    const auto page = page_of(*exchange, actor, Readers::members);
    if (!page) return exchange->send_problem(page.error());
    const Views& views = exchange->views();
    send_rows(
        exchange,
        views.memberships().members(page->room, page->after, page->limit + 1),
        page->limit,
        [&](const MemberRow& member) {
            return member_json(views, member, exchange->services().online);
        },
        [](const MemberRow& member) { return member.user; }
    );
}

void put_member(const ExchangePtr& exchange, const Actor& actor) {
    const auto body = body_of(exchange->request());
    if (!body) return exchange->send_problem(body.error());
    submit_about(
        exchange,
        actor,
        200,
        [&](const UserId& user) -> Answer<RoomCommand> {
            auto command = read_put_member(*body, user);
            if (!command) return failure(command.error());
            return RoomCommand(*command);
        },
        render_member
    );
}

void remove_member(const ExchangePtr& exchange, const Actor& actor) {
    submit_about(
        exchange,
        actor,
        204,
        [](const UserId& user) -> Answer<RoomCommand> { return RoomCommand(RemoveMember{user}); },
        render_empty
    );
}

void list_invites(const ExchangePtr& exchange, const Actor& actor) {
    const auto page = page_of(*exchange, actor, Readers::members);
    if (!page) return exchange->send_problem(page.error());
    const Views& views = exchange->views();
    send_rows(
        exchange,
        views.memberships().invites_of_room(page->room, page->after, page->limit + 1),
        page->limit,
        [&](const InviteRow& invite) { return invite_json(views, invite); },
        [](const InviteRow& invite) { return invite.user; }
    );
}

void list_my_invites(const ExchangePtr& exchange, const Actor& actor) {
    const auto page = id_page_in_query<RoomId>(exchange->request(), "a room's id");
    if (!page) return exchange->send_problem(page.error());
    const Views& views = exchange->views();
    send_rows(
        exchange,
        views.memberships().invites_of_user(actor.user, page->after, page->limit + 1),
        page->limit,
        [&](const InviteRow& invite) { return invite_json(views, invite); },
        [](const InviteRow& invite) { return invite.room; }
    );
}

void invite_user(const ExchangePtr& exchange, const Actor& actor) {
    submit_about(
        exchange,
        actor,
        200,
        [](const UserId& user) -> Answer<RoomCommand> { return RoomCommand(InviteUser{user}); },
        render_subject
    );
}

void revoke_invite(const ExchangePtr& exchange, const Actor& actor) {
    submit_about(
        exchange,
        actor,
        204,
        [](const UserId& user) -> Answer<RoomCommand> { return RoomCommand(RevokeInvite{user}); },
        render_empty
    );
}

void list_bans(const ExchangePtr& exchange, const Actor& actor) {
    const auto page = page_of(*exchange, actor, Readers::managers);
    if (!page) return exchange->send_problem(page.error());
    const Views& views = exchange->views();
    send_rows(
        exchange,
        views.memberships().bans(page->room, page->after, page->limit + 1),
        page->limit,
        [&](const BanRow& ban) { return ban_json(views, ban); },
        [](const BanRow& ban) { return ban.user; }
    );
}

void ban_user(const ExchangePtr& exchange, const Actor& actor) {
    const auto body = body_of(exchange->request());
    if (!body) return exchange->send_problem(body.error());
    submit_about(
        exchange,
        actor,
        200,
        [&](const UserId& user) -> Answer<RoomCommand> {
            auto command = read_ban(*body, user);
            if (!command) return failure(command.error());
            return RoomCommand(std::move(*command));
        },
        render_subject
    );
}

void unban_user(const ExchangePtr& exchange, const Actor& actor) {
    submit_about(
        exchange,
        actor,
        204,
        [](const UserId& user) -> Answer<RoomCommand> { return RoomCommand(UnbanUser{user}); },
        render_empty
    );
}

}  // namespace verbatim::api::members
