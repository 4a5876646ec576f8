#pragma once

#include "domain/account_events.hpp"
#include "projections/projection.hpp"

#include <set>
#include <vector>

namespace verbatim {

struct UserRow {
    UserId user;
    Text username;  // nullopt: erased
    Text display_name;
    Timestamp created_at;
    Position registered;  // position of user.registered
    Version credential;   // version and position of the event with the current password hash
    Position credential_position;
    std::set<ServerRole> roles;

    [[nodiscard]] bool is_erased() const { return !username.has_value(); }
};

// Who is there: by id, by username, by the beginning of a username, by role.
class Users final : public Projection {
public:
    explicit Users(const Storage& storage, std::size_t column);
    [[nodiscard]] std::string_view name() const override { return "users"; }
    [[nodiscard]] std::uint32_t schema() const override { return 3; }
    [[nodiscard]] StoreResult<void> apply(const RecordedEvent& event, ViewBatch& batch) override;

    // Queries: any thread.
    [[nodiscard]] StoreResult<std::optional<UserRow>> user(const UserId& user) const;
    // Where the display name stands that the user had after the event at `as_of`: the position of
    // the event that gave it; nullopt where the user was not registered yet.
    [[nodiscard]] StoreResult<std::optional<Position>> named_as_of(
        const UserId& user, Position as_of
    ) const;
    [[nodiscard]] StoreResult<std::optional<UserId>> by_username(std::string_view username) const;
    // Users whose username begins with `prefix`, by username, after `after` (exclusive).
    [[nodiscard]] StoreResult<std::vector<UserRow>> search(
        std::string_view prefix, std::string_view after, std::size_t limit
    ) const;
    // All that ever registered, erased ones too, by id, which is about the order in which they did;
    // after `after` (exclusive).
    [[nodiscard]] StoreResult<std::vector<UserRow>> all(const UserId& after, std::size_t limit)
        const;
    // The same of those who have the role.
    [[nodiscard]] StoreResult<std::vector<UserRow>> with_role(
        ServerRole role, const UserId& after, std::size_t limit
    ) const;

private:
    const Storage& storage_;
    std::size_t column_;
};

}  // namespace verbatim
