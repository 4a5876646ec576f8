#include "api/admin_routes.hpp"

#include "api/audited_read.hpp"
#include "protocol/request_json.hpp"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

namespace verbatim::api::admin {

namespace {

std::optional<ServerRole> role_named(std::string_view text) {
    for (const ServerRole role : {ServerRole::auditor, ServerRole::admin})
        if (text == text_of(role)) return role;
    return std::nullopt;
}

// --- the list
// -------------------------------------------------------------------------------------

// Which accounts are asked for, and where their page begins.
struct UserFilter {
    std::optional<std::string> prefix;  // of the username, folded
    std::optional<ServerRole> role;
    std::string after;  // a username where a prefix is given alone, else an id
    UserId after_id;
    std::size_t limit = 0;

    [[nodiscard]] bool is_by_name() const { return prefix && !role; }
    [[nodiscard]] bool admits(const UserRow& user) const {
        return !prefix || (user.username && user.username->starts_with(*prefix));
    }
};

Answer<UserFilter> filter_of(const HttpRequest& request) {
    UserFilter filter;
    const auto limit = limit_in_query(request);
    if (!limit) return failure(limit.error());
    filter.limit = *limit;
    if (const std::string* prefix = request.query_value("q"))
        filter.prefix = fold_username(*prefix);
    if (const std::string* role = request.query_value("role")) {
        filter.role = role_named(*role);
        if (!filter.role) return failure(invalid_field("role", "must be auditor or admin"));
    }
    const std::string* after = request.query_value("after");
    if (after == nullptr) return filter;
    filter.after = *after;
    if (filter.is_by_name()) return filter;
    const auto id = parse_id<UserId>(*after);
    if (!id) return failure(invalid_field("after", "must be a user's id, as `next` has it"));
    filter.after_id = *id;
    return filter;
}

// One more than the page holds, to tell whether another follows. What a prefix leaves out of those
// who have a role may make the page short.
StoreResult<std::vector<UserRow>> page_of(const Users& users, const UserFilter& filter) {
    if (filter.is_by_name()) return users.search(*filter.prefix, filter.after, filter.limit + 1);
    if (filter.role) return users.with_role(*filter.role, filter.after_id, filter.limit + 1);
    return users.all(filter.after_id, filter.limit + 1);
}

void send_users(const ExchangePtr& exchange, const UserFilter& filter) {
    auto page = page_of(exchange->views().users(), filter);
    if (!page) return exchange->send_problem(problem_of(page.error()));
    std::string next;
    if (page->size() > filter.limit) {
        page->pop_back();
        const UserRow& last = page->back();
        next = next_url(
            exchange->request(),
            "after",
            filter.is_by_name() ? last.username.value_or("") : to_text(last.user)
        );
    }
    std::string items;
    for (const UserRow& user : *page) {
        if (!filter.admits(user)) continue;
        const auto sessions = exchange->views().sessions().of_user(user.user);
        if (!sessions) return exchange->send_problem(problem_of(sessions.error()));
        if (!items.empty()) items += ',';
        items += admin_user_json(user, sessions->size());
    }
    exchange->send_json(200, list_json(items, next));
}

// --- roles
// ----------------------------------------------------------------------------------------

struct RoleTarget {
    UserId user;
    ServerRole role = ServerRole::auditor;
};

Answer<RoleTarget> target_of(const ExchangePtr& exchange, const Actor& actor) {
    if (auto allowed = needs_admin(*exchange, actor); !allowed) return failure(allowed.error());
    const auto user = user_in_path(exchange->request());
    if (!user) return failure(user.error());
    const auto role = role_named(exchange->request().parameter("role"));
    if (!role) return failure(not_found("There are the roles auditor and admin."));
    const auto row = exchange->views().users().user(*user);
    if (!row) return failure(problem_of(row.error()));
    if (!*row) return failure(problem_of(Rule::user_not_found));
    return RoleTarget{.user = *user, .role = *role};
}

void render_user(const ExchangePtr& exchange, const Accepted& accepted) {
    const UserId user(accepted.stream.id);
    const auto row = exchange->views().users().user(user);
    if (!row) return exchange->send_problem(problem_of(row.error()));
    if (!*row) return exchange->send_problem(problem_of(Rule::user_not_found));
    const auto sessions = exchange->views().sessions().of_user(user);
    if (!sessions) return exchange->send_problem(problem_of(sessions.error()));
    exchange->send_json(
        200, with_receipt(admin_user_json(**row, sessions->size()), receipt_of(accepted))
    );
}

}  // namespace

Answer<void> needs_admin(const Exchange& exchange, const Actor& actor) {
    const auto roles = roles_of(exchange.views(), actor.user);
    if (!roles) return failure(roles.error());
    if (roles->contains(ServerRole::admin)) return {};
    return failure(not_allowed("Only admins may do this."));
}

void list_users(const ExchangePtr& exchange, const Actor& actor) {
    if (auto allowed = needs_admin(*exchange, actor); !allowed)
        return exchange->send_problem(allowed.error());
    const auto filter = filter_of(exchange->request());
    if (!filter) return exchange->send_problem(filter.error());
    audited_read(exchange, actor, std::nullopt, [exchange, filter = *filter] {
        send_users(exchange, filter);
    });
}

void grant_role(const ExchangePtr& exchange, const Actor& actor) {
    const auto target = target_of(exchange, actor);
    if (!target) return exchange->send_problem(target.error());
    submit(
        exchange,
        {.stream = stream_of(target->user),
         .command = AccountCommand(GrantRole{target->role}),
         .actor = actor.user,
         .status = 200},
        render_user
    );
}

void revoke_role(const ExchangePtr& exchange, const Actor& actor) {
    const auto target = target_of(exchange, actor);
    if (!target) return exchange->send_problem(target.error());
    submit(
        exchange,
        {.stream = stream_of(target->user),
         .command = AccountCommand(RevokeRole{target->role}),
         .actor = actor.user,
         .status = 204},
        render_empty
    );
}

}  // namespace verbatim::api::admin
