#include "eventstore/account_codec.hpp"

#include "domain/overloaded.hpp"

#include <array>
#include <type_traits>

namespace verbatim {
namespace {

// As in room_codec.cpp: the two halves of an event together, members in the order of the struct.
template <class Event>
Event read(PayloadReader& payload) = delete;

void write_registered(const UserRegistered& event, PayloadWriter& payload) {
    payload.put_text(ContentField::username, event.username);
    payload.put_text(ContentField::display_name, event.display_name);
    payload.put_text(ContentField::password_hash, event.password_hash);
}
template <>
UserRegistered read(PayloadReader& payload) {
    return {
        .username = payload.contents.next(ContentField::username),
        .display_name = payload.contents.next(ContentField::display_name),
        .password_hash = payload.contents.next(ContentField::password_hash),
    };
}

void write_renamed(const UserRenamed& event, PayloadWriter& payload) {
    payload.put_text(ContentField::display_name, event.display_name);
}
template <>
UserRenamed read(PayloadReader& payload) {
    return {.display_name = payload.contents.next(ContentField::display_name)};
}

void write_password_changed(const PasswordChanged& event, PayloadWriter& payload) {
    payload.put_text(ContentField::password_hash, event.password_hash);
}
template <>
PasswordChanged read(PayloadReader& payload) {
    return {.password_hash = payload.contents.next(ContentField::password_hash)};
}

template <>
RoleGranted read(PayloadReader& payload) {
    return {.role = payload.facts.choice<ServerRole>("role")};
}

template <>
RoleRevoked read(PayloadReader& payload) {
    return {.role = payload.facts.choice<ServerRole>("role")};
}

void write_opened(const SessionOpened& event, PayloadWriter& payload) {
    payload.facts.put("session_id", event.session);
    payload.put_text(ContentField::address, event.address);
    payload.put_text(ContentField::agent, event.agent);
    payload.put_text(ContentField::refresh_hash, event.refresh_hash);
}
template <>
SessionOpened read(PayloadReader& payload) {
    return {
        .session = payload.facts.id<SessionId>("session_id"),
        .address = payload.contents.next(ContentField::address),
        .agent = payload.contents.next(ContentField::agent),
        .refresh_hash = payload.contents.next(ContentField::refresh_hash),
    };
}

void write_refreshed(const SessionRefreshed& event, PayloadWriter& payload) {
    payload.facts.put("session_id", event.session);
    payload.put_text(ContentField::refresh_hash, event.refresh_hash);
}
template <>
SessionRefreshed read(PayloadReader& payload) {
    return {
        .session = payload.facts.id<SessionId>("session_id"),
        .refresh_hash = payload.contents.next(ContentField::refresh_hash),
    };
}

void write_closed(const SessionClosed& event, PayloadWriter& payload) {
    payload.facts.put("session_id", event.session);
    payload.facts.put_enum("reason", event.reason);
}
template <>
SessionClosed read(PayloadReader& payload) {
    return {
        .session = payload.facts.id<SessionId>("session_id"),
        .reason = payload.facts.choice<SessionEnd>("reason"),
    };
}

void write_key_created(const KeyCreated& event, PayloadWriter& payload) {
    payload.facts.put("key_id", event.key);
    payload.put_text(ContentField::key_name, event.name);
    Json scopes = Json::array();
    for (const KeyScope scope : event.scopes) scopes.push_back(text_of(scope));
    payload.facts.put("scopes", std::move(scopes));
    payload.facts.put_hash("key_hash", event.key_hash);
}
std::vector<KeyScope> read_scopes(const FactsReader& facts) {
    std::vector<KeyScope> scopes;
    for (const std::string& text : facts.texts("scopes")) {
        const auto scope = parse_enum<KeyScope>(text);
        if (!scope) facts.note("scopes");
        scopes.push_back(scope.value_or(KeyScope::read));
    }
    return scopes;
}
template <>
KeyCreated read(PayloadReader& payload) {
    return {
        .key = payload.facts.id<KeyId>("key_id"),
        .name = payload.contents.next(ContentField::key_name),
        .scopes = read_scopes(payload.facts),
        .key_hash = payload.facts.hash("key_hash"),
    };
}

template <>
KeyRevoked read(PayloadReader& payload) {
    return {.key = payload.facts.id<KeyId>("key_id")};
}

template <>
ErasureBegun read(PayloadReader& /*payload*/) {
    return {};
}

template <>
UserErased read(PayloadReader& /*payload*/) {
    return {};
}

void write_audit_read(const AuditRead& event, PayloadWriter& payload) {
    payload.facts.put("what", Json(event.what));
    payload.facts.put_if("room_id", event.room);
}
template <>
AuditRead read(PayloadReader& payload) {
    return {
        .what = payload.facts.text("what"),
        .room = payload.facts.maybe(&FactsReader::id<RoomId>, "room_id"),
    };
}

void write_room_read(const RoomRead& event, PayloadWriter& payload) {
    payload.facts.put("room_id", event.room);
    payload.facts.put("up_to", event.up_to);
}
template <>
RoomRead read(PayloadReader& payload) {
    return {
        .room = payload.facts.id<RoomId>("room_id"),
        .up_to = payload.facts.version("up_to"),
    };
}

template <class Variant, class Event>
Variant read_as(PayloadReader& payload) {
    return read<Event>(payload);
}
template <class... Events>
constexpr auto readers_of(std::type_identity<std::variant<Events...>> /*variant*/) {
    using Variant = std::variant<Events...>;
    return std::array<Variant (*)(PayloadReader&), sizeof...(Events)>{&read_as<Variant, Events>...};
}

}  // namespace

void write(const AccountEvent& event, PayloadWriter& payload) {
    FactsWriter& facts = payload.facts;
    std::visit(
        Overloaded{
            [&](const UserRegistered& e) { write_registered(e, payload); },
            [&](const UserRenamed& e) { write_renamed(e, payload); },
            [&](const PasswordChanged& e) { write_password_changed(e, payload); },
            [&](const RoleGranted& e) { facts.put_enum("role", e.role); },
            [&](const RoleRevoked& e) { facts.put_enum("role", e.role); },
            [&](const SessionOpened& e) { write_opened(e, payload); },
            [&](const SessionRefreshed& e) { write_refreshed(e, payload); },
            [&](const SessionClosed& e) { write_closed(e, payload); },
            [&](const KeyCreated& e) { write_key_created(e, payload); },
            [&](const KeyRevoked& e) { facts.put("key_id", e.key); },
            [](const ErasureBegun& /*no facts*/) {},
            [](const UserErased& /*no facts*/) {},
            [&](const AuditRead& e) { write_audit_read(e, payload); },
        },
        event
    );
}

void write(const ReaderEvent& event, PayloadWriter& payload) {
    std::visit(
        Overloaded{
            [&](const RoomRead& e) { write_room_read(e, payload); },
        },
        event
    );
}

std::span<const ReadAccountEvent> account_event_readers() {
    static constexpr auto readers = readers_of(std::type_identity<AccountEvent>());
    return readers;
}

std::span<const ReadReaderEvent> reader_event_readers() {
    static constexpr auto readers = readers_of(std::type_identity<ReaderEvent>());
    return readers;
}

}  // namespace verbatim
