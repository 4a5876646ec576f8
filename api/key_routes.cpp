#include "api/key_routes.hpp"

#include "api/pages.hpp"
#include "domain/invariant.hpp"
#include "protocol/request_json.hpp"
#include "protocol/secret_texts.hpp"

#include <nlohmann/json.hpp>
#include <utility>

namespace verbatim::api::keys {

namespace {

// The key as it was made: a repetition may come after it was revoked.
Answer<ApiKeyRow> created_by(const Exchange& exchange, const Accepted& accepted) {
    const auto recorded = exchange.services().log.read(accepted.first);
    if (!recorded) return failure(problem_of(recorded.error()));
    const auto* event = std::get_if<AccountEvent>(&recorded->event);
    const auto* created = event == nullptr ? nullptr : std::get_if<KeyCreated>(event);
    invariant(created != nullptr, "CreateKey with a new id records exactly that");
    return ApiKeyRow{
        .key = created->key,
        .user = UserId(recorded->stream.id),
        .name = created->name,
        .scopes = created->scopes,
        .key_hash = created->key_hash,
        .created_at = recorded->at};
}

// The text is in this answer only: nothing that is stored could give it back. A repetition with the
// same Idempotency-Key is therefore answered with `key: null`; whoever lost the first answer
// revokes the key and makes another.
Render render_created(std::string text) {
    return [text = std::move(text)](const ExchangePtr& exchange, const Accepted& accepted) {
        const auto key = created_by(*exchange, accepted);
        if (!key) return exchange->send_problem(key.error());
        const Text shown = accepted.replayed ? Text() : Text(text);
        exchange->send_json(201, with_receipt(key_json(*key, shown), receipt_of(accepted)));
    };
}

}  // namespace

void create_key(const ExchangePtr& exchange, const Actor& actor) {
    const auto body = body_of(exchange->request());
    if (!body) return exchange->send_problem(body.error());
    auto wanted = read_new_key(*body);
    if (!wanted) return exchange->send_problem(wanted.error());
    SecretText secret = make_api_key();
    submit(
        exchange,
        {.stream = stream_of(actor.user),
         .command = AccountCommand(CreateKey{
             .key = KeyId(exchange->services().new_uuid()),
             .name = std::move(wanted->name),
             .scopes = std::move(wanted->scopes),
             .key_hash = secret.hash}),
         .actor = actor.user,
         .status = 201},
        render_created(std::move(secret.text))
    );
}

void list_keys(const ExchangePtr& exchange, const Actor& actor) {
    const auto page = id_page_in_query<KeyId>(exchange->request(), "an API key's id");
    if (!page) return exchange->send_problem(page.error());
    const auto id_of = [](const ApiKeyRow& row) { return row.key; };
    // At most limits::keys_per_user_max.
    auto keys = exchange->views().api_keys().of_user(actor.user);
    if (keys) drop_up_to(*keys, page->after, id_of);
    send_rows(
        exchange,
        keys,
        page->limit,
        [](const ApiKeyRow& row) -> Answer<std::string> { return key_json(row); },
        id_of
    );
}

void revoke_key(const ExchangePtr& exchange, const Actor& actor) {
    const auto key = parse_id<KeyId>(exchange->request().parameter("key_id"));
    if (!key) return exchange->send_problem(key_not_found());
    const auto row = exchange->views().api_keys().key(*key);
    if (!row) return exchange->send_problem(problem_of(row.error()));
    const bool is_own = *row && (*row)->user == actor.user;
    // A keyed repetition finds it revoked already; its key remembers that it was there.
    const bool may_be_repetition = exchange->request().header("idempotency-key") != nullptr;
    if (!is_own && (*row || !may_be_repetition)) return exchange->send_problem(key_not_found());
    submit(
        exchange,
        {.stream = stream_of(actor.user),
         .command = AccountCommand(RevokeKey{*key}),
         .actor = actor.user,
         .status = 204},
        render_empty
    );
}

}  // namespace verbatim::api::keys
