#include "projections/users.hpp"

#include "domain/overloaded.hpp"
#include "projections/row_codec.hpp"

#include <utility>

namespace verbatim {
namespace {

constexpr char user_kind = 'u';      // user -> UserRow
constexpr char username_kind = 'n';  // username -> user
constexpr char named_kind = 'd';     // user, since -> nothing; there it got a display name
constexpr char role_kind = 'r';      // role, user -> nothing

RowKey user_key(const UserId& user) {
    return RowKey(user_kind).id(user);
}
RowKey named_key(const UserId& user) {
    return RowKey(named_kind).id(user);
}
std::string username_key(std::string_view username) {
    return username_kind + std::string(username);
}
std::string role_key(ServerRole role, const UserId& user) {
    std::string key{role_kind, static_cast<char>(role)};
    return key += std::string_view(RowKey(user_kind).id(user)).substr(1);
}

std::uint8_t bits_of(const std::set<ServerRole>& roles) {
    unsigned bits = 0;
    for (const ServerRole role : roles) bits |= 1U << static_cast<unsigned>(role);
    return static_cast<std::uint8_t>(bits);
}

std::set<ServerRole> roles_of(std::uint8_t bits) {
    std::set<ServerRole> roles;
    for (const ServerRole role : {ServerRole::auditor, ServerRole::admin})
        if ((bits >> static_cast<unsigned>(role) & 1U) != 0) roles.insert(role);
    return roles;
}

std::string row_of(const UserRow& user) {
    return RowWriter()
        .text(user.username)
        .text(user.display_name)
        .time(user.created_at)
        .place(user.registered)
        .place(user.credential)
        .place(user.credential_position)
        .u8(bits_of(user.roles))
        .take();
}

std::optional<UserRow> parse_user(const UserId& id, std::string_view value) {
    RowReader row(value);
    UserRow user{
        .user = id,
        .username = row.text(),
        .display_name = row.text(),
        .created_at = row.time(),
        .registered = row.place<Position>(),
        .credential = row.place<Version>(),
        .credential_position = row.place<Position>(),
        .roles = roles_of(row.u8())};
    if (!row.is_done()) return std::nullopt;
    return user;
}

// One event on its way into the rows of the account that it happened to.
class UserChange {
public:
    UserChange(const RecordedEvent& event, ViewBatch& batch)
        : event_(event), batch_(batch), user_(event.stream.id) {}

    StoreResult<void> registered(const UserRegistered& event) {
        if (event.username) batch_.put(username_key(*event.username), RowWriter().id(user_).take());
        const UserRow row{
            .user = user_,
            .username = event.username,
            .display_name = event.display_name,
            .created_at = event_.at,
            .registered = event_.position,
            .credential = event_.version,
            .credential_position = event_.position,
            .roles = {}};
        batch_.put(user_key(user_), row_of(row));
        put_named();
        return {};
    }
    StoreResult<void> renamed(const UserRenamed& event) {
        put_named();
        return update([&](UserRow& row) { row.display_name = event.display_name; });
    }
    StoreResult<void> granted(ServerRole role) {
        return update([&](UserRow& row) {
            row.roles.insert(role);
            batch_.put(role_key(role, user_), {});
        });
    }
    StoreResult<void> revoked(ServerRole role) {
        return update([&](UserRow& row) {
            row.roles.erase(role);
            batch_.erase(role_key(role, user_));
        });
    }
    StoreResult<void> erased() {
        return update([&](UserRow& row) {
            if (row.username) batch_.erase(username_key(*row.username));
            row.username.reset();
            row.display_name.reset();
            for (const ServerRole role : row.roles) batch_.erase(role_key(role, user_));
            row.roles.clear();
        });
    }
    // Accounts that never registered have no row and get none.
    template <class Update>
    StoreResult<void> update(const Update& update) {
        auto row = parse_stored(batch_.get(user_key(user_)), "users", [&](std::string_view value) {
            return parse_user(user_, value);
        });
        if (!row) return failure(row.error());
        if (!*row) return {};
        update(**row);
        batch_.put(user_key(user_), row_of(**row));
        return {};
    }

private:
    void put_named() { batch_.put(since_key(named_key(user_), event_.position), {}); }

