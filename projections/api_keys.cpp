#include "projections/api_keys.hpp"

#include "projections/row_codec.hpp"

#include <algorithm>
#include <utility>

namespace verbatim {
namespace {

constexpr char key_kind = 'k';      // key -> ApiKeyRow
constexpr char by_hash_kind = 'h';  // hash -> key
constexpr char of_user_kind = 'u';  // user, key -> nothing

RowKey key_of(const KeyId& key) {
    return RowKey(key_kind).id(key);
}

std::string row_of(const ApiKeyRow& key) {
    RowWriter row;
    row.id(key.user).bytes(key.key_hash).time(key.created_at).text(key.name);
    row.u8(static_cast<std::uint8_t>(key.scopes.size()));
    for (const KeyScope scope : key.scopes) row.choice(scope);
    return row.take();
}

std::optional<ApiKeyRow> parse_key(const KeyId& id, std::string_view value) {
    RowReader row(value);
    ApiKeyRow key{
        .key = id,
        .user = row.id<UserId>(),
        .name = {},
        .scopes = {},
        .key_hash = row.digest(),
        .created_at = row.time()};
    key.name = row.text();
    for (std::uint8_t left = row.u8(); left > 0 && row.is_whole(); --left)
        key.scopes.push_back(row.choice<KeyScope>(KeyScope::send));
    if (!row.is_done()) return std::nullopt;
    return key;
}

void create(const RecordedEvent& event, const KeyCreated& created, ViewBatch& batch) {
    const UserId user(event.stream.id);
    const ApiKeyRow row{
        .key = created.key,
        .user = user,
        .name = created.name,
        .scopes = created.scopes,
        .key_hash = created.key_hash,
        .created_at = event.at};
    batch.put(key_of(created.key), row_of(row));
    batch.put(RowKey(by_hash_kind).digest(created.key_hash), RowWriter().id(created.key).take());
    batch.put(RowKey(of_user_kind).id(user).id(created.key), {});
}

StoreResult<void> revoke(const KeyId& key, ViewBatch& batch) {
    const auto row = parse_stored(batch.get(key_of(key)), "api_keys", [&](std::string_view value) {
        return parse_key(key, value);
    });
    if (!row) return failure(row.error());
    if (!*row) return {};
    batch.erase(key_of(key));
    batch.erase(RowKey(by_hash_kind).digest((*row)->key_hash));
    batch.erase(RowKey(of_user_kind).id((*row)->user).id(key));
    return {};
}

}  // namespace

ApiKeys::ApiKeys(const Storage& storage, std::size_t column) : storage_(storage), column_(column) {}

StoreResult<void> ApiKeys::apply(const RecordedEvent& event, ViewBatch& batch) {
    const auto* const account_event = std::get_if<AccountEvent>(&event.event);
    if (account_event == nullptr) return {};
    if (const auto* const created = std::get_if<KeyCreated>(account_event)) {
        create(event, *created, batch);
    } else if (const auto* const revoked = std::get_if<KeyRevoked>(account_event)) {
        return revoke(revoked->key, batch);
    }
    return {};
}

StoreResult<std::optional<ApiKeyRow>> ApiKeys::key(const KeyId& key) const {
    return parse_stored(storage_.get(column_, key_of(key)), name(), [&](std::string_view row) {
        return parse_key(key, row);
    });
}

StoreResult<std::optional<ApiKeyRow>> ApiKeys::by_hash(const TokenHash& key_hash) const {
    const auto found = parse_stored(
        storage_.get(column_, RowKey(by_hash_kind).digest(key_hash)),
        name(),
        [](std::string_view row) { return parse_reference<KeyId>(row); }
    );
    if (!found) return failure(found.error());
    if (!*found) return std::optional<ApiKeyRow>();
    return key(**found);
}

StoreResult<std::vector<ApiKeyRow>> ApiKeys::of_user(const UserId& user) const {
    const RowKey prefix = RowKey(of_user_kind).id(user);
    std::vector<ApiKeyRow> keys;
    auto scanned = scan_rows(
        storage_,
        column_,
        prefix,
        {},
        [&](std::string_view at, std::string_view) -> StoreResult<bool> {
            RowReader suffix(at.substr(std::string_view(prefix).size()));
            auto found = key(suffix.id<KeyId>());
            if (!found) return failure(found.error());
            // Revoked since the scan began.
            if (*found) keys.push_back(std::move(**found));
            return true;
        }
    );
    if (!scanned) return failure(scanned.error());
    std::ranges::stable_sort(keys, {}, &ApiKeyRow::created_at);
    return keys;
}

}  // namespace verbatim
