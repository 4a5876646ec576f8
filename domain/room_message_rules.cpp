#include "domain/limits.hpp"
#include "domain/room_rules.hpp"

#include <algorithm>

namespace verbatim::rules {
namespace {

// The first limits::mentions_per_message_max distinct members among those named. The rest is not
// refused: a text may name anyone, and being named too late is no mistake of its sender.
std::vector<UserId> members_among(const std::vector<UserId>& named, const Room& room) {
    std::vector<UserId> mentions;
    for (const UserId user : named) {
        if (mentions.size() == limits::mentions_per_message_max) break;
        if (!is_member(room, user)) continue;
        if (std::find(mentions.begin(), mentions.end(), user) == mentions.end())
            mentions.push_back(user);
    }
    return mentions;
}

}  // namespace

RoomDecision send_message(
    const Room& room,
    const RoomFacts& facts,
    const SendMessage& command,
    const CommandContext& context
) {
    if (const auto rule = unless_member(room, context.actor)) return failure(*rule);
    if (room.kind == RoomKind::channel && !is_manager(room, context.actor))
        return failure(Rule::actor_may_not_send);
    if (command.reply_to && facts.message.phase != Message::Phase::live)
        return failure(Rule::reply_target_not_found);
    return record<RoomEvent>(MessageSent{
        .kind = command.kind,
        .text = command.text,
        .metadata = command.metadata,
        .attachments = command.attachments,
        .reply_to = command.reply_to,
        .mentions = members_among(command.mentions, room)});
}

RoomDecision edit_message(
    const Room& room,
    const RoomFacts& facts,
    const EditMessage& command,
    const CommandContext& context
) {
    // In a channel too: what a member once might send, it may correct.
    if (const auto rule = unless_member(room, context.actor)) return failure(*rule);
    if (facts.message.phase == Message::Phase::unsent) return failure(Rule::message_not_found);
    if (facts.message.phase == Message::Phase::deleted) return failure(Rule::message_is_deleted);
    if (facts.message.sender != context.actor) return failure(Rule::actor_is_not_sender);
    // What has expired is gone for good, and a text would not expire again.
    if (command.seq <= room.expired_to) return failure(Rule::message_is_deleted);
    if (facts.message.edits >= limits::edits_per_message_max)
        return failure(Rule::message_has_too_many_edits);
    // Never "already so": the state holds no texts, so an edit to the same text is recorded.
    return record<RoomEvent>(MessageEdited{
        .seq = command.seq, .text = command.text, .mentions = members_among(command.mentions, room)}
    );
}

RoomDecision delete_message(
    const Room& room,
    const RoomFacts& facts,
    const DeleteMessage& command,
    const CommandContext& context
) {
    if (const auto rule = unless_member(room, context.actor)) return failure(*rule);
    if (facts.message.phase == Message::Phase::unsent) return failure(Rule::message_not_found);
    if (facts.message.sender != context.actor && !is_manager(room, context.actor))
        return failure(Rule::actor_may_not_delete_message);
    if (facts.message.phase == Message::Phase::deleted) return nothing<RoomEvent>();
    const MessageDeleted deleted{.seq = command.seq, .destroyed = false};
    if (!room.pinned.contains(command.seq)) return record<RoomEvent>(deleted);
    return record<RoomEvent>(MessageUnpinned{.seq = command.seq}, deleted);
}

}  // namespace verbatim::rules
