#include "domain/room_rules.hpp"
#include "tests/domain/random_steps.hpp"
#include "tests/domain/room_scenario.hpp"

#include <algorithm>
#include <map>

namespace verbatim::testing {
namespace {

constexpr std::size_t story_steps = 80;

UserId person(std::uint8_t number) {
    return numbered<UserId>(1 + number % 6U);
}

MemberRole role(std::uint8_t number) {
    return static_cast<MemberRole>(number % 3);
}

Version any_version(std::uint8_t number) {
    return Version(1 + number % 40U);
}

UpdateRoom random_update(std::uint8_t number) {
    UpdateRoom command;
    if (number % 2 == 0) command.name = number % 4 == 0 ? "Hall" : "Lobby";
    if (number % 3 == 0) command.visibility = static_cast<Visibility>(number % 2);
    if (number % 5 == 0) command.max_members = 2U + number % 6U;
    if (number % 7 == 0) command.alias.emplace(number % 2 == 0 ? "hall" : "lobby");
    return command;
}

SendMessage random_message(std::uint8_t number, Version seq) {
    SendMessage command;
    command.text = "hello";
    if (number % 4 == 0) command.reply_to = seq;
    command.mentions = {person(number), person(static_cast<std::uint8_t>(number / 6))};
    return command;
}

CreateRoom random_creation(std::uint8_t kind, std::uint8_t number) {
    CreateRoom command;
    command.kind = kind % 8 == 0 ? RoomKind::direct : static_cast<RoomKind>(kind % 2);
    command.visibility = static_cast<Visibility>(kind / 2 % 2);
    command.max_members = 2U + number % 5U;
    command.members = {person(number)};
    return command;
}

// What ends a story early is drawn rarely. `seq` is a message's, most of the time.
RoomCommand random_command(const Step& step, Version seq) {
    const auto [kind, actor, subject, number] = step;
    const UserId user = person(subject);
    switch (kind % 32) {
        case 0: return random_creation(actor, number);
        case 1: return number % 8 == 0 ? RoomCommand(ArchiveRoom{}) : RoomCommand(LeaveRoom{});
        case 2:
        case 3: return random_update(number);
        case 4:
        case 5:
        case 6:
        case 7: return JoinRoom{};
        case 8:
        case 9: return LeaveRoom{};
        case 10:
        case 11:
        case 12:
        case 13: return PutMember{.user = user, .role = role(number)};
        case 14: return PutMember{.user = user, .role = std::nullopt};
        case 15:
        case 16: return RemoveMember{.user = user};
        case 17:
        case 18:
        case 19: return InviteUser{.user = user};
        case 20: return RevokeInvite{.user = user};
        case 21:
        case 22: return BanUser{.user = user, .reason = std::nullopt};
        case 23:
        case 24: return UnbanUser{.user = user};
        case 25:
        case 26: return EditMessage{.seq = seq, .text = "hi", .mentions = {user}};
        case 27:
        case 28: return DeleteMessage{.seq = seq};
        default: return random_message(number, seq);
    }
}

// Any event in any order, as no rule would ever record it.
RoomPast random_event(const Step& step) {
    const auto [kind, actor, subject, number] = step;
    const UserId user = person(subject);
    const auto event = [&]() -> RoomEvent {
        switch (kind % 16) {
            case 0: return public_group(2U + number % 5U);
            case 1: return RoomUpdated{random_update(number).name, {}, {}, {}, {}, 3U};
            case 2: return RoomArchived{};
            case 3: return MemberLeft{.user = user};
            case 4: return MemberRemoved{.user = user};
            case 5: return MemberInvited{.user = user};
            case 6: return MemberInviteRevoked{.user = user};
            case 7: return MemberBanned{.user = user, .reason = std::nullopt};
            case 8: return MemberUnbanned{.user = user};
            case 9: return sent(user).event;
            case 10: return edited(any_version(number), user).event;
            case 11: return deleted(any_version(number), user).event;
            case 12:
            case 13: return MemberRoleChanged{.user = user, .role = role(number)};
            default:
                return MemberJoined{.user = user, .role = role(number), .added_by = std::nullopt};
        }
    };
    return {.event = event(), .by = person(actor)};
}

std::vector<RoomPast> random_events(const std::vector<Step>& raw) {
    std::vector<RoomPast> history;
    for (const Step& step : raw) history.push_back(random_event(step));
    return history;
}

// A room that lives through commands as the sequencer would drive it.
struct Story {
    Room room;
    Version version;
    std::map<Version, Message> messages;

