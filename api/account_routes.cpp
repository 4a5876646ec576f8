#include "api/account_routes.hpp"

#include "api/credentials.hpp"
#include "domain/invariant.hpp"
#include "protocol/request_json.hpp"

#include <nlohmann/json.hpp>
#include <utility>

namespace verbatim::api {

Answer<StoredCredential> credential_of(const Services& services, const UserRow& user) {
    const auto recorded = services.log.read(user.credential_position);
    if (!recorded) return failure(problem_of(recorded.error()));
    const auto* event = std::get_if<AccountEvent>(&recorded->event);
    invariant(event != nullptr, "a credential is kept in an account's stream");
    const Secret* hash = nullptr;
    if (const auto* registered = std::get_if<UserRegistered>(event))
        hash = &registered->password_hash;
    if (const auto* changed = std::get_if<PasswordChanged>(event)) hash = &changed->password_hash;
    invariant(hash != nullptr, "the users view points at an event that holds a password's hash");
    return StoredCredential{.version = user.credential, .hash = hash->value_or("")};
}

Problem passwords_are_busy() {
    return rate_limited("password_hashing", 2);
}

namespace accounts {

namespace {

void send_user(
    const ExchangePtr& exchange, int status, const UserId& user, const Receipt* receipt
) {
    const auto row = exchange->views().users().user(user);
    if (!row) return exchange->send_problem(problem_of(row.error()));
    if (!*row) return exchange->send_problem(problem_of(Rule::user_not_found));
    std::string json = user_json(**row);
    if (receipt != nullptr) json = with_receipt(std::move(json), *receipt);
    exchange->send_json(status, std::move(json));
}

Render render_user(int status) {
    return [status](const ExchangePtr& exchange, const Accepted& accepted) {
        const Receipt receipt = receipt_of(accepted);
        send_user(exchange, status, UserId(accepted.stream.id), &receipt);
    };
}

void register_hashed(const ExchangePtr& exchange, Registration registration, std::string hash) {
    const UserId user(exchange->services().new_uuid());
    submit(
        exchange,
        {.stream = stream_of(user),
         .command = AccountCommand(RegisterUser{
             .username = std::move(registration.username),
             .display_name = std::move(registration.display_name),
             .password_hash = std::move(hash)}),
         .actor = user,
         .status = 201},
        render_user(201)
    );
}

}  // namespace

void register_user(const ExchangePtr& exchange) {
    const Services& services = exchange->services();
    const auto allowed = services.rate_limits.take(
        Limiter::registrations_per_address,
        services.client_address(exchange->request()),
        RateLimits::Clock::now()
    );
    if (!allowed) return exchange->send_problem(allowed.error());
    const auto body = body_of(exchange->request());
    if (!body) return exchange->send_problem(body.error());
    auto registration = read_registration(*body);
    if (!registration) return exchange->send_problem(registration.error());
    // A name that is plainly taken need not cost a hash; the sequencer decides races.
    const auto taken = services.views.users().by_username(registration->username);
    if (!taken) return exchange->send_problem(problem_of(taken.error()));
    if (*taken) return exchange->send_problem(problem_of(Rule::username_is_taken));

    std::string password = std::exchange(registration->password, {});
    const bool accepted = services.passwords.hash(
        std::move(password),
        [exchange, registration = std::move(*registration)](std::string hash) {
            if (hash.empty()) return exchange->send_problem(passwords_are_busy());
            register_hashed(exchange, registration, std::move(hash));
        }
    );
    if (!accepted) exchange->send_problem(passwords_are_busy());
}

void find_users(const ExchangePtr& exchange, const Actor&) {
    const HttpRequest& request = exchange->request();
    const auto limit = limit_in_query(request);
    if (!limit) return exchange->send_problem(limit.error());
    const std::string* prefix = request.query_value("q");
    const std::string* after = request.query_value("after");
    const auto found = exchange->views().users().search(
        prefix == nullptr ? "" : fold_username(*prefix), after == nullptr ? "" : *after, *limit + 1
    );
    if (!found) return exchange->send_problem(problem_of(found.error()));
    std::string items;
    std::string last;
    for (std::size_t i = 0; i < std::min(found->size(), *limit); ++i) {
        if (i > 0) items += ',';
        items += user_json((*found)[i]);
        last = (*found)[i].username.value_or("");
    }
    const bool more = found->size() > *limit;
    exchange->send_json(200, list_json(items, more ? next_url(request, "after", last) : ""));
}

void show_user(const ExchangePtr& exchange, const Actor&) {
    const auto user = user_in_path(exchange->request());
    if (!user) return exchange->send_problem(user.error());
    send_user(exchange, 200, *user, nullptr);
}

void show_me(const ExchangePtr& exchange, const Actor& actor) {
    send_user(exchange, 200, actor.user, nullptr);
}

void rename_me(const ExchangePtr& exchange, const Actor& actor) {
    const auto body = body_of(exchange->request());
    if (!body) return exchange->send_problem(body.error());
    auto rename = read_rename(*body);
    if (!rename) return exchange->send_problem(rename.error());
    submit(
        exchange,
        {.stream = stream_of(actor.user),
         .command = AccountCommand(std::move(*rename)),
         .actor = actor.user,
         .status = 200},
        render_user(200)
    );
}

void change_password(const ExchangePtr& exchange, const Actor& actor) {
    const Services& services = exchange->services();
    const auto body = body_of(exchange->request());
    if (!body) return exchange->send_problem(body.error());
    const auto passwords = read_new_password(*body);
    if (!passwords) return exchange->send_problem(passwords.error());
    const auto row = services.views.users().user(actor.user);
    if (!row) return exchange->send_problem(problem_of(row.error()));
    if (!*row) return exchange->send_problem(problem_of(Rule::account_is_not_active));
    const auto stored = credential_of(services, **row);
    if (!stored) return exchange->send_problem(stored.error());

    const auto change = [exchange, actor, version = stored->version](std::string hash) {
        if (hash.empty()) return exchange->send_problem(passwords_are_busy());
        submit(
            exchange,
            {.stream = stream_of(actor.user),
             .command = AccountCommand(ChangePassword{
                 .verified = version, .password_hash = std::move(hash), .keep = actor.session}),
             .actor = actor.user,
             .status = 204},
            render_empty
        );
    };
    const bool accepted = services.passwords.verify(
        passwords->current,
        stored->hash,
        [exchange, change, next = passwords->next](bool matches) {
            if (!matches)
                return exchange->send_problem(not_allowed("the current password is another one"));
            if (!exchange->services().passwords.hash(next, change))
                exchange->send_problem(passwords_are_busy());
        }
    );
    if (!accepted) exchange->send_problem(passwords_are_busy());
}

}  // namespace accounts

}  // namespace verbatim::api
