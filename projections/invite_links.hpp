#pragma once

#include "domain/room_events.hpp"
#include "projections/projection.hpp"

#include <vector>

namespace verbatim {

struct InviteLinkRow {
    LinkId link;
    RoomId room;
    std::optional<std::uint32_t> max_uses;
    std::uint32_t uses = 0;
    std::optional<Timestamp> expires_at;  // exclusive
    Timestamp created_at;
    UserId created_by;
    Position created;  // where its room.invite_link_created is
    bool revoked = false;
};

// Why a link works no more.
enum class LinkEnd : std::uint8_t { revoked, used_up, expired };
// nullopt: it still works.
[[nodiscard]] std::optional<LinkEnd> end_of(const InviteLinkRow& link, Timestamp now);

// Every invite link there ever was, those that have ended too: whoever has the code of one is told
// so, and its makers see how often it was used.
class InviteLinks final : public Projection {
public:
    explicit InviteLinks(const Storage& storage, std::size_t column);
    [[nodiscard]] std::string_view name() const override { return "invite_links"; }
    [[nodiscard]] std::uint32_t schema() const override { return 1; }
    [[nodiscard]] StoreResult<void> apply(const RecordedEvent& event, ViewBatch& batch) override;

    [[nodiscard]] StoreResult<std::optional<InviteLinkRow>> link(const LinkId& link) const;
    [[nodiscard]] StoreResult<std::optional<InviteLinkRow>> by_code(const TokenHash& code_hash
    ) const;
    // The newest first; `before` exclusive, by `created`.
    [[nodiscard]] StoreResult<std::vector<InviteLinkRow>> of_room(
        const RoomId& room, std::optional<Position> before, std::size_t limit
    ) const;

private:
    const Storage& storage_;
    std::size_t column_;
};

}  // namespace verbatim
