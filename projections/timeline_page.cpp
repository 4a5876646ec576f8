#include "projections/timeline_walk.hpp"

#include <utility>

// RoomTimeline's pages: rows are read and joined, never parsed.
namespace verbatim {
namespace {

using namespace timeline_rows;
using namespace timeline_walk;

// Hands on where each message stands, and keeps nothing.
struct Visited {
    const std::function<bool(Version, Position)>& visit;

    [[nodiscard]] bool add(std::uint64_t seq, std::string_view row) const {
        return visit(Version(seq), position_of_message(row));
    }
};

TimelinePage served(const Chosen& chosen) {
    TimelinePage page;
    page.has_earlier = chosen.has_earlier;
    page.has_later = chosen.has_later;
    page.items.reserve(chosen.earlier.bytes() + chosen.later.bytes());
    const auto append = [&](Version seq, std::string_view row) -> StoreResult<void> {
        if (page.count++ == 0) {
            page.first = seq;
        } else {
            page.items += ',';
        }
        page.last = seq;
        page.items += json_of_message(row);
        if (has_reactions(row)) page.with_reactions.push_back(seq);
        return {};
    };
    (void)chosen.for_each(append);  // which cannot fail
    return page;
}

}  // namespace

StoreResult<TimelinePage> RoomTimeline::page(const RoomId& room, const PageRequest& request) const {
    TimelineWalk walk(storage_, column_, room, in_order(request.visible));
    const auto chosen = choose(walk, request);
    if (!chosen) return failure(chosen.error());
    return served(*chosen);
}

StoreResult<TimelinePage> RoomTimeline::thread(
    const RoomId& room, Version root, const PageRequest& request
) const {
    const std::vector<Visible> visible = in_order(request.visible);
    const RowKey replies = replies_key(room, root);
    Collected found(request.limit);
    const auto visit = [&](std::string_view key, std::string_view) -> StoreResult<bool> {
        const auto seq = RowReader(key.substr(std::string_view(replies).size())).place<Version>();
        if (!is_within(visible, seq.value())) return true;
        const auto row = storage_.get(column_, message_key(room, seq));
        if (!row) return failure(row.error());
        if (!*row) return damaged_row(name());
        return found.add(seq.value(), **row);
    };
    const RowKey after = reply_key(room, root, request.anchor);
    auto scanned = scan_rows(storage_, column_, replies, after, visit);
    if (!scanned) return failure(scanned.error());
    Chosen page{.earlier = Collected(0), .later = std::move(found)};
    page.has_later = page.later.has_more();
    return served(page);
}

StoreResult<void> RoomTimeline::for_each_from(
    const RoomId& room,
    Version first,
    const std::optional<std::vector<SeqSpan>>& visible,
    const std::function<bool(Version seq, Position position)>& visit
) const {
    TimelineWalk walk(storage_, column_, room, in_order(visible));
    Visited visited{visit};
    return walk.later(first.value(), visited);
}

StoreResult<std::optional<std::string>> RoomTimeline::newest(
    const RoomId& room, const std::optional<std::vector<SeqSpan>>& visible
) const {
    auto page = this->page(
        room, {.direction = PageDirection::newest, .anchor = {}, .limit = 1, .visible = visible}
    );
    if (!page) return failure(page.error());
    if (page->count == 0) return std::optional<std::string>();
    return std::optional(std::move(page->items));
}

}  // namespace verbatim
