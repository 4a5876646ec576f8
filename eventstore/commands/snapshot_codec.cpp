#include "eventstore/commands/snapshot_codec.hpp"

#include "eventstore/digest.hpp"

#include <algorithm>
#include <cstdint>
#include <utility>

namespace verbatim {
namespace {

// First byte: whose state it is and in which shape. A state that gains or loses a member, or is
// folded differently, gets a new number; none is used twice.
enum class Shape : std::uint8_t {
    account_2 = 0x12,
    room_2 = 0x22,
    reader_1 = 0x31,
    server_1 = 0x41
};

constexpr std::size_t checksum_bytes = 4;

class Writer {
public:
    Writer(Shape shape, Version version) {
        byte(static_cast<std::uint8_t>(shape));
        number(version.value());
    }

    void byte(std::uint8_t value) { bytes_.push_back(static_cast<char>(value)); }
    // Seven bits a byte, the least significant first; the high bit says that more follow.
    void number(std::uint64_t value) {
        for (; value >= 0x80; value >>= 7) byte(static_cast<std::uint8_t>(value | 0x80));
        byte(static_cast<std::uint8_t>(value));
    }
    void uuid(const Uuid& value) { bytes_.append(as_text(value.bytes)); }
    void text(std::string_view value) {
        number(value.size());
        bytes_.append(value);
    }
    void text(const std::optional<std::string>& value) {
        byte(value ? 1 : 0);
        if (value) text(std::string_view(*value));
    }
    [[nodiscard]] std::string finish() && {
        const std::uint32_t checksum = crc32c(bytes_);
        for (int shift = 24; shift >= 0; shift -= 8)
            byte(static_cast<std::uint8_t>(checksum >> shift));
        return std::move(bytes_);
    }

private:
    std::string bytes_;
};

// Once it met what cannot be, every answer is a zero and ended_well() says no.
class Reading {
public:
    explicit Reading(std::string_view bytes) {
        const auto body = bytes.substr(0, bytes.size() - std::min(bytes.size(), checksum_bytes));
        std::uint32_t stored = 0;
        for (const char byte : bytes.substr(body.size()))
            stored = stored << 8 | static_cast<std::uint8_t>(byte);
        if (stored != crc32c(body)) fail();
        if (!failed_) rest_ = body;
    }

    std::uint8_t byte() {
        if (rest_.empty()) return fail(), std::uint8_t{0};
        const auto value = static_cast<std::uint8_t>(rest_.front());
        rest_.remove_prefix(1);
        return value;
    }
    template <class Enum>
    Enum choice(Enum last) {
        const std::uint8_t value = byte();
        if (value > static_cast<std::uint8_t>(last)) return fail(), Enum{};
        return static_cast<Enum>(value);
    }
    std::uint64_t number() {
        std::uint64_t value = 0;
        for (unsigned shift = 0; shift < 64; shift += 7) {
            const std::uint8_t next = byte();
            value |= std::uint64_t{next & 0x7fu} << shift;
            if (next < 0x80) return value;
        }
        return fail(), 0;
    }
    // How many elements follow, each of at least `bytes_each`.
    std::size_t count(std::size_t bytes_each) {
        const std::uint64_t value = number();
        if (value > rest_.size() / bytes_each) return fail(), 0;
        return static_cast<std::size_t>(value);
    }
    Uuid uuid() {
        Uuid value;
        if (rest_.size() < value.bytes.size()) return fail(), value;
        std::copy_n(rest_.begin(), value.bytes.size(), value.bytes.begin());
        rest_.remove_prefix(value.bytes.size());
        return value;
    }
    std::string text() {
        const std::size_t size = count(1);
        std::string value(rest_.substr(0, size));
        rest_.remove_prefix(size);
        return value;
    }
    std::optional<std::string> optional_text() {
        if (byte() == 0) return std::nullopt;
        return text();
    }
    bool is(Shape shape) { return byte() == static_cast<std::uint8_t>(shape); }
    [[nodiscard]] bool ended_well() const { return !failed_ && rest_.empty(); }

private:
    void fail() {
        failed_ = true;
        rest_ = {};
    }

