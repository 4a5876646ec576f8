#pragma once

#include "domain/account_events.hpp"
#include "projections/projection.hpp"

#include <vector>

namespace verbatim {

struct ApiKeyRow {
    KeyId key;
    UserId user;
    Text name;
    std::vector<KeyScope> scopes;
    TokenHash key_hash{};
    Timestamp created_at;
};

// Which API keys work. A revoked one has no row.
class ApiKeys final : public Projection {
public:
    explicit ApiKeys(const Storage& storage, std::size_t column);
    [[nodiscard]] std::string_view name() const override { return "api_keys"; }
    [[nodiscard]] std::uint32_t schema() const override { return 1; }
    [[nodiscard]] StoreResult<void> apply(const RecordedEvent& event, ViewBatch& batch) override;

    // nullopt: never made, or revoked.
    [[nodiscard]] StoreResult<std::optional<ApiKeyRow>> key(const KeyId& key) const;
    [[nodiscard]] StoreResult<std::optional<ApiKeyRow>> by_hash(const TokenHash& key_hash) const;
    // At most limits::keys_per_user_max, the oldest first.
    [[nodiscard]] StoreResult<std::vector<ApiKeyRow>> of_user(const UserId& user) const;

private:
    const Storage& storage_;
    std::size_t column_;
};

}  // namespace verbatim
