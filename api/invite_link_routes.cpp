#include "api/invite_link_routes.hpp"

#include "domain/invariant.hpp"
#include "protocol/request_json.hpp"
#include "protocol/room_access.hpp"
#include "protocol/secret_texts.hpp"

#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>
#include <utility>

namespace verbatim::api::invite_links {

namespace {

Answer<LinkId> link_created_by(const Exchange& exchange, const Accepted& accepted) {
    const auto recorded = exchange.services().log.read(accepted.first);
    if (!recorded) return failure(problem_of(recorded.error()));
    const auto* event = std::get_if<RoomEvent>(&recorded->event);
    const auto* created = event == nullptr ? nullptr : std::get_if<InviteLinkCreated>(event);
    invariant(created != nullptr, "CreateInviteLink with a new id records exactly that");
    return created->link;
}

// As with API keys, a repetition cannot show the code again: `code: null`.
Render render_created(std::string code) {
    return [code = std::move(code)](const ExchangePtr& exchange, const Accepted& accepted) {
        const auto link = link_created_by(*exchange, accepted);
        if (!link) return exchange->send_problem(link.error());
        const auto row = exchange->views().invite_links().link(*link);
        if (!row) return exchange->send_problem(problem_of(row.error()));
        invariant(row->has_value(), "no row of a link is ever erased");
        const Text shown = accepted.replayed ? Text() : Text(code);
        exchange->send_json(
            201,
            with_receipt(
                invite_link_json(**row, exchange->services().clock(), shown), receipt_of(accepted)
            )
        );
    };
}

std::optional<Timestamp> end_after(std::optional<std::int64_t> seconds, Timestamp now) {
    constexpr std::int64_t microseconds_per_second = 1'000'000;
    if (!seconds) return std::nullopt;
    return Timestamp(now.microseconds() + *seconds * microseconds_per_second);
}

// The link in the path, of the room in the path; 404 otherwise.
Answer<LinkId> link_in_path(const Exchange& exchange, const RoomId& room) {
    const auto link = parse_id<LinkId>(exchange.request().parameter("link_id"));
    if (!link) return failure(problem_of(Rule::invite_link_not_found));
    const auto row = exchange.views().invite_links().link(*link);
    if (!row) return failure(problem_of(row.error()));
    if (!*row || (*row)->room != room) return failure(problem_of(Rule::invite_link_not_found));
    return *link;
}

// The room as its owners and admins see it.
Answer<void> only_managers(const Exchange& exchange, const RoomId& room, const Actor& actor) {
    const auto access = member_access(exchange.views(), room, actor.user);
    if (!access) return failure(access.error());
    if (access->membership->role == MemberRole::member)
        return failure(problem_of(Rule::actor_may_not_manage_members));
    return {};
}

// {room_id, user_id, role, receipt}
void render_membership(const ExchangePtr& exchange, const Accepted& accepted, const UserId& user) {
    const RoomId room(accepted.stream.id);
    const auto member = exchange->views().memberships().member(room, user);
    if (!member) return exchange->send_problem(problem_of(member.error()));
    nlohmann::ordered_json body = {
        {"room_id", to_text(room)}, {"user_id", to_text(user)}, {"role", nullptr}};
    // Null where the membership has ended again, as after a replayed key.
    if (*member) body["role"] = text_of((*member)->role);
    exchange->send_json(200, with_receipt(body.dump(), receipt_of(accepted)));
}

// Codes cannot be guessed, having 128 random bits; this keeps those who try from costing anything.
Answer<void> admit_attempt(const Exchange& exchange, const Actor& actor) {
    const Services& services = exchange.services();
    auto by_address = services.rate_limits.take(
        Limiter::invite_codes_per_address,
        services.client_address(exchange.request()),
        RateLimits::Clock::now()
    );
    if (!by_address) return by_address;
    return within_limit(exchange, Limiter::invite_codes_per_user, actor);
}

}  // namespace

void create_link(const ExchangePtr& exchange, const Actor& actor) {
    const auto room = room_in_path(exchange->request());
    if (!room) return exchange->send_problem(room.error());
    const auto body = body_of(exchange->request());
    if (!body) return exchange->send_problem(body.error());
    const auto wanted = read_new_invite_link(*body);
    if (!wanted) return exchange->send_problem(wanted.error());
    SecretText secret = make_invite_code();
    submit(
        exchange,
        {.stream = stream_of(*room),
         .command = RoomCommand(CreateInviteLink{
             .link = LinkId(exchange->services().new_uuid()),
             .code_hash = secret.hash,
             .max_uses = wanted->max_uses,
             .expires_at = end_after(wanted->expires_in, exchange->services().clock())}),
         .actor = actor.user,
         .status = 201},
        render_created(std::move(secret.text))
    );
}

void list_links(const ExchangePtr& exchange, const Actor& actor) {
    const HttpRequest& request = exchange->request();
    const auto room = room_in_path(request);
    if (!room) return exchange->send_problem(room.error());
    const auto limit = limit_in_query(request);
    if (!limit) return exchange->send_problem(limit.error());
    const auto before =
        number_in_query(request, "before", 1, std::numeric_limits<std::uint64_t>::max());
    if (!before) return exchange->send_problem(before.error());
    const auto allowed = only_managers(*exchange, *room, actor);
    if (!allowed) return exchange->send_problem(allowed.error());
    const auto cursor = *before ? std::optional(Position(**before)) : std::nullopt;
    const auto links = exchange->views().invite_links().of_room(*room, cursor, *limit + 1);
    if (!links) return exchange->send_problem(problem_of(links.error()));

    const Timestamp now = exchange->services().clock();
    std::string items;
    for (std::size_t i = 0; i < std::min(links->size(), *limit); ++i) {
        if (i > 0) items += ',';
        items += invite_link_json((*links)[i], now);
    }
    std::string next;
    if (links->size() > *limit)
        next = next_url(request, "before", std::to_string((*links)[*limit - 1].created.value()));
    exchange->send_json(200, list_json(items, next));
}

void revoke_link(const ExchangePtr& exchange, const Actor& actor) {
    const auto room = room_in_path(exchange->request());
    if (!room) return exchange->send_problem(room.error());
    const auto allowed = only_managers(*exchange, *room, actor);
    if (!allowed) return exchange->send_problem(allowed.error());
    const auto link = link_in_path(*exchange, *room);
    if (!link) return exchange->send_problem(link.error());
    submit(
        exchange,
        {.stream = stream_of(*room),
         .command = RoomCommand(RevokeInviteLink{*link}),
         .actor = actor.user,
         .status = 204},
        render_empty
    );
}

void join_by_link(const ExchangePtr& exchange, const Actor& actor) {
    const auto admitted = admit_attempt(*exchange, actor);
    if (!admitted) return exchange->send_problem(admitted.error());
    const auto code = hash_of_secret(exchange->request().parameter("code"));
    const auto link = exchange->views().invite_links().by_code(code);
    if (!link) return exchange->send_problem(problem_of(link.error()));
    if (!*link) return exchange->send_problem(problem_of(Rule::invite_link_not_found));
    submit(
        exchange,
        {.stream = stream_of((*link)->room),
         .command = RoomCommand(JoinByLink{(*link)->link}),
         .actor = actor.user,
         .status = 200},
        [user = actor.user](const ExchangePtr& joined, const Accepted& accepted) {
            render_membership(joined, accepted, user);
        }
    );
}

}  // namespace verbatim::api::invite_links
