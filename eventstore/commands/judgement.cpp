#include "eventstore/commands/judgement.hpp"

#include "domain/overloaded.hpp"
#include "eventstore/commands/batch.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace verbatim {
namespace {

using MaybeName = std::optional<ClaimName>;

// The pair that a direct room is for, if the command names one.
MaybeName pair_of(const CreateRoom& command, UserId actor) {
    std::optional<UserId> other;
    for (const UserId user : command.members) {
        if (user == actor || user == other) continue;
        if (other) return std::nullopt;
        other = user;
    }
    if (!other) return std::nullopt;
    return direct_pair(actor, *other);
}

MaybeName alias_claim(const std::optional<std::string>& alias) {
    if (!alias) return std::nullopt;
    return ClaimName{ClaimKind::alias, *alias};
}

// Whether a legal hold may forbid it, or that a deletion destroys.
bool may_be_held(const Command& command) {
    if (const auto* const account = std::get_if<AccountCommand>(&command))
        return std::holds_alternative<BeginErasure>(*account);
    const auto* const room = std::get_if<RoomCommand>(&command);
    return room != nullptr && (std::holds_alternative<ExpireContents>(*room) ||
                               std::holds_alternative<DeleteMessage>(*room));
}

// On the room, or on somebody in it.
bool is_held(const ServerState& server, const RoomId& id, const Room& room) {
    if (server.held_rooms.contains(id)) return true;
    return std::ranges::any_of(server.held_users, [&](const UserId& user) {
        return room.members.contains(user);
    });
}

// On the user, or on a room that the user was ever in.
bool is_held(const ServerState& server, const UserId& user, const AccountCommand& command) {
    const auto* const erasure = std::get_if<BeginErasure>(&command);
    if (erasure == nullptr) return false;
    if (server.held_users.contains(user)) return true;
    return std::ranges::any_of(erasure->rooms, [&](const RoomId& room) {
        return server.held_rooms.contains(room);
    });
}

bool looked_before_last_hold(const RoomCommand& command, const Recalled<ServerState>& server) {
    const auto* const expiry = std::get_if<ExpireContents>(&command);
    return expiry != nullptr && expiry->holds_as_of < server.position;
}

// The account that a command is about, beside its actor.
std::optional<UserId> subject_of(const RoomCommand& command) {
    if (const auto* const put = std::get_if<PutMember>(&command)) return put->user;
    if (const auto* const invite = std::get_if<InviteUser>(&command)) return invite->user;
    if (const auto* const ban = std::get_if<BanUser>(&command)) return ban->user;
    return std::nullopt;
}

// The message that a command is about.
std::optional<Version> message_of(const RoomCommand& command) {
    if (const auto* const send = std::get_if<SendMessage>(&command)) return send->reply_to;
    if (const auto* const edit = std::get_if<EditMessage>(&command)) return edit->seq;
    if (const auto* const erase = std::get_if<DeleteMessage>(&command)) return erase->seq;
    if (const auto* const pin = std::get_if<PinMessage>(&command)) return pin->seq;
    if (const auto* const unpin = std::get_if<UnpinMessage>(&command)) return unpin->seq;
    if (const auto* const add = std::get_if<AddReaction>(&command)) return add->seq;
    if (const auto* const remove = std::get_if<RemoveReaction>(&command)) return remove->seq;
    return std::nullopt;
}

bool is_direct(const RoomCommand& command) {
    const auto* const create = std::get_if<CreateRoom>(&command);
    return create != nullptr && create->kind == RoomKind::direct;
}

// What is beyond the room's end is no message, and need not be looked for.
bool may_be_message(Version seq, const Recalled<Room>& room) {
    return seq != Version() && seq <= room.version;
}

void add_room_needs(
    const RoomCommand& command,
    const StreamId& room,
    const Aggregates& aggregates,
    std::vector<AggregateKey>& needs
) {
    const auto seq = message_of(command);
    const auto* const recalled = seq ? aggregates.find_room(room) : nullptr;
    if (recalled != nullptr && may_be_message(*seq, *recalled)) needs.push_back({room, *seq});
    if (const auto user = subject_of(command)) needs.push_back({stream_of(*user), {}});
    if (const auto* const create = std::get_if<CreateRoom>(&command))
        for (const UserId user : create->members) needs.push_back({stream_of(user), {}});
}

// A user may be named twice; what is needed is needed once.
void keep_first_of_each(std::vector<AggregateKey>& needs) {
    if (needs.size() < 2) return;
    std::sort(needs.begin() + 1, needs.end());
    needs.erase(std::unique(needs.begin() + 1, needs.end()), needs.end());
}

bool is_active(const Aggregates& aggregates, UserId user) {
    return aggregates.account(stream_of(user)).state.phase == Account::Phase::active;
}

RoomFacts room_facts(
    const RoomCommand& command,
    const StreamId& room,
    const std::optional<Uuid>& holder,
    const Aggregates& aggregates
) {
    RoomFacts facts;
    facts.alias_is_taken = holder && *holder != room.id;
    if (may_be_held(command))
        facts.is_held =
            is_held(aggregates.server().state, RoomId(room.id), aggregates.room(room).state) ||
            looked_before_last_hold(command, aggregates.server());
    const auto seq = message_of(command);
    if (seq && may_be_message(*seq, aggregates.room(room)))
        facts.message = aggregates.message(room, *seq).state;
    const auto add_if_inactive = [&](UserId user) {
        if (!is_active(aggregates, user)) facts.inactive.push_back(user);
    };
    if (const auto user = subject_of(command)) add_if_inactive(*user);
    if (const auto* const create = std::get_if<CreateRoom>(&command))
        for (const UserId user : create->members) add_if_inactive(user);
    return facts;
}

ReaderFacts reader_facts(const Recalled<Room>& room, UserId actor) {
    return {
        .room_is_known = may_know_of(room.state, actor),
        .actor_is_member = room.state.members.contains(actor),
        .room_version = room.version};
}

// Of the domain's answer in the terms of one aggregate, in the terms of all.
template <class Payload>
Expected<Verdict, CommandError> verdict_of(const StreamId& stream, Decision<Payload> decision) {
    if (!decision) {
        CommandError error = command_error(CommandFault::refused);
        error.rule = decision.error();
        return failure(std::move(error));
    }
    Verdict verdict{stream, {}};
    verdict.events.reserve(decision->size());
    for (Payload& payload : *decision) verdict.events.emplace_back(std::move(payload));
    return verdict;
}

std::optional<CommandError> moved_on(const Submission& submission, const Recalled<Room>& room) {
    if (!submission.if_match || *submission.if_match == room.version) return std::nullopt;
    CommandError error = command_error(CommandFault::room_has_moved_on);
    error.current = room.version;
    return error;
}

Expected<Verdict, CommandError> judge_room(
    const Submission& submission,
    const RoomCommand& command,
    const std::optional<Uuid>& holder,
    const Aggregates& aggregates,
    const CommandContext& context
) {
    const Recalled<Room>& room = aggregates.room(submission.stream);
    const RoomFacts facts = room_facts(command, submission.stream, holder, aggregates);
    auto verdict = verdict_of(submission.stream, decide(room.state, facts, command, context));
    const bool hides_room = !verdict && verdict.error().rule == Rule::room_not_found;
    if (hides_room) return verdict;
    if (auto error = moved_on(submission, room)) return failure(std::move(*error));
    if (verdict && is_direct(command) && holder) return Verdict{{StreamKind::room, *holder}, {}};
    return verdict;
}

}  // namespace

