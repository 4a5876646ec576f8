#pragma once

#include "domain/server.hpp"
#include "projections/projection.hpp"

#include <vector>

namespace verbatim {

struct HoldRow {
    std::optional<UserId> user;  // either this
    std::optional<RoomId> room;  // or that
    Text reason;
    UserId set_by;
    Timestamp set_at;
    Position position;  // of its hold.set
};

// Which users and rooms a legal hold is on.
class Holds final : public Projection {
public:
    explicit Holds(const Storage& storage, std::size_t column);
    [[nodiscard]] std::string_view name() const override { return "holds"; }
    [[nodiscard]] std::uint32_t schema() const override { return 1; }
    [[nodiscard]] StoreResult<void> apply(const RecordedEvent& event, ViewBatch& batch) override;
    [[nodiscard]] StoreResult<void> forget(const RecordedEvent& event, ViewBatch& batch) override;

    [[nodiscard]] StoreResult<std::optional<HoldRow>> on(const UserId& user) const;
    [[nodiscard]] StoreResult<std::optional<HoldRow>> on(const RoomId& room) const;
    // At most limits::holds_max: rooms, then users, each by id.
    [[nodiscard]] StoreResult<std::vector<HoldRow>> all() const;

private:
    const Storage& storage_;
    std::size_t column_;
};

}  // namespace verbatim
