#pragma once

#include "domain/decision.hpp"
#include "domain/message.hpp"
#include "domain/room_events.hpp"

#include <map>
#include <set>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <variant>
#include <vector>

namespace verbatim {

// Commands. Texts are already valid (protocol/request_json). `room` is the stream that they are
// addressed to.
struct CreateRoom {
    RoomKind kind = RoomKind::group;
    std::optional<std::string> name;
    std::optional<std::string> description;
    std::optional<std::string> alias;
    Visibility visibility = Visibility::public_;
    History history = History::shared;
    std::uint32_t max_members = 0;
    std::vector<UserId> members;  // beside the creator, as members; direct: exactly the other one
};
struct UpdateRoom {
    Change<std::optional<std::string>> name;
    Change<std::optional<std::string>> description;
    Change<std::optional<std::string>> alias;
    Change<Visibility> visibility;
    Change<History> history;
    Change<std::uint32_t> max_members;
};
struct ArchiveRoom {};
struct JoinRoom {};
struct LeaveRoom {};
// Adds `user`, or changes its role. Without a role: adds it as member, or leaves its role as it is.
struct PutMember {
    UserId user;
    std::optional<MemberRole> role;
};
struct RemoveMember {
    UserId user;
};
struct InviteUser {
    UserId user;
};
struct RevokeInvite {  // by a manager, or declined by the invited user
    UserId user;
};
struct BanUser {
    UserId user;
    std::optional<std::string> reason;
};
struct UnbanUser {
    UserId user;
};
struct SendMessage {
    MessageKind kind = MessageKind::text;
    std::optional<std::string> text;
    std::optional<std::string> metadata;
    std::vector<Attachment> attachments;
    std::optional<Version> reply_to;
    std::vector<UserId> mentions;  // of whoever was named; those who are no members are dropped
};
struct EditMessage {
    Version seq;
    std::string text;
    std::vector<UserId> mentions;
};
struct DeleteMessage {
    Version seq;
};
struct CreateInviteLink {
    LinkId link;
    TokenHash code_hash{};
    std::optional<std::uint32_t> max_uses;
    std::optional<Timestamp> expires_at;
};
struct RevokeInviteLink {
    LinkId link;
};
// By somebody who has the link's code.
struct JoinByLink {
    LinkId link;
};
struct PinMessage {
    Version seq;
};
struct UnpinMessage {
    Version seq;
};
struct AddReaction {
    Version seq;
    std::string emoji;
};
struct RemoveReaction {
    Version seq;
    std::string emoji;
};
struct SetRetention {
    std::optional<std::uint32_t> days;
    bool is_by_admin = false;  // of the server: who need not be in the room
};
// The server's own: an erased user leaves the room, whose ownership passes on if it must.
struct DropErased {
    UserId user;
};
// The server's own: retention. Whether anybody was ever in the room who is on hold was looked up as
// of a position: a hold that was set since refuses it, to be looked up again.
struct ExpireContents {
    Version up_to;
    Position holds_as_of{};
};
using RoomCommand = std::variant<
    CreateRoom,
    UpdateRoom,
    ArchiveRoom,
    JoinRoom,
    LeaveRoom,
    PutMember,
    RemoveMember,
    InviteUser,
    RevokeInvite,
    BanUser,
    UnbanUser,
    SendMessage,
    EditMessage,
    DeleteMessage,
    CreateInviteLink,
    RevokeInviteLink,
    JoinByLink,
    PinMessage,
    UnpinMessage,
    AddReaction,
    RemoveReaction,
    SetRetention,
    DropErased,
    ExpireContents>;

struct Member {
    MemberRole role = MemberRole::member;
    Version joined;
    friend bool operator==(const Member&, const Member&) = default;
};

struct InviteLink {
    std::optional<std::uint32_t> uses_left;
    std::optional<Timestamp> expires_at;  // exclusive
    friend bool operator==(const InviteLink&, const InviteLink&) = default;
};
[[nodiscard]] bool is_live(const InviteLink& link, Timestamp now);

// Just enough of a room's past to judge the next command. Messages are not here: a room of a
// million weighs what its members weigh. Rebuilt by folding events; never stored as truth.
struct Room {
    enum class Phase : std::uint8_t { uncreated, open, archived };

    Phase phase = Phase::uncreated;
    RoomKind kind = RoomKind::group;
    Visibility visibility = Visibility::public_;
    History history = History::shared;
    std::uint32_t max_members = 0;
    std::uint32_t owners = 0;  // how many of `members` are
    std::optional<std::string> name;
    std::optional<std::string> description;
    std::optional<std::string> alias;
    std::unordered_map<UserId, Member> members;
    std::unordered_set<UserId> invited;
    std::unordered_set<UserId> banned;
    std::map<LinkId, InviteLink> links;  // dead ones go when the next is made
    std::set<Version> pinned;
    std::optional<std::uint32_t> retention_days;
    Version expired_to;

    friend bool operator==(const Room&, const Room&) = default;
};

// What a rule must know that is not in the Room: loaded before by whoever decides.
struct RoomFacts {
    Message message;               // the one that the command changes, marks or replies to
    bool alias_is_taken = false;   // by another room
    bool is_held = false;          // a legal hold is on the room
    std::vector<UserId> inactive;  // those whom the command names and who have no account
};

// Judges `command` against `room`. Pure. Guards in the order of style.md 5.3: phase, authority,
// existence, already so, limits. A private room answers room_not_found to whoever is neither member
// nor invited nor banned.
[[nodiscard]] Decision<RoomEvent> decide(
    const Room& room,
    const RoomFacts& facts,
    const RoomCommand& command,
    const CommandContext& context
);

// Folds one recorded event into the state. Total: accepts every event in every state.
[[nodiscard]] Room evolve(Room room, const RoomEvent& event, const EventContext& context);

// Whether `actor` may learn that the room exists: it is public, or its member, invited or banned.
[[nodiscard]] bool may_know_of(const Room& room, UserId actor);

// Whether the event changes a Room at all: folding may skip those that do not (messages).
[[nodiscard]] bool bears_on_room(const RoomEvent& event);

}  // namespace verbatim
