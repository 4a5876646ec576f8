#pragma once

#include "domain/account_events.hpp"
#include "projections/projection.hpp"

#include <vector>

namespace verbatim {

struct SessionRow {
    SessionId session;
    UserId user;
    Timestamp opened_at;
    Timestamp refreshed_at;
    Text address;
    Text agent;
};

// Which sessions are open. A closed one has no row.
class Sessions final : public Projection {
public:
    explicit Sessions(const Storage& storage, std::size_t column);
    [[nodiscard]] std::string_view name() const override { return "sessions"; }
    [[nodiscard]] std::uint32_t schema() const override { return 1; }
    [[nodiscard]] StoreResult<void> apply(const RecordedEvent& event, ViewBatch& batch) override;

    // nullopt: never opened, or closed.
    [[nodiscard]] StoreResult<std::optional<SessionRow>> session(const SessionId& session) const;
    [[nodiscard]] StoreResult<std::vector<SessionRow>> of_user(const UserId& user) const;

private:
    const Storage& storage_;
    std::size_t column_;
};

}  // namespace verbatim
