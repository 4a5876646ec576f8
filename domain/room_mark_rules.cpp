#include "domain/limits.hpp"
#include "domain/room_rules.hpp"

// What is put on messages: pins and reactions.
namespace verbatim::rules {
namespace {

// The message is there, and not deleted.
std::optional<Rule> unless_live(const Message& message) {
    switch (message.phase) {
        case Message::Phase::unsent: return Rule::message_not_found;
        case Message::Phase::deleted: return Rule::message_is_deleted;
        case Message::Phase::live: return std::nullopt;
    }
    return std::nullopt;
}

std::optional<Rule> unless_may_pin(const Room& room, UserId actor) {
    if (const auto rule = unless_member(room, actor)) return rule;
    if (!is_manager(room, actor)) return Rule::actor_may_not_pin;
    return std::nullopt;
}

}  // namespace

RoomDecision pin_message(
    const Room& room,
    const RoomFacts& facts,
    const PinMessage& command,
    const CommandContext& context
) {
    if (const auto rule = unless_may_pin(room, context.actor)) return failure(*rule);
    if (const auto rule = unless_live(facts.message)) return failure(*rule);
    if (room.pinned.contains(command.seq)) return nothing<RoomEvent>();
    if (room.pinned.size() >= limits::pins_per_room_max)
        return failure(Rule::room_has_too_many_pins);
    return record<RoomEvent>(MessagePinned{.seq = command.seq});
}

RoomDecision unpin_message(
    const Room& room,
    const RoomFacts& facts,
    const UnpinMessage& command,
    const CommandContext& context
) {
    if (const auto rule = unless_may_pin(room, context.actor)) return failure(*rule);
    if (facts.message.phase == Message::Phase::unsent) return failure(Rule::message_not_found);
    if (!room.pinned.contains(command.seq)) return nothing<RoomEvent>();
    return record<RoomEvent>(MessageUnpinned{.seq = command.seq});
}

RoomDecision add_reaction(
    const Room& room,
    const RoomFacts& facts,
    const AddReaction& command,
    const CommandContext& context
) {
    if (const auto rule = unless_member(room, context.actor)) return failure(*rule);
    if (const auto rule = unless_live(facts.message)) return failure(*rule);
    const Message& message = facts.message;
    const auto known = message.reactions.find(command.emoji);
    const bool is_new = known == message.reactions.end();
    if (!is_new && known->second.contains(context.actor)) return nothing<RoomEvent>();
    if (is_new && message.reactions.size() >= limits::emoji_per_message_max)
        return failure(Rule::message_has_too_many_reactions);
    if (message.reaction_count >= limits::reactions_per_message_max)
        return failure(Rule::message_has_too_many_reactions);
    return record<RoomEvent>(ReactionAdded{.seq = command.seq, .emoji = command.emoji});
}

RoomDecision remove_reaction(
    const Room& room,
    const RoomFacts& facts,
    const RemoveReaction& command,
    const CommandContext& context
) {
    if (const auto rule = unless_member(room, context.actor)) return failure(*rule);
    if (const auto rule = unless_live(facts.message)) return failure(*rule);
    const auto known = facts.message.reactions.find(command.emoji);
    if (known == facts.message.reactions.end() || !known->second.contains(context.actor))
        return nothing<RoomEvent>();
    return record<RoomEvent>(ReactionRemoved{.seq = command.seq, .emoji = command.emoji});
}

}  // namespace verbatim::rules
