#pragma once

#include "domain/account.hpp"
#include "domain/reader.hpp"
#include "domain/room.hpp"
#include "eventstore/event_record.hpp"
#include "tests/support/log_scribe.hpp"

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace verbatim::testing {

// A history that could have happened: random commands are judged by the domain, and what it
// decides is folded and stamped as the sequencer does. The same seed gives the same history.
class RandomHistory {
public:
    explicit RandomHistory(std::uint64_t seed) : random_(seed) {}

    // The next `count` events, or a few more: those of one command stay together.
    [[nodiscard]] std::vector<RecordedEvent> next(std::size_t count) {
        std::vector<RecordedEvent> events;
        while (events.size() < count) attempt(events);
        return events;
    }
    [[nodiscard]] const std::vector<RoomId>& rooms() const { return rooms_; }
    [[nodiscard]] const std::vector<UserId>& users() const { return users_; }
    // As the domain has folded it.
    [[nodiscard]] const Message& message(const RoomId& room, Version seq) {
        return messages_[{room, seq}];
    }
    [[nodiscard]] const Room& room(const RoomId& room) { return states_[room]; }

    [[nodiscard]] std::uint64_t below(std::uint64_t end) { return random_() % end; }
    [[nodiscard]] bool one_in(std::uint64_t n) { return below(n) == 0; }

private:
    using Events = std::vector<RecordedEvent>;
    static constexpr std::size_t users_max = 12;
    static constexpr std::size_t rooms_max = 6;

    void attempt(Events& events) {
        const std::uint64_t what = below(100);
        if (users_.size() < 3 || (what < 4 && users_.size() < users_max)) {
            register_user(events);
        } else if (rooms_.empty() || (what < 6 && rooms_.size() < rooms_max)) {
            create_room(events);
        } else if (what < 15) {
            account_command(events);
        } else if (what < 21) {
            mark_read(events);
        } else if (what < 22) {
            server_act(events);
        } else {
            room_command(events);
        }
    }

    [[nodiscard]] UserId any_user() { return users_[below(users_.size())]; }
    [[nodiscard]] RoomId any_room() { return rooms_[below(rooms_.size())]; }
    // Mostly someone who is in the room, so that most commands are accepted.
    [[nodiscard]] UserId any_actor(const Room& room) {
        if (room.members.empty() || one_in(5)) return any_user();
        std::set<UserId> members;
        for (const auto& [user, member] : room.members) members.insert(user);
        return *std::next(members.begin(), static_cast<std::ptrdiff_t>(below(members.size())));
    }
    [[nodiscard]] std::string any_text() {
        static const std::vector<std::string> words{
            "hello",
            "\"quoted\"",
            "back\\slash",
            "北京",
            "tab\tnew\nline",
            "{",
            "]",
            "e\u0301",
            "\x01"};
        std::string text;
        for (std::uint64_t left = 1 + below(4); left > 0; --left)
            text += words[below(words.size())] + " ";
        return text;
    }

    void register_user(Events& events) {
        const auto user = numbered_id<UserId>(1'000 + users_.size());
        users_.push_back(user);
        const std::string number = std::to_string(users_.size());
        account(user, RegisterUser{"user" + number, "User " + number, "hash" + number}, events);
    }
    void account_command(Events& events) {
        const UserId user = any_user();
        const Account& state = accounts_[user];
        const auto session =
            numbered_id<SessionId>(2'000 + below(20) + 100 * user.value().bytes[15]);
        const auto role = one_in(2) ? ServerRole::admin : ServerRole::auditor;
        const auto key = numbered_id<KeyId>(2'500 + below(3) + 100 * user.value().bytes[15]);
        switch (below(9)) {
            case 0: return account(user, RenameUser{any_text()}, events);
            case 1:
                return account(user, ChangePassword{state.credential, "other", session}, events);
            case 2: return account(user, GrantRole{role}, events);
            case 3: return account(user, RevokeRole{role}, events);
            case 4: return account(user, CloseSession{session, SessionEnd::logged_out}, events);
            case 5: {
                const auto open = state.sessions.find(session);
                if (open == state.sessions.end()) return;
                const std::string hash = open->second.refresh_hash;
                return account(user, RefreshSession{session, hash, hash + "'"}, events);
            }
            case 6: {
                CreateKey create;
                create.key = key;
                create.name = any_text();
                create.scopes = {KeyScope::read};
                return account(user, create, events);
            }
            case 7: return account(user, RevokeKey{key}, events);
            default:
                return account(
                    user,
                    OpenSession{session, state.credential, "::1", any_text(), any_text()},
                    events
                );
        }
    }
    void account(const UserId& user, const AccountCommand& command, Events& events) {
        const auto decided = decide(accounts_[user], {}, command, {user, Timestamp(now_)});
        if (!decided) return;
        for (const AccountEvent& event : *decided) {
            const auto& recorded = stamp(stream_of(user), user, event, events);
            accounts_[user] = evolve(accounts_[user], event, recorded.context());
        }
    }

    void create_room(Events& events) {
        const auto room = numbered_id<RoomId>(3'000 + rooms_.size());
        rooms_.push_back(room);
        CreateRoom create;
        create.kind = static_cast<RoomKind>(below(3));
        create.max_members = 10;
        if (create.kind == RoomKind::direct) create.visibility = Visibility::private_;
        if (create.kind != RoomKind::direct && one_in(2)) create.alias = alias_of(room);
        create.name = any_text();
        create.members = {any_user()};
        this->room(room, any_user(), create, events);
    }
    [[nodiscard]] static std::string alias_of(const RoomId& room) {
        return "room" + std::to_string(room.value().bytes[15]);
    }
    void room_command(Events& events) {
        const RoomId room = any_room();
        const Room& state = states_[room];
        const UserId actor = any_actor(state);
        const UserId other = any_user();
        const std::uint64_t what = below(100);
        if (what < 35) return send(room, actor, events);
        if (what < 44) return mark(room, actor, events);
        if (what < 49) return link(room, actor, events);
        if (what < 53)
            return this->room(room, actor, EditMessage{any_seq(room), any_text(), {other}}, events);
        if (what < 61) return this->room(room, actor, DeleteMessage{any_seq(room)}, events);
        if (what < 69) return this->room(room, actor, JoinRoom{}, events);
        if (what < 74) return this->room(room, actor, LeaveRoom{}, events);
        if (what < 79) return this->room(room, actor, PutMember{other, any_role()}, events);
        if (what < 82) return this->room(room, actor, RemoveMember{other}, events);
        if (what < 86) return this->room(room, actor, InviteUser{other}, events);
        if (what < 89) return this->room(room, actor, RevokeInvite{other}, events);
        if (what < 92) return this->room(room, actor, BanUser{other, any_text()}, events);
        if (what < 95) return this->room(room, actor, UnbanUser{other}, events);
        if (what < 99) return update(room, actor, events);
        if (one_in(4)) return this->room(room, actor, ArchiveRoom{}, events);
    }
    [[nodiscard]] std::optional<MemberRole> any_role() {
        if (one_in(2)) return std::nullopt;
        return static_cast<MemberRole>(below(3));
    }
    [[nodiscard]] Version any_seq(const RoomId& room) {
        return Version(1 + below(versions_[stream_of(room)].value() + 1));
    }
    void send(const RoomId& room, const UserId& actor, Events& events) {
        SendMessage send;
        send.kind = static_cast<MessageKind>(below(3));
        send.text = any_text();
        if (one_in(4)) send.metadata = R"({"n":1.10,"a":[{"b":"]\"}"}]})";
        if (one_in(4)) send.reply_to = any_seq(room);
        if (one_in(4)) send.mentions = {any_user(), any_user()};
        if (one_in(6)) {
            send.attachments.push_back(
                {numbered_id<FileId>(below(9)), "a \"file\".png", "image/png", 12, 3, std::nullopt}
            );
        }
        this->room(room, actor, send, events);
    }
    // Few messages, users and emoji, so that marks meet one another.
    void mark(const RoomId& room, const UserId& actor, Events& events) {
        static const std::vector<std::string> emojis{"👍", "❤️", "\"x\\\""};
        const std::uint64_t newest = versions_[stream_of(room)].value();
        const Version seq(newest - std::min(newest, below(12)));
        const std::string emoji = emojis[below(emojis.size())];
        switch (below(6)) {
            case 0: return this->room(room, actor, PinMessage{seq}, events);
            case 1: return this->room(room, actor, UnpinMessage{seq}, events);
            case 2: return take_back_reactions(room, seq, events);
            default: return this->room(room, actor, AddReaction{seq, emoji}, events);
        }
    }
    // The first of each emoji, so that counts fall, also to none.
    void take_back_reactions(const RoomId& room, Version seq, Events& events) {
        const auto reactions = messages_[{room, seq}].reactions;
        for (const auto& [emoji, users] : reactions)
            this->room(room, *users.begin(), RemoveReaction{seq, emoji}, events);
    }
    // Made and revoked by the room's first owner, so that links there are.
    void link(const RoomId& room, const UserId& actor, Events& events) {
        const UserId owner = first_owner(states_[room]).value_or(actor);
        const auto& links = states_[room].links;
        const auto link =
            links.empty() ? numbered_id<LinkId>(4'000 + below(2)) : links.begin()->first;
        if (one_in(3)) return this->room(room, owner, RevokeInviteLink{link}, events);
        if (one_in(3)) return this->room(room, any_user(), JoinByLink{link}, events);
        CreateInviteLink create;
        create.link = numbered_id<LinkId>(4'000 + below(2));
        if (one_in(2)) create.max_uses = 1;
        this->room(room, owner, create, events);
    }
    [[nodiscard]] static std::optional<UserId> first_owner(const Room& room) {
        std::optional<UserId> first;
        for (const auto& [user, member] : room.members)
            if (member.role == MemberRole::owner && (!first || user < *first)) first = user;
        return first;
    }
    void update(const RoomId& room, const UserId& actor, Events& events) {
        UpdateRoom update;
        if (one_in(2)) update.name = any_text();
        if (one_in(2)) update.visibility = static_cast<Visibility>(below(2));
        if (one_in(2)) update.alias = one_in(2) ? std::nullopt : std::optional(alias_of(room));
        this->room(room, actor, update, events);
    }
    [[nodiscard]] RoomFacts facts_for(const RoomId& room, const RoomCommand& command) {
        RoomFacts facts;
        std::optional<Version> seq;
        if (const auto* const edit = std::get_if<EditMessage>(&command)) seq = edit->seq;
        if (const auto* const deletion = std::get_if<DeleteMessage>(&command)) seq = deletion->seq;
        if (const auto* const send = std::get_if<SendMessage>(&command)) seq = send->reply_to;
        if (const auto* const pin = std::get_if<PinMessage>(&command)) seq = pin->seq;
        if (const auto* const unpin = std::get_if<UnpinMessage>(&command)) seq = unpin->seq;
        if (const auto* const add = std::get_if<AddReaction>(&command)) seq = add->seq;
        if (const auto* const remove = std::get_if<RemoveReaction>(&command)) seq = remove->seq;
        if (seq) facts.message = messages_[{room, *seq}];
        return facts;
    }
    // As the sequencer sees to: an erased user does nothing more.
    [[nodiscard]] bool is_erased(const UserId& user) {
        const auto phase = accounts_[user].phase;
        return phase == Account::Phase::erasing || phase == Account::Phase::erased;
    }
    void room(const RoomId& room, const UserId& actor, const RoomCommand& command, Events& events) {
        if (is_erased(actor) && !std::holds_alternative<DropErased>(command)) return;
        const auto decided =
            decide(states_[room], facts_for(room, command), command, {actor, Timestamp(now_)});
        if (!decided) return;
        for (RoomEvent event : *decided) {
            if (auto* const deleted = std::get_if<MessageDeleted>(&event))
                deleted->destroyed = one_in(3);
            const auto& recorded = stamp(stream_of(room), actor, event, events);
            states_[room] = evolve(states_[room], event, recorded.context());
            const Version seq = message_named_by(event).value_or(recorded.version);
            Message& message = messages_[{room, seq}];
            message = evolve(message, event, recorded.context());
        }
    }

    // What no user does by itself: forgetting, holds, an auditor's look.
    void server_act(Events& events) {
        const UserId user = any_user();
        const RoomId room = any_room();
        switch (below(7)) {
            case 0:
                if (users_.size() == users_max) account(user, BeginErasure{}, events);
                return;
            case 1: return account(user, CompleteErasure{}, events);
            case 2: return account(user, NoteAuditRead{"GET /api/v1/events", room}, events);
            case 3: return this->room(room, user, DropErased{user}, events);
            case 4: return this->room(room, any_actor(states_[room]), SetRetention{7}, events);
            case 5: {
                const std::uint64_t newest = versions_[stream_of(room)].value();
                if (newest == 0) return;
                const Version up_to(1 + below(newest));
                return this->room(room, the_server, ExpireContents{up_to}, events);
            }
            default: break;
        }
        static const std::vector<ServerEvent> server_events{
            HoldSet{UserId(), std::nullopt, "a case"},
            HoldLifted{UserId(), std::nullopt},
            EpochBegun{EpochCause::restored, Uuid(), Position(1), std::nullopt}};
        stamp(server_stream, the_server, server_events[below(server_events.size())], events);
    }

    void mark_read(Events& events) {
        const UserId user = any_user();
        const RoomId room = any_room();
        const ReaderFacts facts{
            .room_is_known = true,
            .actor_is_member = states_[room].members.contains(user),
            .room_version = versions_[stream_of(room)]};
        const auto decided =
            decide(readers_[user], facts, MarkRead{room, any_seq(room)}, {user, Timestamp(now_)});
        if (!decided) return;
        for (const ReaderEvent& event : *decided) {
            const auto& recorded = stamp(reader_stream_of(user), user, event, events);
            readers_[user] = evolve(readers_[user], event, recorded.context());
        }
    }

    const RecordedEvent& stamp(
        const StreamId& stream, const UserId& actor, Event event, Events& events
    ) {
        now_ += static_cast<std::int64_t>(below(5'000'000));
        ++position_;
        versions_[stream] = versions_[stream].next();
        events.push_back({
            .position = Position(position_),
            .stream = stream,
            .version = versions_[stream],
            .id = numbered_id<EventId>(position_),
            .command = numbered_id<CommandId>(position_),
            .at = Timestamp(now_),
            .occurred_at =
                one_in(10) ? std::optional(Timestamp(now_ / 2)) : std::optional<Timestamp>(),
            .actor = actor,
            .key = std::nullopt,
            .event = std::move(event),
        });
        return events.back();
    }

    std::mt19937_64 random_;
    std::uint64_t position_ = 0;
    std::int64_t now_ = 1'700'000'000'000'000;
    std::vector<UserId> users_;
    std::vector<RoomId> rooms_;
    std::map<UserId, Account> accounts_;
    std::map<UserId, Reader> readers_;
    std::map<RoomId, Room> states_;
    std::map<std::pair<RoomId, Version>, Message> messages_;
    std::map<StreamId, Version> versions_;
};

}  // namespace verbatim::testing
