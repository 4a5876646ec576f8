#include "api/account_routes.hpp"
#include "api/credentials.hpp"
#include "api/pages.hpp"
#include "protocol/request_json.hpp"
#include "protocol/secret_texts.hpp"
#include "protocol/text_rules.hpp"

#include <nlohmann/json.hpp>
#include <utility>

namespace verbatim::api::sessions {

namespace {

constexpr std::size_t agent_bytes_max = 256;

Problem wrong_credentials() {
    return not_authenticated("the user name or the password is wrong");
}

// The access and refresh token of a session that was just opened or refreshed.
void send_tokens(
    const ExchangePtr& exchange,
    const Accepted& accepted,
    const SessionId& session,
    const std::string& refresh_token
) {
    const Services& services = exchange->services();
    const UserId user(accepted.stream.id);
    const nlohmann::ordered_json body = {
        {"session_id", to_text(session)},
        {"access_token", services.tokens.issue(user, session, services.clock())},
        {"token_type", "Bearer"},
        {"expires_in", limits::access_token_seconds},
        {"refresh_token", refresh_token},
        {"user_id", to_text(user)},
    };
    exchange->send_json(201, with_receipt(body.dump(), receipt_of(accepted)));
}

std::string agent_of(const HttpRequest& request) {
    const std::string* agent = request.header("user-agent");
    if (agent == nullptr || agent->size() > agent_bytes_max || !is_valid_utf8(*agent)) return {};
    return fault_in_text(*agent, {0, agent_bytes_max}) ? std::string() : *agent;
}

void open_verified(const ExchangePtr& exchange, const UserId& user, Version verified) {
    const Services& services = exchange->services();
    const SessionId session(services.new_uuid());
    RefreshToken refresh = services.tokens.make_refresh(user, session);
    submit(
        exchange,
        {.stream = stream_of(user),
         .command = AccountCommand(OpenSession{
             .session = session,
             .verified = verified,
             .address = services.client_address(exchange->request()),
             .agent = agent_of(exchange->request()),
             .refresh_hash = std::move(refresh.hash)}),
         .actor = user,
         .status = 201},
        [session, text = std::move(refresh.text)](
            const ExchangePtr& opened, const Accepted& accepted
        ) { send_tokens(opened, accepted, session, text); }
    );
}

// Whether a login may be tried at all: by address, then by name.
Answer<void> admit_login(
    const Services& services, const HttpRequest& request, const std::string& name
) {
    const auto now = RateLimits::Clock::now();
    auto by_address = services.rate_limits.take(
        Limiter::logins_per_address, services.client_address(request), now
    );
    if (!by_address) return by_address;
    return services.rate_limits.take(Limiter::logins_per_username, name, now);
}

Answer<std::optional<UserRow>> user_named(const Services& services, const std::string& username) {
    const auto user = services.views.users().by_username(username);
    if (!user) return failure(problem_of(user.error()));
    if (!*user) return std::optional<UserRow>();
    auto row = services.views.users().user(**user);
    if (!row) return failure(problem_of(row.error()));
    return std::move(*row);
}

}  // namespace

void open_session(const ExchangePtr& exchange) {
    const Services& services = exchange->services();
    if (auto reason = services.not_ready())
        return exchange->send_problem(not_ready(std::move(*reason)));
    const auto body = body_of(exchange->request());
    if (!body) return exchange->send_problem(body.error());
    auto credentials = read_credentials(*body);
    if (!credentials) return exchange->send_problem(credentials.error());
    const auto admitted = admit_login(services, exchange->request(), credentials->username);
    if (!admitted) return exchange->send_problem(admitted.error());
    const auto row = user_named(services, credentials->username);
    if (!row) return exchange->send_problem(row.error());

    UserId user;
    StoredCredential stored;
    if (*row) {
        auto found = credential_of(services, **row);
        if (!found) return exchange->send_problem(found.error());
        stored = std::move(*found);
        user = (*row)->user;
    }
    const bool accepted = services.passwords.verify(
        std::move(credentials->password),
        std::move(stored.hash),
        [exchange, user, version = stored.version](bool matches) {
            if (!matches) return exchange->send_problem(wrong_credentials());
            open_verified(exchange, user, version);
        }
    );
    if (!accepted) exchange->send_problem(passwords_are_busy());
}

void refresh_session(const ExchangePtr& exchange) {
    const Services& services = exchange->services();
    if (auto reason = services.not_ready())
        return exchange->send_problem(not_ready(std::move(*reason)));
    const auto body = body_of(exchange->request());
    if (!body) return exchange->send_problem(body.error());
    const auto text = read_refresh_token(*body);
    if (!text) return exchange->send_problem(text.error());
    if (is_api_key(*text) || is_api_key(bearer_token(exchange->request())))
        return exchange->send_problem(
            not_allowed("An API key does not expire and has no session to refresh.")
        );
    const auto presented = services.tokens.read_refresh(*text);
    if (!presented)
        return exchange->send_problem(not_authenticated("the refresh token is not valid"));

    RefreshToken next = services.tokens.make_refresh(presented->user, presented->session);
    submit(
        exchange,
        {.stream = stream_of(presented->user),
         .command = AccountCommand(RefreshSession{
             .session = presented->session,
             .presented_hash = presented->hash,
             .refresh_hash = std::move(next.hash)}),
         .actor = presented->user,
         .status = 201},
        [session = presented->session,
         next_text = std::move(next.text)](const ExchangePtr& refreshed, const Accepted& accepted) {
            for (const RecordedEvent& recorded : accepted.events()) {
                const auto* event = std::get_if<AccountEvent>(&recorded.event);
                if (event != nullptr && std::holds_alternative<SessionClosed>(*event))
                    return refreshed->send_problem(problem_of(Rule::refresh_token_was_used));
            }
            send_tokens(refreshed, accepted, session, next_text);
        }
    );
}

void list_sessions(const ExchangePtr& exchange, const Actor& actor) {
    const auto page = id_page_in_query<SessionId>(exchange->request(), "a session's id");
    if (!page) return exchange->send_problem(page.error());
    const auto id_of = [](const SessionRow& row) { return row.session; };
    // At most limits::sessions_per_user_max.
    auto sessions = exchange->views().sessions().of_user(actor.user);
    if (sessions) drop_up_to(*sessions, page->after, id_of);
    send_rows(
        exchange,
        sessions,
        page->limit,
        [&](const SessionRow& row) -> Answer<std::string> {
            return session_json(row, actor.session);
        },
        id_of
    );
}

void close_current(const ExchangePtr& exchange, const Actor& actor) {
    submit(
        exchange,
        {.stream = stream_of(actor.user),
         .command = AccountCommand(CloseSession{
             .session = actor.session, .reason = SessionEnd::logged_out}),
         .actor = actor.user,
         .status = 204},
        render_empty
    );
}

void close_session(const ExchangePtr& exchange, const Actor& actor) {
    const auto session = parse_id<SessionId>(exchange->request().parameter("session_id"));
    if (!session) return exchange->send_problem(not_found("there is no such session"));
    const auto row = exchange->views().sessions().session(*session);
    if (!row) return exchange->send_problem(problem_of(row.error()));
    const bool has_key = exchange->request().header("idempotency-key") != nullptr;
    const bool is_own = *row && (*row)->user == actor.user;
    // A keyed repetition finds the session closed already; its key remembers that it was there.
    if (!is_own && (*row || !has_key))
        return exchange->send_problem(not_found("there is no such session"));
    submit(
        exchange,
        {.stream = stream_of(actor.user),
         .command = AccountCommand(CloseSession{
             .session = *session,
             .reason = *session == actor.session ? SessionEnd::logged_out : SessionEnd::revoked}),
         .actor = actor.user,
         .status = 204},
        render_empty
    );
}

}  // namespace verbatim::api::sessions
