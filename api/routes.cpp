#include "api/routes.hpp"

#include "api/account_routes.hpp"
#include "api/admin_routes.hpp"
#include "api/audit_routes.hpp"
#include "api/docs_routes.hpp"
#include "api/exchange.hpp"
#include "api/file_routes.hpp"
#include "api/forgetting_routes.hpp"
#include "api/forwarding.hpp"
#include "api/invite_link_routes.hpp"
#include "api/key_routes.hpp"
#include "api/mark_routes.hpp"
#include "api/message_routes.hpp"
#include "api/operations_routes.hpp"
#include "api/projection_routes.hpp"
#include "api/room_routes.hpp"
#include "api/search_routes.hpp"
#include "api/upload_routes.hpp"
#include "api/web_routes.hpp"
#include "domain/limits.hpp"

#include <string>
#include <utility>

namespace verbatim::api {

namespace {

// Binds rows of (method, path below the base, function) to one table.
class Rows {
public:
    Rows(RouteTable& table, const Services& services) : table_(table), services_(services) {}

    void open(Method method, const std::string& path, OpenRoute route) {
        table_.add(method, path, open_route(services_, route), limits::body_bytes_max);
    }
    // A command by anyone.
    void open_command(Method method, const std::string& path, OpenRoute route) {
        add_at_leader(method, base + path, open_route(services_, route), limits::body_bytes_max);
    }
    // A query that only the leader can answer: it has the keys.
    void leaders_query(const std::string& path, UserRoute route) {
        add_at_leader(
            Method::get, base + path, query_route(services_, route), limits::body_bytes_max
        );
    }
    void leaders_open_query(const std::string& path, OpenRoute route) {
        add_at_leader(
            Method::get, base + path, open_route(services_, route), limits::body_bytes_max
        );
    }
    void query(const std::string& path, UserRoute route) {
        table_.add(Method::get, base + path, query_route(services_, route), limits::body_bytes_max);
    }
    void command(Method method, const std::string& path, UserRoute route) {
        add_at_leader(method, base + path, command_route(services_, route), limits::body_bytes_max);
    }
    // About this node and nothing that is logged: no API key may.
    void nodes_own(Method method, const std::string& path, UserRoute route) {
        table_.add(method, base + path, account_route(services_, route), limits::body_bytes_max);
    }
    // What is never logged: every node does it itself.
    void signal(Method method, const std::string& path, UserRoute route) {
        table_.add(method, base + path, command_route(services_, route), limits::body_bytes_max);
    }
    void tus(Method method, const std::string& path, UserRoute route) {
        const Handler handler = uploads::tus_route(services_, route);
        add_at_leader(method, base + path, handler, limits::upload_chunk_bytes_max);
    }

    // A command about accounts and rights: no API key may.
    void account_command(Method method, const std::string& path, UserRoute route) {
        add_at_leader(method, base + path, account_route(services_, route), limits::body_bytes_max);
    }

    const std::string base = "/api/v1";

private:
    // A follower hands it over.
    void add_at_leader(
        Method method, const std::string& pattern, Handler handler, std::size_t body_bytes_max
    ) {
        if (services_.leader != nullptr) handler = forwarding_handler(services_);
        table_.add(method, pattern, std::move(handler), body_bytes_max);
    }

