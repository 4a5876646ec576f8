#include "protocol/time_travel.hpp"

#include "protocol/answer_json.hpp"
#include "protocol/authenticator.hpp"
#include "protocol/messages_of_user.hpp"
#include "protocol/room_access.hpp"

#include <utility>

namespace verbatim {
namespace {

// What the asker may see of the room, as far as it depends on what is now.
struct Looking {
    History history = History::shared;
    bool is_auditor = false;
    std::optional<std::vector<SeqSpan>> readable;
};

Answer<Looking> looking(const Views& views, const RoomId& room, const UserId& user) {
    const auto roles = roles_of(views, user);
    if (!roles) return failure(roles.error());
    if (roles->contains(ServerRole::auditor))
        return Looking{.history = History::shared, .is_auditor = true, .readable = {}};
    auto access = member_access(views, room, user);
    if (!access) return failure(std::move(access).error());
    return Looking{
        .history = access->room.history,
        .is_auditor = false,
        .readable = std::move(access->readable)};
}

Answer<RoomMoment> moment_of(const EventLog& log, const RoomId& room, Position as_of) {
    const auto later = log.first_version_after(stream_of(room), as_of);
    if (!later) return failure(problem_of(later.error()));
    return RoomMoment{.position = as_of, .room_seq = Version(later->value() - 1)};
}

// The room as its member saw it: `my`.
Answer<std::string> past_my_json(const Views& views, const PastRoom& past) {
    if (!past.membership) return std::string("null");
    const MemberRow& member = *past.membership;
    const auto marker =
        views.read_markers().marker_as_of(past.room.room, member.user, past.moment.position);
    if (!marker) return failure(problem_of(marker.error()));
    const Version read_up_to = *marker ? (*marker)->up_to : member.joined_seq;
    const auto unread = views.timeline().live_after_as_of(past.room.room, read_up_to, past.moment);
    if (!unread) return failure(problem_of(unread.error()));
    return my_json(member, read_up_to, *unread);
}

Answer<std::string> newest_message(const Views& views, const EventLog& log, const PastRoom& past) {
    const auto page = past_messages(
        views,
        log,
        past,
        {.direction = PageDirection::newest, .anchor = {}, .limit = 1, .visible = {}}
    );
    if (!page) return failure(problem_of(page.error()));
    return page->count == 0 ? std::string("null") : page->items;
}

Text display_name_in(const RecordedEvent& event) {
    const auto* const account_event = std::get_if<AccountEvent>(&event.event);
    if (account_event == nullptr) return std::nullopt;
    if (const auto* const registered = std::get_if<UserRegistered>(account_event))
        return registered->display_name;
    const auto* const renamed = std::get_if<UserRenamed>(account_event);
    return renamed == nullptr ? Text() : renamed->display_name;
}

// Both null where the user is erased: then it had names, and now nobody knows them.
Answer<Names> past_names(
    const Views& views, const EventLog& log, const UserId& user, Position as_of
) {
    auto names = names_of(views, user);
    if (!names || !names->username) return names;
    const auto named = views.users().named_as_of(user, as_of);
    if (!named) return failure(problem_of(named.error()));
    if (!*named) return Names{};
    const auto event = log.read(**named);
    if (!event) return failure(problem_of(event.error()));
    names->display_name = display_name_in(*event);
    return names;
}

// The members of a page, each as `json_of` writes it.
template <class JsonOf>
Answer<PastItems> items_of_members(
    const Views& views,
    const PastRoom& past,
    const UserId& after,
    std::size_t limit,
    const JsonOf& json_of
) {
    const auto page =
        views.memberships().members_as_of(past.room.room, after, limit, past.moment.position);
    if (!page) return failure(problem_of(page.error()));
    PastItems items{.items = {}, .next = page->examined_up_to};
    for (const MemberRow& member : page->members) {
        const Answer<std::string> json = json_of(member);
        if (!json) return failure(json.error());
        if (!items.items.empty()) items.items += ',';
        items.items += *json;
    }
    return items;
}

}  // namespace

Answer<PastRoom> past_room(
    const Views& views, const EventLog& log, const RoomId& room, const UserId& user, Position as_of
) {
    auto asker = looking(views, room, user);
    if (!asker) return failure(std::move(asker).error());
    auto row = views.rooms().room_as_of(log, room, as_of);
    if (!row) return failure(problem_of(row.error()));
    if (!*row) return failure(problem_of(Rule::room_not_found));
    const auto membership = views.memberships().member_as_of(room, user, as_of);
    if (!membership) return failure(problem_of(membership.error()));
    if (asker->history == History::since_join && !*membership) return failure(not_a_member_then());
    const auto moment = moment_of(log, room, as_of);
    if (!moment) return failure(moment.error());
    return PastRoom{
        .room = **std::move(row),
        .moment = *moment,
        .membership = *membership,
        .readable = std::move(asker->readable),
        .shows_deleted_since = asker->is_auditor};
}

Answer<std::string> past_room_json(const Views& views, const EventLog& log, const PastRoom& past) {
    const RoomId& room = past.room.room;
    const auto member_count = views.memberships().member_count_as_of(room, past.moment.position);
    if (!member_count) return failure(problem_of(member_count.error()));
    const auto pinned = views.rooms().pinned_as_of(room, past.moment.position);
    if (!pinned) return failure(problem_of(pinned.error()));
    auto my = past_my_json(views, past);
    if (!my) return failure(std::move(my).error());
    auto last_message = newest_message(views, log, past);
    if (!last_message) return failure(std::move(last_message).error());
    return room_json(
        {.room = past.room,
         .room_seq = past.moment.room_seq,
         .member_count = *member_count,
         .pinned = readable_of(*pinned, past.readable),
         .my = *std::move(my),
         .last_message = *std::move(last_message)}
    );
}

StoreResult<TimelinePage> past_messages(
    const Views& views, const EventLog& log, const PastRoom& past, const PageRequest& page
) {
    PastPageRequest request{
        .page = page, .moment = past.moment, .shows_deleted_since = past.shows_deleted_since};
    request.page.visible = past.readable;
    return views.timeline().page_as_of(log, past.room.room, request);
}

Answer<std::string> past_reactions_json(
    const Views& views,
    const PastRoom& past,
    const std::vector<Version>& with_reactions,
    const UserId& user
) {
    return reactions_json(with_reactions, [&](Version seq) {
        return views.timeline().reactions_as_of(past.room.room, seq, user, past.moment.position);
    });
}

Answer<PastItems> past_members(
    const Views& views,
    const EventLog& log,
    const PastRoom& past,
    const UserId& after,
    std::size_t limit
) {
    const auto json_of = [&](const MemberRow& member) -> Answer<std::string> {
        const auto names = past_names(views, log, member.user, past.moment.position);
        if (!names) return failure(names.error());
        return member_json(member, *names, std::nullopt);
    };
    return items_of_members(views, past, after, limit, json_of);
}

Answer<PastItems> past_receipts(
    const Views& views, const PastRoom& past, const UserId& after, std::size_t limit
) {
    const auto json_of = [&](const MemberRow& member) -> Answer<std::string> {
        const auto marker =
            views.read_markers().marker_as_of(past.room.room, member.user, past.moment.position);
        if (!marker) return failure(problem_of(marker.error()));
        if (!*marker)
            return failure(problem_of(StoreError{
                StoreFault::corrupt_record, {}, "a member had no marker: rebuild the views"}));
        return read_marker_json(**marker);
    };
    return items_of_members(views, past, after, limit, json_of);
}

}  // namespace verbatim
