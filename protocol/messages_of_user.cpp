#include "protocol/messages_of_user.hpp"

#include "domain/limits.hpp"
#include "protocol/object_writer.hpp"
#include "protocol/room_access.hpp"

#include <algorithm>
#include <map>
#include <utility>

namespace verbatim {
namespace {

struct Place {
    Position position;
    RoomId room;
    Version seq;

    friend bool operator<(const Place& left, const Place& right) {
        return left.position < right.position;
    }
};

// The oldest of all places that it is offered, at most `limit`: a heap with the newest on top.
class Oldest {
public:
    explicit Oldest(std::size_t limit) : limit_(limit) { places_.reserve(limit + 1); }

    // False: it is not among them, so neither is what comes after it.
    bool offer(const Place& place) {
        if (places_.size() == limit_ && !(place < places_.front())) return false;
        places_.push_back(place);
        std::push_heap(places_.begin(), places_.end());
        if (places_.size() <= limit_) return true;
        std::pop_heap(places_.begin(), places_.end());
        places_.pop_back();
        return true;
    }
    [[nodiscard]] std::vector<Place> in_order() && {
        std::sort_heap(places_.begin(), places_.end());
        return std::move(places_);
    }

private:
    const std::size_t limit_;
    std::vector<Place> places_;
};

class Search {
public:
    Search(const Views& views, const EventLog& log, const UserId& user, Position after)
        : views_(views), log_(log), user_(user), after_(after), shown_(views.position()) {}

    [[nodiscard]] Answer<std::vector<Place>> oldest(std::size_t limit) const {
        Oldest found(limit);
        RoomId last;
        for (bool more = true; more;) {
            const auto rooms = views_.memberships().rooms_of(user_, last, limits::page_items_max);
            if (!rooms) return failure(problem_of(rooms.error()));
            for (const MemberRow& member : *rooms) {
                auto looked = look_at(member.room, found);
                if (!looked) return failure(looked.error());
                last = member.room;
            }
            more = rooms->size() == limits::page_items_max;
        }
        return std::move(found).in_order();
    }

private:
    [[nodiscard]] Answer<void> look_at(const RoomId& room, Oldest& found) const {
        const auto head = views_.rooms().head(room);
        if (!head) return failure(problem_of(head.error()));
        if (head->position <= after_) return {};
        const auto row = views_.rooms().room(room);
        if (!row) return failure(problem_of(row.error()));
        if (!*row) return {};
        const auto readable = readable_by_member(views_, **row, user_);
        if (!readable) return failure(readable.error());
        const auto first = log_.first_version_after(stream_of(room), after_);
        if (!first) return failure(problem_of(first.error()));
        const auto visit = [&](Version seq, Position position) {
            return position <= shown_ && found.offer({position, room, seq});
        };
        const auto walked = views_.timeline().for_each_from(room, *first, *readable, visit);
        if (!walked) return failure(problem_of(walked.error()));
        return {};
    }

    const Views& views_;
    const EventLog& log_;
    const UserId user_;
    const Position after_;
    // What is committed while rooms are looked at one after the other is left for the next page.
    const Position shown_;
};

Answer<std::string> reactions_by_room(
    const Views& views,
    const std::map<RoomId, std::vector<Version>>& with_reactions,
    const UserId& user
) {
    std::string out;
    ObjectWriter rooms(out);
    for (const auto& [room, seqs] : with_reactions) {
        const auto own = my_reactions_json(views, room, seqs, user);
        if (!own) return failure(own.error());
        if (*own != "{}") rooms.put_json(to_text(room), *own);
    }
    rooms.close();
    return out;
}

}  // namespace

Answer<MessagesPage> messages_of_user(
    const Views& views, const EventLog& log, const UserId& user, Position after, std::size_t limit
) {
    auto places = Search(views, log, user, after).oldest(limit + 1);
    if (!places) return failure(std::move(places).error());
    MessagesPage page;
    if (places->size() > limit) {
        places->pop_back();
        page.next = places->back().position;
    }
    std::map<RoomId, std::vector<Version>> with_reactions;
    for (const Place& place : *places) {
        const auto entry = views.timeline().entry(place.room, place.seq);
        if (!entry) return failure(problem_of(entry.error()));
        if (!*entry) continue;
        if (!page.items.empty()) page.items += ',';
        page.items += (*entry)->json;
        if ((*entry)->has_reactions) with_reactions[place.room].push_back(place.seq);
    }
    auto own = reactions_by_room(views, with_reactions, user);
    if (!own) return failure(std::move(own).error());
    page.my_reactions = *std::move(own);
    return page;
}

Answer<std::string> my_reactions_json(
    const Views& views,
    const RoomId& room,
    const std::vector<Version>& with_reactions,
    const UserId& user
) {
    return reactions_json(with_reactions, [&](Version seq) {
        return views.timeline().reactions_of(room, seq, user);
    });
}

Answer<std::string> reactions_json(
    const std::vector<Version>& messages_with_reactions,
    const std::function<StoreResult<std::vector<std::string>>(Version)>& emoji_of
) {
    std::string out;
    ObjectWriter messages(out);
    for (const Version seq : messages_with_reactions) {
        const auto own = emoji_of(seq);
        if (!own) return failure(problem_of(own.error()));
        if (own->empty()) continue;
        std::string& list = messages.member(std::to_string(seq.value()));
        for (std::size_t i = 0; i < own->size(); ++i) {
            list += i == 0 ? '[' : ',';
            append_json(list, std::string_view((*own)[i]));
        }
        list += ']';
    }
    messages.close();
    return out;
}

}  // namespace verbatim