    RouteTable& table_;
    const Services& services_;
};

void add_operations(Rows& rows) {
    rows.open(Method::get, "/healthz", operations::is_alive);
    rows.open(Method::get, "/readyz", operations::is_ready);
    rows.open(Method::get, "/metrics", operations::show_metrics);
    rows.open(Method::get, "/.well-known/jwks.json", operations::show_jwks);
    rows.open(Method::get, rows.base + "/limits", operations::show_limits);
}

void add_accounts(Rows& rows) {
    rows.open_command(Method::post, "/users", accounts::register_user);
    rows.query("/users", accounts::find_users);
    rows.query("/users/{user_id}", accounts::show_user);
    rows.query("/users/me", accounts::show_me);
    rows.account_command(Method::patch, "/users/me", accounts::rename_me);
    rows.account_command(Method::put, "/users/me/password", accounts::change_password);
    rows.query("/users/me/invites", members::list_my_invites);
    rows.open_command(Method::post, "/sessions", sessions::open_session);
    rows.open_command(Method::post, "/sessions/refresh", sessions::refresh_session);
    rows.query("/sessions", sessions::list_sessions);
    rows.account_command(Method::del, "/sessions/current", sessions::close_current);
    rows.account_command(Method::del, "/sessions/{session_id}", sessions::close_session);
    rows.account_command(Method::post, "/users/me/keys", keys::create_key);
    rows.query("/users/me/keys", keys::list_keys);
    rows.account_command(Method::del, "/users/me/keys/{key_id}", keys::revoke_key);
}

void add_rooms(Rows& rows) {
    rows.command(Method::post, "/rooms", rooms::create_room);
    rows.query("/rooms", rooms::list_rooms);
    rows.query("/rooms/{room_id}", rooms::show_room);
    rows.query("/aliases/{alias}", rooms::show_alias);
    rows.command(Method::patch, "/rooms/{room_id}", rooms::update_room);
    rows.command(Method::del, "/rooms/{room_id}", rooms::archive_room);
    rows.command(Method::post, "/rooms/{room_id}/join", rooms::join_room);
    rows.command(Method::post, "/rooms/{room_id}/leave", rooms::leave_room);
}

void add_members(Rows& rows) {
    rows.query("/rooms/{room_id}/members", members::list_members);
    rows.command(Method::put, "/rooms/{room_id}/members/{user_id}", members::put_member);
    rows.command(Method::del, "/rooms/{room_id}/members/{user_id}", members::remove_member);
    rows.query("/rooms/{room_id}/invites", members::list_invites);
    rows.command(Method::put, "/rooms/{room_id}/invites/{user_id}", members::invite_user);
    rows.command(Method::del, "/rooms/{room_id}/invites/{user_id}", members::revoke_invite);
    rows.query("/rooms/{room_id}/bans", members::list_bans);
    rows.command(Method::put, "/rooms/{room_id}/bans/{user_id}", members::ban_user);
    rows.command(Method::del, "/rooms/{room_id}/bans/{user_id}", members::unban_user);
    rows.command(Method::post, "/rooms/{room_id}/invite-links", invite_links::create_link);
    rows.query("/rooms/{room_id}/invite-links", invite_links::list_links);
    rows.command(Method::del, "/rooms/{room_id}/invite-links/{link_id}", invite_links::revoke_link);
    rows.command(Method::post, "/invite-links/{code}/join", invite_links::join_by_link);
}

void add_messages(Rows& rows) {
    rows.command(Method::post, "/rooms/{room_id}/messages", messages::send_message);
    rows.query("/rooms/{room_id}/messages", messages::list_messages);
    rows.query("/rooms/{room_id}/messages/{seq}", messages::show_message);
    rows.command(Method::patch, "/rooms/{room_id}/messages/{seq}", messages::edit_message);
    rows.command(Method::del, "/rooms/{room_id}/messages/{seq}", messages::delete_message);
    rows.query("/rooms/{room_id}/messages/{seq}/history", messages::show_history);
    rows.query("/rooms/{room_id}/messages/{seq}/thread", messages::show_thread);
    rows.query("/messages", messages::list_all_messages);
    rows.command(Method::put, "/rooms/{room_id}/read", messages::mark_read);
    rows.query("/rooms/{room_id}/receipts", messages::list_receipts);
    rows.signal(Method::post, "/rooms/{room_id}/typing", messages::tell_typing);
    rows.query("/search", messages::search);
}

void add_marks(Rows& rows) {
    const std::string reaction = "/rooms/{room_id}/messages/{seq}/reactions/{emoji}";
    rows.command(Method::put, reaction, marks::add_reaction);
    rows.command(Method::del, reaction, marks::remove_reaction);
    rows.command(Method::put, "/rooms/{room_id}/pins/{seq}", marks::pin_message);
    rows.command(Method::del, "/rooms/{room_id}/pins/{seq}", marks::unpin_message);
}

void add_audit(Rows& rows) {
    rows.leaders_open_query("/audit/checkpoint", audit::show_checkpoint);
    rows.leaders_open_query("/audit/key", audit::show_key);
    rows.query("/audit/proofs/inclusion", audit::prove_inclusion);
    rows.query("/audit/proofs/consistency", audit::prove_consistency);
    rows.query("/audit/epochs", audit::list_epochs);
    rows.leaders_query("/rooms/{room_id}/messages/{seq}/proof", audit::prove_message);
    rows.query("/events", audit::list_events);
    rows.query("/rooms/{room_id}/events", audit::list_room_events);
}

void add_admin(Rows& rows) {
    const std::string role = "/admin/users/{user_id}/roles/{role}";
    rows.query("/admin/users", admin::list_users);
    rows.account_command(Method::put, role, admin::grant_role);
    rows.account_command(Method::del, role, admin::revoke_role);
    rows.query("/projections", projections::list_projections);
    rows.nodes_own(Method::post, "/projections/{name}/rebuild", projections::rebuild_projection);
}

void add_forgetting(Rows& rows) {
    rows.account_command(Method::del, "/users/me", forgetting::erase_me);
    rows.query("/rooms/{room_id}/retention", forgetting::show_retention);
    rows.command(Method::put, "/rooms/{room_id}/retention", forgetting::set_retention);
    rows.command(Method::del, "/rooms/{room_id}/retention", forgetting::clear_retention);
    rows.query("/admin/holds", forgetting::list_holds);
    rows.account_command(Method::put, "/admin/holds/users/{user_id}", forgetting::hold_user);
    rows.account_command(Method::del, "/admin/holds/users/{user_id}", forgetting::release_user);
    rows.account_command(Method::put, "/admin/holds/rooms/{room_id}", forgetting::hold_room);
    rows.account_command(Method::del, "/admin/holds/rooms/{room_id}", forgetting::release_room);
}

void add_files(Rows& rows) {
    rows.open(Method::options, rows.base + "/uploads", uploads::describe_tus);
    rows.tus(Method::post, "/uploads", uploads::create_upload);
    rows.tus(Method::head, "/uploads/{file_id}", uploads::show_upload);
    rows.tus(Method::patch, "/uploads/{file_id}", uploads::append_to_upload);
    rows.tus(Method::del, "/uploads/{file_id}", uploads::end_upload);
    rows.tus(Method::post, "/uploads/{file_id}", uploads::do_as_overridden);
    rows.query("/files/{file_id}", files::show_file);
}

}  // namespace

RouteTable make_routes(const Services& services) {
    RouteTable table;
    Rows rows(table, services);
    add_operations(rows);
    add_accounts(rows);
    add_rooms(rows);
    add_members(rows);
    add_messages(rows);
    add_files(rows);
    add_web(table, services);
    add_forgetting(rows);
    add_docs(table);
    add_marks(rows);
    add_audit(rows);
    add_admin(rows);
    return table;
}

}  // namespace verbatim::api