    std::string_view rest_;
    bool failed_ = false;
};

void write_users(Writer& writer, const std::unordered_set<UserId>& users) {
    writer.number(users.size());
    for (const UserId& user : users) writer.uuid(user.value());
}

std::unordered_set<UserId> read_users(Reading& reading) {
    std::unordered_set<UserId> users;
    const std::size_t count = reading.count(sizeof(Uuid));
    users.reserve(count);
    for (std::size_t i = 0; i < count; ++i) users.emplace(reading.uuid());
    return users;
}

Room read_room(Reading& reading) {
    Room room;
    room.phase = reading.choice(Room::Phase::archived);
    room.kind = reading.choice(RoomKind::direct);
    room.visibility = reading.choice(Visibility::private_);
    room.history = reading.choice(History::since_join);
    room.max_members = static_cast<std::uint32_t>(reading.number());
    room.owners = static_cast<std::uint32_t>(reading.number());
    room.name = reading.optional_text();
    room.description = reading.optional_text();
    room.alias = reading.optional_text();
    const std::size_t members = reading.count(sizeof(Uuid) + 2);
    room.members.reserve(members);
    for (std::size_t i = 0; i < members; ++i) {
        const UserId user(reading.uuid());
        const MemberRole role = reading.choice(MemberRole::member);
        room.members.emplace(user, Member{role, Version(reading.number())});
    }
    room.invited = read_users(reading);
    room.banned = read_users(reading);
    const std::size_t links = reading.count(sizeof(Uuid) + 2);
    for (std::size_t i = 0; i < links; ++i) {
        InviteLink& link = room.links[LinkId(reading.uuid())];
        if (reading.byte() != 0) link.uses_left = static_cast<std::uint32_t>(reading.number());
        if (reading.byte() != 0)
            link.expires_at = Timestamp(static_cast<std::int64_t>(reading.number()));
    }
    const std::size_t pins = reading.count(1);
    for (std::size_t i = 0; i < pins; ++i) room.pinned.emplace(reading.number());
    if (reading.byte() != 0) room.retention_days = static_cast<std::uint32_t>(reading.number());
    room.expired_to = Version(reading.number());
    return room;
}

Account read_account(Reading& reading) {
    Account account;
    account.phase = reading.choice(Account::Phase::erased);
    account.username = reading.text();
    account.display_name = reading.text();
    account.credential = Version(reading.number());
    const std::size_t sessions = reading.count(sizeof(Uuid) + 2);
    for (std::size_t i = 0; i < sessions; ++i) {
        OpenedSession& session = account.sessions[SessionId(reading.uuid())];
        session.refresh_hash = reading.text();
        session.refreshed_at = Timestamp(static_cast<std::int64_t>(reading.number()));
    }
    const std::size_t roles = reading.count(1);
    for (std::size_t i = 0; i < roles; ++i) account.roles.insert(reading.choice(ServerRole::admin));
    const std::size_t keys = reading.count(sizeof(Uuid));
    for (std::size_t i = 0; i < keys; ++i) account.keys.emplace(reading.uuid());
    return account;
}

Reader read_reader(Reading& reading) {
    Reader reader;
    const std::size_t rooms = reading.count(sizeof(Uuid) + 1);
    reader.read_up_to.reserve(rooms);
    for (std::size_t i = 0; i < rooms; ++i) {
        const RoomId room(reading.uuid());
        reader.read_up_to.emplace(room, Version(reading.number()));
    }
    return reader;
}

ServerState read_server(Reading& reading) {
    ServerState server;
    server.held_users = read_users(reading);
    const std::size_t rooms = reading.count(sizeof(Uuid));
    for (std::size_t i = 0; i < rooms; ++i) server.held_rooms.emplace(reading.uuid());
    return server;
}

template <class State>
std::optional<Snapshot<State>> decode(
    std::string_view bytes, Shape shape, State (*read)(Reading&)
) {
    Reading reading(bytes);
    if (!reading.is(shape)) return std::nullopt;
    const Version version(reading.number());
    State state = read(reading);
    if (!reading.ended_well()) return std::nullopt;
    return Snapshot<State>{std::move(state), version};
}

}  // namespace

std::string encode_snapshot(const Account& account, Version version) {
    Writer writer(Shape::account_2, version);
    writer.byte(static_cast<std::uint8_t>(account.phase));
    writer.text(std::string_view(account.username));
    writer.text(std::string_view(account.display_name));
    writer.number(account.credential.value());
    writer.number(account.sessions.size());
    for (const auto& [id, session] : account.sessions) {
        writer.uuid(id.value());
        writer.text(std::string_view(session.refresh_hash));
        writer.number(static_cast<std::uint64_t>(session.refreshed_at.microseconds()));
    }
    writer.number(account.roles.size());
    for (const ServerRole role : account.roles) writer.byte(static_cast<std::uint8_t>(role));
    writer.number(account.keys.size());
    for (const KeyId& key : account.keys) writer.uuid(key.value());
    return std::move(writer).finish();
}

std::string encode_snapshot(const Room& room, Version version) {
    Writer writer(Shape::room_2, version);
    writer.byte(static_cast<std::uint8_t>(room.phase));
    writer.byte(static_cast<std::uint8_t>(room.kind));
    writer.byte(static_cast<std::uint8_t>(room.visibility));
    writer.byte(static_cast<std::uint8_t>(room.history));
    writer.number(room.max_members);
    writer.number(room.owners);
    writer.text(room.name);
    writer.text(room.description);
    writer.text(room.alias);
    writer.number(room.members.size());
    for (const auto& [user, member] : room.members) {
        writer.uuid(user.value());
        writer.byte(static_cast<std::uint8_t>(member.role));
        writer.number(member.joined.value());
    }
    write_users(writer, room.invited);
    write_users(writer, room.banned);
    writer.number(room.links.size());
    for (const auto& [id, link] : room.links) {
        writer.uuid(id.value());
        writer.byte(link.uses_left ? 1 : 0);
        if (link.uses_left) writer.number(*link.uses_left);
        writer.byte(link.expires_at ? 1 : 0);
        if (link.expires_at)
            writer.number(static_cast<std::uint64_t>(link.expires_at->microseconds()));
    }
    writer.number(room.pinned.size());
    for (const Version& seq : room.pinned) writer.number(seq.value());
    writer.byte(room.retention_days ? 1 : 0);
    if (room.retention_days) writer.number(*room.retention_days);
    writer.number(room.expired_to.value());
    return std::move(writer).finish();
}

std::string encode_snapshot(const Reader& reader, Version version) {
    Writer writer(Shape::reader_1, version);
    writer.number(reader.read_up_to.size());
    for (const auto& [room, up_to] : reader.read_up_to) {
        writer.uuid(room.value());
        writer.number(up_to.value());
    }
    return std::move(writer).finish();
}

std::string encode_snapshot(const ServerState& server, Version version) {
    Writer writer(Shape::server_1, version);
    write_users(writer, server.held_users);
    writer.number(server.held_rooms.size());
    for (const RoomId& room : server.held_rooms) writer.uuid(room.value());
    return std::move(writer).finish();
}

template <>
std::optional<Snapshot<Account>> decode_snapshot(std::string_view bytes) {
    return decode<Account>(bytes, Shape::account_2, &read_account);
}
template <>
std::optional<Snapshot<Room>> decode_snapshot(std::string_view bytes) {
    return decode<Room>(bytes, Shape::room_2, &read_room);
}
template <>
std::optional<Snapshot<Reader>> decode_snapshot(std::string_view bytes) {
    return decode<Reader>(bytes, Shape::reader_1, &read_reader);
}

template <>
std::optional<Snapshot<ServerState>> decode_snapshot(std::string_view bytes) {
    return decode<ServerState>(bytes, Shape::server_1, &read_server);
}

}  // namespace verbatim
