#pragma once

#include "domain/account_events.hpp"
#include "domain/ids.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

// What can happen in a room. Append-only file: an event may be added, never changed; a new shape is
// a new schema with an upcaster. The room's id is the stream's and is not repeated; who and when
// are the envelope's (EventContext).
namespace verbatim {

enum class RoomKind : std::uint8_t { group, channel, direct };
enum class Visibility : std::uint8_t { public_, private_ };
enum class History : std::uint8_t { shared, since_join };
enum class MemberRole : std::uint8_t { owner, admin, member };
enum class MessageKind : std::uint8_t { text, action, notice };

// The creator is its first member, as owner, by this event alone.
struct RoomCreated {
    RoomKind kind = RoomKind::group;
    Text name;
    Text description;
    std::optional<std::string> alias;
    Visibility visibility = Visibility::public_;
    History history = History::shared;
    std::uint32_t max_members = 0;
    std::optional<UserId> direct_with;  // the other of the pair; only where kind is direct
    friend bool operator==(const RoomCreated&, const RoomCreated&) = default;
};

// One changed setting: absent means unchanged, a present empty optional means cleared.
template <class T>
using Change = std::optional<T>;

struct RoomUpdated {
    Change<Text> name;
    Change<Text> description;
    Change<std::optional<std::string>> alias;
    Change<Visibility> visibility;
    Change<History> history;
    Change<std::uint32_t> max_members;
    friend bool operator==(const RoomUpdated&, const RoomUpdated&) = default;
};
struct RoomArchived {
    friend bool operator==(const RoomArchived&, const RoomArchived&) = default;
};
struct MemberJoined {
    UserId user;
    MemberRole role = MemberRole::member;
    std::optional<UserId> added_by;
    std::optional<LinkId> link{};  // by which it came
    friend bool operator==(const MemberJoined&, const MemberJoined&) = default;
};
struct MemberLeft {
    UserId user;
    friend bool operator==(const MemberLeft&, const MemberLeft&) = default;
};
struct MemberRemoved {
    UserId user;
    friend bool operator==(const MemberRemoved&, const MemberRemoved&) = default;
};
struct MemberRoleChanged {
    UserId user;
    MemberRole role = MemberRole::member;
    friend bool operator==(const MemberRoleChanged&, const MemberRoleChanged&) = default;
};
struct MemberInvited {
    UserId user;
    friend bool operator==(const MemberInvited&, const MemberInvited&) = default;
};
struct MemberInviteRevoked {
    UserId user;
    friend bool operator==(const MemberInviteRevoked&, const MemberInviteRevoked&) = default;
};
// Ends membership and invitation, if any; no further event says so.
struct MemberBanned {
    UserId user;
    Text reason;
    friend bool operator==(const MemberBanned&, const MemberBanned&) = default;
};
struct MemberUnbanned {
    UserId user;
    friend bool operator==(const MemberUnbanned&, const MemberUnbanned&) = default;
};

// Whoever has its code may join, also a private room, until it is used up, expired or revoked.
struct InviteLinkCreated {
    LinkId link;
    TokenHash code_hash{};
    std::optional<std::uint32_t> max_uses;
    std::optional<Timestamp> expires_at;  // exclusive
    friend bool operator==(const InviteLinkCreated&, const InviteLinkCreated&) = default;
};
struct InviteLinkRevoked {
    LinkId link;
    friend bool operator==(const InviteLinkRevoked&, const InviteLinkRevoked&) = default;
};

// SHA-256 of a file's bytes, and so their name in the store. All zeros: not recorded.
using FileDigest = std::array<std::uint8_t, 32>;

// A file as it was when it was posted. The file's bytes are content-addressed elsewhere.
struct Attachment {
    FileId file;
    Text filename;
    std::string media_type;
    std::uint64_t bytes = 0;
    std::optional<std::uint32_t> width;
    std::optional<std::uint32_t> height;
    FileDigest sha256{};
    friend bool operator==(const Attachment&, const Attachment&) = default;
};

struct MessageSent {
    MessageKind kind = MessageKind::text;
    Text text;
    Text metadata;  // a JSON object, as its sender wrote it, without insignificant white space
    std::vector<Attachment> attachments;
    std::optional<Version> reply_to;
    std::vector<UserId> mentions;
    friend bool operator==(const MessageSent&, const MessageSent&) = default;
};
struct MessageEdited {
    Version seq;
    Text text;
    std::vector<UserId> mentions;
    friend bool operator==(const MessageEdited&, const MessageEdited&) = default;
};
struct MessageDeleted {
    Version seq;
    bool destroyed = false;  // its contents go too, not only from sight
    friend bool operator==(const MessageDeleted&, const MessageDeleted&) = default;
};

struct MessagePinned {
    Version seq;
    friend bool operator==(const MessagePinned&, const MessagePinned&) = default;
};
// By a manager, or because the message is being deleted.
struct MessageUnpinned {
    Version seq;
    friend bool operator==(const MessageUnpinned&, const MessageUnpinned&) = default;
};
struct ReactionAdded {
    Version seq;
    std::string emoji;
    friend bool operator==(const ReactionAdded&, const ReactionAdded&) = default;
};
struct ReactionRemoved {
    Version seq;
    std::string emoji;
    friend bool operator==(const ReactionRemoved&, const ReactionRemoved&) = default;
};

// Contents of messages older than so many days expire; nullopt: as the server says.
struct RetentionChanged {
    std::optional<std::uint32_t> days;
    friend bool operator==(const RetentionChanged&, const RetentionChanged&) = default;
};
// The contents of all messages up to and including this version are destroyed.
struct ContentsExpired {
    Version up_to;
    friend bool operator==(const ContentsExpired&, const ContentsExpired&) = default;
};

using RoomEvent = std::variant<
    RoomCreated,
    RoomUpdated,
    RoomArchived,
    MemberJoined,
    MemberLeft,
    MemberRemoved,
    MemberRoleChanged,
    MemberInvited,
    MemberInviteRevoked,
    MemberBanned,
    MemberUnbanned,
    MessageSent,
    MessageEdited,
    MessageDeleted,
    InviteLinkCreated,
    InviteLinkRevoked,
    MessagePinned,
    MessageUnpinned,
    ReactionAdded,
    ReactionRemoved,
    RetentionChanged,
    ContentsExpired>;

}  // namespace verbatim