    [[nodiscard]] RoomFacts facts_for(const RoomCommand& command, std::uint8_t number) const {
        RoomFacts facts;
        const auto message = messages.find(message_needed_by(command).value_or(Version()));
        if (message != messages.end()) facts.message = message->second;
        facts.alias_is_taken = number % 16 == 1;
        if (number % 16 == 2) facts.inactive = {person(number)};
        return facts;
    }

    // An owner every other time, so that commands get past their first guards.
    [[nodiscard]] UserId actor(std::uint8_t number) const {
        if (number % 2 == 0)
            for (std::uint8_t i = 0; i < 6; ++i)
                if (rules::is_owner(room, person(i))) return person(i);
        return person(static_cast<std::uint8_t>(number / 2));
    }
    [[nodiscard]] Version message(std::uint8_t number) const {
        if (number % 8 == 0 || messages.empty()) return any_version(number);
        return std::next(messages.begin(), number % std::ssize(messages))->first;
    }

    void live_through(const std::vector<RoomEvent>& events, const CommandContext& context) {
        for (const RoomEvent& event : events) {
            version = version.next();
            const EventContext place{.by = context.actor, .at = context.now, .version = version};
            room = evolve(std::move(room), event, place);
            const bool is_sent = std::holds_alternative<MessageSent>(event);
            const auto named = is_sent ? version : message_named_by(event);
            if (named) messages[*named] = evolve(messages[*named], event, place);
        }
    }
};

// One step of a story, with the room before and after it.
struct Turn {
    const Room& before;
    const Room& after;
    const RoomFacts& facts;
    const RoomCommand& command;
    const CommandContext& context;
    const Decision<RoomEvent>& decision;
};

template <class Check>
void tell(const std::vector<Step>& raw, Check check) {
    Story story;
    const CommandContext creator = by(alice);
    const auto start = raw.empty() ? Step{} : raw.front();
    const auto created =
        decide(story.room, RoomFacts{}, random_creation(start[0], start[1]), creator);
    if (created) story.live_through(*created, creator);
    for (const Step& step : raw) {
        const RoomCommand command = random_command(step, story.message(step[2]));
        const CommandContext context = by(story.actor(step[1]));
        const RoomFacts facts = story.facts_for(command, step[3]);
        const Room before = story.room;
        const auto decision = decide(story.room, facts, command, context);
        if (decision) story.live_through(*decision, context);
        check(Turn{before, story.room, facts, command, context, decision});
    }
}

std::uint32_t owners_among(const Room& room) {
    return static_cast<std::uint32_t>(std::count_if(
        room.members.begin(),
        room.members.end(),
        [](const auto& entry) { return entry.second.role == MemberRole::owner; }
    ));
}

// Those after whose success the same actor may ask again and it is already so. Not among them:
// what makes something new each time, and what may cost the actor its own right to ask.
bool is_repeatable(const RoomCommand& command, UserId actor) {
    if (const auto* put = std::get_if<PutMember>(&command)) return put->user != actor;
    if (const auto* ban = std::get_if<BanUser>(&command)) return ban->user != actor;
    if (const auto* revoke = std::get_if<RevokeInvite>(&command)) return revoke->user != actor;
    return std::holds_alternative<UpdateRoom>(command) ||
           std::holds_alternative<ArchiveRoom>(command) ||
           std::holds_alternative<JoinRoom>(command) ||
           std::holds_alternative<InviteUser>(command) ||
           std::holds_alternative<UnbanUser>(command);
}

TEST(RoomProperties, FoldInTwoHalvesAsAtOnce) {
    EXPECT_TRUE(rc::check("fold(a + b) = fold(fold(a), b)", [] {
        const auto history = random_events(*steps(story_steps));
        const auto half = *rc::gen::inRange<std::size_t>(0, history.size() + 1);
        Room room;
        const auto fold_between = [&](std::size_t begin, std::size_t end) {
            for (std::size_t i = begin; i < end; ++i) {
                const EventContext place{
                    .by = history[i].by, .at = history[i].at, .version = Version(i + 1)};
                room = evolve(std::move(room), history[i].event, place);
            }
        };
        fold_between(0, half);
        const Room snapshot = room;
        room = snapshot;
        fold_between(half, history.size());
        RC_ASSERT(room == folded(history));
    }));
}

TEST(RoomProperties, FoldToTheSameWhetherMessagesAreSkippedOrNot) {
    EXPECT_TRUE(rc::check("events that do not bear on the room change nothing", [] {
        const auto history = random_events(*steps(story_steps));
        Room room;
        for (std::size_t i = 0; i < history.size(); ++i) {
            if (!bears_on_room(history[i].event)) continue;
            const EventContext place{
                .by = history[i].by, .at = history[i].at, .version = Version(i + 1)};
            room = evolve(std::move(room), history[i].event, place);
        }
        RC_ASSERT(room == folded(history));
    }));
}

TEST(RoomProperties, CountOwnersRightAfterAnyEvents) {
    EXPECT_TRUE(rc::check("owners = how many members are owners", [] {
        const Room room = folded(random_events(*steps(story_steps)));
        RC_ASSERT(room.owners == owners_among(room));
    }));
}

TEST(RoomProperties, HoldAfterEveryCommand) {
    EXPECT_TRUE(rc::check("what must always be so is so", [] {
        tell(*steps(story_steps), [](const Turn& turn) {
            const Room& room = turn.after;
            RC_ASSERT(room.owners == owners_among(room));
            RC_ASSERT(room.members.size() <= room.max_members);
            if (room.phase == Room::Phase::open) RC_ASSERT(room.owners > 0U);
            for (const auto& [user, member] : room.members) {
                RC_ASSERT(!room.invited.contains(user));
                RC_ASSERT(!room.banned.contains(user));
            }
            for (const UserId user : room.invited) RC_ASSERT(!room.banned.contains(user));
            if (room.kind == RoomKind::direct) RC_ASSERT(room.owners == 2U);
        });
    }));
}

TEST(RoomProperties, NeverMoveByARefusal) {
    EXPECT_TRUE(rc::check("a refusal is the same again and changes nothing", [] {
        tell(*steps(story_steps), [](const Turn& turn) {
            if (turn.decision) return;
            RC_ASSERT(turn.after == turn.before);
            const auto again = decide(turn.after, turn.facts, turn.command, turn.context);
            RC_ASSERT(same(again, turn.decision));
        });
    }));
}

TEST(RoomProperties, StayQuietWhenACommandIsRepeated) {
    EXPECT_TRUE(rc::check("a command repeated after success yields nothing", [] {
        tell(*steps(story_steps), [](const Turn& turn) {
            if (!turn.decision || !is_repeatable(turn.command, turn.context.actor)) return;
            const auto again = decide(turn.after, turn.facts, turn.command, turn.context);
            RC_ASSERT(again.has_value());
            RC_ASSERT(again->empty());
        });
    }));
}

TEST(RoomProperties, RecordNothingThatIsAlreadySo) {
    EXPECT_TRUE(rc::check("events that bear on the room change it", [] {
        tell(*steps(story_steps), [](const Turn& turn) {
            if (!turn.decision || turn.decision->empty()) return;
            const bool bears = bears_on_room(turn.decision->front());
            RC_ASSERT((turn.after != turn.before) == bears);
        });
    }));
}

TEST(RoomProperties, TellStrangersNothingOfAPrivateRoom) {
    EXPECT_TRUE(rc::check("a private room answers strangers as one that never was", [] {
        tell(*steps(story_steps), [](const Turn& turn) {
            const bool is_hidden = turn.after.visibility == Visibility::private_;
            if (!is_hidden || std::holds_alternative<CreateRoom>(turn.command)) return;
            const CommandContext stranger = by(numbered<UserId>(99));
            const auto answer = decide(turn.after, turn.facts, turn.command, stranger);
            const auto as_if = decide(Room{}, turn.facts, turn.command, stranger);
            RC_ASSERT(same(answer, as_if));
        });
    }));
}

}  // namespace
}  // namespace verbatim::testing
