#pragma once

#include "eventstore/event_log.hpp"
#include "protocol/envelope_json.hpp"

#include <algorithm>
#include <gtest/gtest.h>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>
#include <vector>

namespace verbatim::testing {

// The contract's visibility, folded from the log in the plainest way there is: what each user's
// feed shows, told apart from how hub and catch-up find it.
class FeedModel {
public:
    explicit FeedModel(const EventLog& log) {
        const auto cursor = log.read_all(Position());
        while (true) {
            auto event = cursor->next();
            if (!event || !*event) break;
            fold(**event);
            events_.push_back(std::move(**event));
        }
    }

    // Envelopes after `after`, as read now: what has been deleted is empty.
    [[nodiscard]] std::vector<nlohmann::json> resumed(
        const UserId& user, Position after, const std::set<RoomId>& filter = {}
    ) const {
        return shown(user, after, filter, true);
    }
    // As they were when they happened.
    [[nodiscard]] std::vector<nlohmann::json> live(const UserId& user, Position after) const {
        return shown(user, after, {}, false);
    }
    [[nodiscard]] std::vector<nlohmann::json> everything(Position after) const {
        std::vector<nlohmann::json> all;
        for (const RecordedEvent& event : events_)
            if (event.position > after) all.push_back(envelope(event));
        return all;
    }

private:
    static nlohmann::json envelope(const RecordedEvent& event) {
        std::string text;
        append_envelope(text, event);
        return nlohmann::json::parse(text);
    }
    [[nodiscard]] std::vector<nlohmann::json> shown(
        const UserId& user, Position after, const std::set<RoomId>& filter, bool emptied
    ) const {
        std::vector<nlohmann::json> envelopes;
        for (const RecordedEvent& event : events_) {
            if (event.position <= after || !receivers_.contains({event.position, user})) continue;
            if (!filter.empty() && !filter.contains(room_of(event))) continue;
            envelopes.push_back(
                envelope(emptied && is_deleted(event) ? without_contents(event) : event)
            );
        }
        return envelopes;
    }
    // The room that an event is of or about; nil: none.
    static RoomId room_of(const RecordedEvent& event) {
        if (event.stream.kind == StreamKind::room) return RoomId(event.stream.id);
        if (event.stream.kind == StreamKind::reader)
            return std::get<RoomRead>(std::get<ReaderEvent>(event.event)).room;
        return {};
    }
    [[nodiscard]] bool is_deleted(const RecordedEvent& event) const {
        const auto* const room_event = std::get_if<RoomEvent>(&event.event);
        if (room_event == nullptr) return false;
        const RoomId room(event.stream.id);
        if (std::holds_alternative<MessageSent>(*room_event))
            return deleted_.contains({room, event.version});
        if (const auto* const edited = std::get_if<MessageEdited>(room_event))
            return deleted_.contains({room, edited->seq});
        return false;
    }
    void fold(const RecordedEvent& event) {
        if (event.stream.kind != StreamKind::room) {
            receivers_.insert({event.position, UserId(event.stream.id)});
            return;
        }
        auto& members = members_[RoomId(event.stream.id)];
        const auto& e = std::get<RoomEvent>(event.event);
        const auto tell = [&](const UserId& user) { receivers_.insert({event.position, user}); };
        if (std::holds_alternative<RoomCreated>(e)) members.insert(event.actor);
        if (const auto* joined = std::get_if<MemberJoined>(&e)) members.insert(joined->user);
        for (const UserId& member : members) tell(member);
        if (const auto* left = std::get_if<MemberLeft>(&e)) members.erase(left->user);
        if (const auto* removed = std::get_if<MemberRemoved>(&e)) members.erase(removed->user);
        if (const auto* invited = std::get_if<MemberInvited>(&e)) tell(invited->user);
        if (const auto* revoked = std::get_if<MemberInviteRevoked>(&e)) tell(revoked->user);
        if (const auto* unbanned = std::get_if<MemberUnbanned>(&e)) tell(unbanned->user);
        if (const auto* banned = std::get_if<MemberBanned>(&e)) {
            tell(banned->user);
            members.erase(banned->user);
        }
        if (const auto* deleted = std::get_if<MessageDeleted>(&e))
            deleted_.insert({RoomId(event.stream.id), deleted->seq});
    }

    std::vector<RecordedEvent> events_;
    std::map<RoomId, std::set<UserId>> members_;
    std::set<std::pair<Position, UserId>> receivers_;
    std::set<std::pair<RoomId, Version>> deleted_;
};

}  // namespace verbatim::testing