std::optional<ClaimName> claim_wanted_by(const Submission& submission) {
    if (const auto* const account = std::get_if<AccountCommand>(&submission.command)) {
        const auto* const registration = std::get_if<RegisterUser>(account);
        if (registration == nullptr) return std::nullopt;
        return ClaimName{ClaimKind::username, registration->username};
    }
    const auto* const room = std::get_if<RoomCommand>(&submission.command);
    if (room == nullptr) return std::nullopt;
    if (const auto* const create = std::get_if<CreateRoom>(room))
        return is_direct(*room) ? pair_of(*create, submission.actor) : alias_claim(create->alias);
    if (const auto* const update = std::get_if<UpdateRoom>(room))
        return update->alias ? alias_claim(*update->alias) : std::nullopt;
    return std::nullopt;
}

std::vector<AggregateKey> needs_of(
    const Submission& submission, const std::optional<Uuid>& holder, const Aggregates& aggregates
) {
    std::vector<AggregateKey> needs{{submission.stream, {}}};
    if (may_be_held(submission.command)) needs.push_back({server_stream, {}});
    if (const auto* const room = std::get_if<RoomCommand>(&submission.command)) {
        add_room_needs(*room, submission.stream, aggregates, needs);
        if (is_direct(*room) && holder) needs.push_back({{StreamKind::room, *holder}, {}});
    } else if (const auto* const reader = std::get_if<ReaderCommand>(&submission.command)) {
        needs.push_back({stream_of(std::get<MarkRead>(*reader).room), {}});
    }
    keep_first_of_each(needs);
    return needs;
}

Expected<Verdict, CommandError> judge(
    const Submission& submission,
    const std::optional<Uuid>& holder,
    const Aggregates& aggregates,
    Timestamp now
) {
    const CommandContext context{submission.actor, now};
    const StreamId& stream = submission.stream;
    return std::visit(
        Overloaded{
            [&](const AccountCommand& command) {
                const AccountFacts facts{
                    .username_is_taken = holder && *holder != stream.id,
                    .is_held = may_be_held(submission.command) &&
                               is_held(aggregates.server().state, UserId(stream.id), command)};
                return verdict_of(
                    stream, decide(aggregates.account(stream).state, facts, command, context)
                );
            },
            [&](const RoomCommand& command) {
                return judge_room(submission, command, holder, aggregates, context);
            },
            [&](const ServerCommand& command) {
                return verdict_of(stream, decide(aggregates.server().state, command, context));
            },
            [&](const ReaderCommand& command) {
                const StreamId room = stream_of(std::get<MarkRead>(command).room);
                const auto facts = reader_facts(aggregates.room(room), submission.actor);
                return verdict_of(
                    stream, decide(aggregates.reader(stream).state, facts, command, context)
                );
            },
        },
        submission.command
    );
}

}  // namespace verbatim