    const RecordedEvent& event_;
    ViewBatch& batch_;
    const UserId user_;
};

}  // namespace

Users::Users(const Storage& storage, std::size_t column) : storage_(storage), column_(column) {}

StoreResult<void> Users::apply(const RecordedEvent& event, ViewBatch& batch) {
    const auto* const account_event = std::get_if<AccountEvent>(&event.event);
    if (account_event == nullptr) return {};
    UserChange change(event, batch);
    return std::visit(
        Overloaded{
            [&](const UserRegistered& e) { return change.registered(e); },
            [&](const UserRenamed& e) { return change.renamed(e); },
            [&](const PasswordChanged&) {
                return change.update([&](UserRow& row) {
                    row.credential = event.version;
                    row.credential_position = event.position;
                });
            },
            [&](const RoleGranted& e) { return change.granted(e.role); },
            [&](const RoleRevoked& e) { return change.revoked(e.role); },
            [](const SessionOpened&) { return StoreResult<void>(); },
            [](const SessionRefreshed&) { return StoreResult<void>(); },
            [](const SessionClosed&) { return StoreResult<void>(); },
            [](const KeyCreated&) { return StoreResult<void>(); },
            [](const KeyRevoked&) { return StoreResult<void>(); },
            [&](const ErasureBegun&) { return change.erased(); },
            [](const UserErased&) { return StoreResult<void>(); },
            [](const AuditRead&) { return StoreResult<void>(); },
        },
        *account_event
    );
}

StoreResult<std::optional<UserRow>> Users::user(const UserId& user) const {
    return parse_stored(storage_.get(column_, user_key(user)), name(), [&](std::string_view row) {
        return parse_user(user, row);
    });
}

StoreResult<std::optional<Position>> Users::named_as_of(const UserId& user, Position as_of) const {
    const RowKey rows = named_key(user);
    const auto cursor = storage_.cursor(column_, end_of_prefix(rows));
    cursor->seek(since_key(rows, as_of));
    if (cursor->valid()) return std::optional(since_of_key(cursor->key()));
    auto status = cursor->status();
    if (!status) return failure(status.error());
    return std::optional<Position>();
}

StoreResult<std::optional<UserId>> Users::by_username(std::string_view username) const {
    return parse_stored(storage_.get(column_, username_key(username)), name(), parse_reference<UserId>);
}

StoreResult<std::vector<UserRow>> Users::search(
    std::string_view prefix, std::string_view after, std::size_t limit
) const {
    std::vector<UserRow> users;
    if (limit == 0) return users;
    auto scanned = scan_rows(
        storage_,
        column_,
        username_key(prefix),
        username_key(after),
        [&](std::string_view, std::string_view value) -> StoreResult<bool> {
            auto found = user(RowReader(value).id<UserId>());
            if (!found) return failure(found.error());
            if (!*found) return damaged_row(name());
            users.push_back(std::move(**found));
            return users.size() < limit;
        }
    );
    if (!scanned) return failure(scanned.error());
    return users;
}

StoreResult<std::vector<UserRow>> Users::all(const UserId& after, std::size_t limit) const {
    const RowKey prefix(user_kind);
    return list_rows(
        storage_,
        column_,
        name(),
        prefix,
        user_key(after),
        limit,
        [](std::string_view key, std::string_view value) {
            return parse_user(RowReader(key).id<UserId>(), value);
        }
    );
}

StoreResult<std::vector<UserRow>> Users::with_role(
    ServerRole role, const UserId& after, std::size_t limit
) const {
    std::vector<UserRow> users;
    if (limit == 0) return users;
    const std::string prefix{role_kind, static_cast<char>(role)};
    auto scanned = scan_rows(
        storage_,
        column_,
        prefix,
        role_key(role, after),
        [&](std::string_view key, std::string_view) -> StoreResult<bool> {
            auto found = user(RowReader(key.substr(prefix.size())).id<UserId>());
            if (!found) return failure(found.error());
            if (!*found) return damaged_row(name());
            // Revoked since the scan began.
            if ((*found)->roles.contains(role)) users.push_back(std::move(**found));
            return users.size() < limit;
        }
    );
    if (!scanned) return failure(scanned.error());
    return users;
}

}  // namespace verbatim
