#include "protocol/message_search.hpp"

#include "protocol/room_access.hpp"

#include <algorithm>
#include <limits>
#include <map>
#include <nlohmann/json.hpp>
#include <unordered_map>
#include <utility>

namespace verbatim {
namespace {

// What one user may read, room by room, as it is asked about.
class Sight {
public:
    Sight(const Views& views, const UserId& user) : views_(views), user_(user) {}

    StoreResult<bool> reaches(const RoomId& room, Version seq) {
        auto known = rooms_.find(room);
        if (known == rooms_.end()) {
            auto readable = readable_in(room);
            if (!readable) return failure(readable.error());
            known = rooms_.emplace(room, *std::move(readable)).first;
        }
        if (!known->second) return true;
        return std::ranges::any_of(*known->second, [&](const MembershipSpan& stay) {
            return stay.covers(seq);
        });
    }

private:
    using Stays = std::optional<std::vector<MembershipSpan>>;  // nullopt: all of the room

    StoreResult<Stays> readable_in(const RoomId& room) const {
        const auto membership = views_.memberships().member(room, user_);
        if (!membership) return failure(membership.error());
        if (!*membership) return Stays(std::in_place);
        const auto row = views_.rooms().room(room);
        if (!row) return failure(row.error());
        if (!*row) return Stays(std::in_place);
        if ((*row)->history == History::shared) return Stays();
        auto stays = views_.memberships().spans(user_, room);
        if (!stays) return failure(stays.error());
        return Stays(*std::move(stays));
    }

    const Views& views_;
    const UserId user_;
    std::unordered_map<RoomId, Stays> rooms_;
};

// The messages that were found, as the timeline shows them.
class Finds {
public:
    explicit Finds(const Views& views) : views_(views) {}

    StoreResult<std::optional<std::string>> text_of(const SearchHit& hit) {
        using Now = std::optional<std::string>;
        auto message = views_.timeline().message(hit.room, hit.seq);
        if (!message) return failure(message.error());
        if (!*message) return Now();
        const auto json = nlohmann::json::parse(**message, nullptr, false);
        const auto text = json.is_object() ? json.find("text") : json.end();
        if (text == json.end() || !text->is_string()) return Now();
        messages_[hit.position] = **std::move(message);
        return Now(text->get<std::string>());
    }
    const std::string& operator[](Position position) { return messages_[position]; }

private:
    const Views& views_;
    std::map<Position, std::string> messages_;
};

Answer<std::vector<RoomId>> rooms_of(
    const Views& views, const UserId& user, const std::optional<RoomId>& only
) {
    if (only) {
        const auto access = member_access(views, *only, user);
        if (!access) return failure(access.error());
        return std::vector<RoomId>{*only};
    }
    const auto rows =
        views.memberships().rooms_of(user, RoomId(), std::numeric_limits<std::size_t>::max());
    if (!rows) return failure(problem_of(rows.error()));
    std::vector<RoomId> rooms;
    rooms.reserve(rows->size());
    for (const MemberRow& row : *rows) rooms.push_back(row.room);
    return rooms;
}

}  // namespace

Answer<FoundMessages> search_messages(
    const Views& views,
    SearchIndex& index,
    const UserId& user,
    const MessageSearch& search,
    SearchReader::Clock::time_point deadline
) {
    auto rooms = rooms_of(views, user, search.room);
    if (!rooms) return failure(rooms.error());
    const SearchQuery query{
        .text = search.words,
        .rooms = *std::move(rooms),
        .from = search.from,
        .before = search.before,
        .since = search.since,
        .until = search.until,
        .limit = search.limit};
    Sight sight(views, user);
    Finds finds(views);
    const SearchView view{
        .may_see = [&](const RoomId& room, Version seq) { return sight.reaches(room, seq); },
        .text_now = [&](const SearchHit& hit) { return finds.text_of(hit); }};
    const auto page = index.find(query, view, deadline);
    if (!page) {
        if (page.error().fault == SearchFault::timed_out) return failure(search_timed_out());
        return failure(problem_of(page.error().error));
    }
    FoundMessages found{.items = {}, .next = page->next};
    for (const SearchHit& hit : page->hits) {
        if (!found.items.empty()) found.items += ',';
        found.items += finds[hit.position];
    }
    return found;
}

}  // namespace verbatim
