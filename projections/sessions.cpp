#include "projections/sessions.hpp"

#include "domain/overloaded.hpp"
#include "projections/row_codec.hpp"

#include <utility>

namespace verbatim {
namespace {

constexpr char session_kind = 's';  // session -> SessionRow
constexpr char of_user_kind = 'u';  // user, session -> nothing

RowKey session_key(const SessionId& session) {
    return RowKey(session_kind).id(session);
}

std::string row_of(const SessionRow& session) {
    return RowWriter()
        .id(session.user)
        .time(session.opened_at)
        .time(session.refreshed_at)
        .text(session.address)
        .text(session.agent)
        .take();
}

std::optional<SessionRow> parse_session(const SessionId& id, std::string_view value) {
    RowReader row(value);
    SessionRow session{
        .session = id,
        .user = row.id<UserId>(),
        .opened_at = row.time(),
        .refreshed_at = row.time(),
        .address = row.text(),
        .agent = row.text()};
    if (!row.is_done()) return std::nullopt;
    return session;
}

void open(const RecordedEvent& event, const SessionOpened& opened, ViewBatch& batch) {
    const UserId user(event.stream.id);
    const SessionRow row{
        .session = opened.session,
        .user = user,
        .opened_at = event.at,
        .refreshed_at = event.at,
        .address = opened.address,
        .agent = opened.agent};
    batch.put(session_key(opened.session), row_of(row));
    batch.put(RowKey(of_user_kind).id(user).id(opened.session), {});
}

StoreResult<void> refresh(const RecordedEvent& event, const SessionId& session, ViewBatch& batch) {
    auto row =
        parse_stored(batch.get(session_key(session)), "sessions", [&](std::string_view value) {
            return parse_session(session, value);
        });
    if (!row) return failure(row.error());
    if (!*row) return {};
    (*row)->refreshed_at = event.at;
    batch.put(session_key(session), row_of(**row));
    return {};
}

void close(const RecordedEvent& event, const SessionId& session, ViewBatch& batch) {
    batch.erase(session_key(session));
    batch.erase(RowKey(of_user_kind).id(UserId(event.stream.id)).id(session));
}

}  // namespace

Sessions::Sessions(const Storage& storage, std::size_t column)
    : storage_(storage), column_(column) {}

StoreResult<void> Sessions::apply(const RecordedEvent& event, ViewBatch& batch) {
    const auto* const account_event = std::get_if<AccountEvent>(&event.event);
    if (account_event == nullptr) return {};
    if (const auto* const opened = std::get_if<SessionOpened>(account_event)) {
        open(event, *opened, batch);
    } else if (const auto* const refreshed = std::get_if<SessionRefreshed>(account_event)) {
        return refresh(event, refreshed->session, batch);
    } else if (const auto* const closed = std::get_if<SessionClosed>(account_event)) {
        close(event, closed->session, batch);
    }
    return {};
}

StoreResult<std::optional<SessionRow>> Sessions::session(const SessionId& session) const {
    return parse_stored(
        storage_.get(column_, session_key(session)),
        name(),
        [&](std::string_view row) { return parse_session(session, row); }
    );
}

StoreResult<std::vector<SessionRow>> Sessions::of_user(const UserId& user) const {
    const RowKey prefix = RowKey(of_user_kind).id(user);
    std::vector<SessionRow> sessions;
    auto scanned = scan_rows(
        storage_,
        column_,
        prefix,
        {},
        [&](std::string_view key, std::string_view) -> StoreResult<bool> {
            RowReader suffix(key.substr(std::string_view(prefix).size()));
            auto found = session(suffix.id<SessionId>());
            if (!found) return failure(found.error());
            // Closed since the scan began.
            if (*found) sessions.push_back(std::move(**found));
            return true;
        }
    );
    if (!scanned) return failure(scanned.error());
    return sessions;
}

}  // namespace verbatim
