#include "projections/room_timeline.hpp"
#include "projections/timeline_rows.hpp"

#include <algorithm>
#include <limits>
#include <memory>
#include <utility>

// RoomTimeline's pages: rows are read and joined, never parsed.
namespace verbatim {
namespace {

using namespace timeline_rows;

constexpr std::uint64_t seq_max = std::numeric_limits<std::uint64_t>::max();

// Inclusive, without an open end.
struct Visible {
    std::uint64_t first = 0;
    std::uint64_t last = seq_max;
};

// Ascending, none touching another's inside.
std::vector<Visible> in_order(const std::optional<std::vector<SeqSpan>>& spans) {
    if (!spans) return {Visible()};
    std::vector<Visible> ordered;
    ordered.reserve(spans->size());
    for (const SeqSpan& span : *spans) {
        const std::uint64_t last = span.last == Version() ? seq_max : span.last.value();
        if (span.first.value() <= last) ordered.push_back({span.first.value(), last});
    }
    std::sort(ordered.begin(), ordered.end(), [](const Visible& left, const Visible& right) {
        return left.first < right.first;
    });
    std::size_t merged = 0;
    for (const Visible& span : ordered) {
        if (merged > 0 && span.first <= ordered[merged - 1].last) {
            ordered[merged - 1].last = std::max(ordered[merged - 1].last, span.last);
        } else {
            ordered[merged++] = span;
        }
    }
    ordered.resize(merged);
    return ordered;
}

bool is_within(const std::vector<Visible>& visible, std::uint64_t seq) {
    return std::ranges::any_of(visible, [&](const Visible& span) {
        return span.first <= seq && seq <= span.last;
    });
}

// Messages in the order in which they were met, one after the other.
class Collected {
public:
    explicit Collected(std::size_t limit) : limit_(limit) { pieces_.reserve(limit); }

    // False: it is full, and there are more.
    bool add(std::uint64_t seq, std::string_view row) {
        has_more_ = pieces_.size() == limit_;
        if (has_more_) return false;
        const std::string_view json = json_of_message(row);
        pieces_.push_back({seq, bytes_.size(), json.size(), has_reactions(row)});
        bytes_ += json;
        return true;
    }
    void raise_limit(std::size_t limit) { limit_ = limit; }

    [[nodiscard]] std::size_t count() const { return pieces_.size(); }
    [[nodiscard]] bool has_more() const { return has_more_; }
    [[nodiscard]] std::uint64_t last_seq() const { return pieces_.back().seq; }

    void append_to(TimelinePage& page) const {
        for (const Piece& piece : pieces_) append(piece, page);
    }
    void append_backwards_to(TimelinePage& page) const {
        for (std::size_t i = pieces_.size(); i-- > 0;) append(pieces_[i], page);
    }
    [[nodiscard]] std::size_t bytes() const { return bytes_.size() + pieces_.size(); }

private:
    struct Piece {
        std::uint64_t seq;
        std::size_t begin;
        std::size_t size;
        bool has_reactions;
    };
    void append(const Piece& piece, TimelinePage& page) const {
        if (page.count++ == 0) {
            page.first = Version(piece.seq);
        } else {
            page.items += ',';
        }
        page.last = Version(piece.seq);
        page.items.append(bytes_, piece.begin, piece.size);
        if (piece.has_reactions) page.with_reactions.emplace_back(piece.seq);
    }

    std::size_t limit_;
    std::string bytes_;
    std::vector<Piece> pieces_;
    bool has_more_ = false;
};

// Hands on where each message stands, and keeps nothing.
struct Visited {
    const std::function<bool(Version, Position)>& visit;

    [[nodiscard]] bool add(std::uint64_t seq, std::string_view row) const {
        return visit(Version(seq), position_of_message(row));
    }
};

// Walks the visible messages of one room, jumping over what is not visible.
class TimelineWalk {
public:
    TimelineWalk(
        const Storage& storage,
        std::size_t column,
        const RoomId& room,
        const std::optional<std::vector<SeqSpan>>& visible
    )
        : room_(room),
          counts_key_(counts_key(room)),
          visible_(in_order(visible)),
          cursor_(storage.cursor(column, end_of_prefix(counts_key_))) {}

    // Those with seq <= `from`, descending, until `found` is full.
    StoreResult<void> earlier(std::uint64_t from, Collected& found) {
        for (std::size_t i = visible_.size(); i-- > 0;) {
            const Visible& span = visible_[i];
            if (span.first > from) continue;
            cursor_->seek(message_key(room_, Version(std::min(from, span.last))));
            for (auto seq = this->seq(); seq; cursor_->next(), seq = this->seq()) {
                from = seq->value();
                if (from < span.first) break;
                if (!found.add(from, cursor_->value())) return {};
            }
            if (!cursor_->valid()) break;
        }
        return cursor_->status();
    }
    // Those with seq >= `from`, ascending, until `found` is full.
    template <class Found>
    StoreResult<void> later(std::uint64_t from, Found& found) {
        for (const Visible& span : visible_) {
            if (span.last < from) continue;
            cursor_->seek_for_previous(message_key(room_, Version(std::max(from, span.first))));
            for (auto seq = this->seq(); seq; cursor_->previous(), seq = this->seq()) {
                from = seq->value();
                if (from > span.last) break;
                if (!found.add(from, cursor_->value())) return {};
            }
            if (!seq()) break;
        }
        return cursor_->status();
    }
    // The same without looking at what is there. Whoever walks back asks for what is before a
    // message: that one is found without a search for the next.
    StoreResult<bool> any_from(std::uint64_t first) {
        cursor_->seek(message_key(room_, Version(first)));
        if (seq() == Version(first) && is_within(visible_, first)) return true;
        Collected none(0);
        auto walked = later(first, none);
        if (!walked) return failure(walked.error());
        return none.has_more();
    }
    StoreResult<bool> any_until(std::uint64_t seq) {
        Collected none(0);
        auto walked = earlier(seq, none);
        if (!walked) return failure(walked.error());
        return none.has_more();
    }

private:
    // Of the message at the cursor; nullopt beyond the room's first and last.
    [[nodiscard]] std::optional<Version> seq() const {
        if (!cursor_->valid()) return std::nullopt;
        return seq_of_message_key(cursor_->key(), counts_key_);
    }

    const RoomId room_;
    const RowKey counts_key_;
    const std::vector<Visible> visible_;
    const std::unique_ptr<StorageCursor> cursor_;
};

TimelinePage join(const Collected& earlier, const Collected& later) {
    TimelinePage page;
    page.items.reserve(earlier.bytes() + later.bytes());
    earlier.append_backwards_to(page);
    later.append_to(page);
    return page;
}

StoreResult<TimelinePage> page_until(TimelineWalk& walk, std::uint64_t last, std::size_t limit) {
    Collected earlier(limit);
    auto walked = walk.earlier(last, earlier);
    if (!walked) return failure(walked.error());
    TimelinePage page = join(earlier, Collected(0));
    page.has_earlier = earlier.has_more();
    if (last == seq_max) return page;
    const auto has_later = walk.any_from(last + 1);
    if (!has_later) return failure(has_later.error());
    page.has_later = *has_later;
    return page;
}

StoreResult<TimelinePage> page_from(TimelineWalk& walk, std::uint64_t first, std::size_t limit) {
    Collected later(limit);
    auto walked = walk.later(first, later);
    if (!walked) return failure(walked.error());
    TimelinePage page = join(Collected(0), later);
    page.has_later = later.has_more();
    if (first == 0) return page;
    const auto has_earlier = walk.any_until(first - 1);
    if (!has_earlier) return failure(has_earlier.error());
    page.has_earlier = *has_earlier;
    return page;
}

// Half before the anchor and half from it on; what one side does not have the other gives.
StoreResult<TimelinePage> page_around(TimelineWalk& walk, std::uint64_t anchor, std::size_t limit) {
    Collected earlier(limit / 2);
    if (anchor > 0) {
        auto walked = walk.earlier(anchor - 1, earlier);
        if (!walked) return failure(walked.error());
    }
    Collected later(limit - earlier.count());
    auto walked = walk.later(anchor, later);
    if (!walked) return failure(walked.error());

    const std::size_t left = limit - later.count();
    if (earlier.has_more() && left > earlier.count()) {
        earlier.raise_limit(left);
        const std::uint64_t reached = earlier.count() > 0 ? earlier.last_seq() : anchor;
        walked = walk.earlier(reached - 1, earlier);
        if (!walked) return failure(walked.error());
    }
    TimelinePage page = join(earlier, later);
    page.has_earlier = earlier.has_more();
    page.has_later = later.has_more();
    return page;
}

}  // namespace

StoreResult<TimelinePage> RoomTimeline::page(const RoomId& room, const PageRequest& request) const {
    TimelineWalk walk(storage_, column_, room, request.visible);
    const std::uint64_t anchor = request.anchor.value();
    switch (request.direction) {
        case PageDirection::newest: return page_until(walk, seq_max, request.limit);
        case PageDirection::around: return page_around(walk, anchor, request.limit);
        case PageDirection::before:
            if (anchor == 0) return page_from(walk, 0, 0);  // nothing; all is later
            return page_until(walk, anchor - 1, request.limit);
        case PageDirection::after:
            if (anchor == seq_max) return page_until(walk, seq_max, 0);  // all is earlier
            return page_from(walk, anchor + 1, request.limit);
    }
    return TimelinePage();
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
    TimelinePage page = join(Collected(0), found);
    page.has_later = found.has_more();
    return page;
}

StoreResult<void> RoomTimeline::for_each_from(
    const RoomId& room,
    Version first,
    const std::optional<std::vector<SeqSpan>>& visible,
    const std::function<bool(Version seq, Position position)>& visit
) const {
    TimelineWalk walk(storage_, column_, room, visible);
    Visited visited{visit};
    return walk.later(first.value(), visited);
}

StoreResult<std::optional<std::string>> RoomTimeline::newest(
    const RoomId& room, const std::optional<std::vector<SeqSpan>>& visible
) const {
    TimelineWalk walk(storage_, column_, room, visible);
    auto page = page_until(walk, seq_max, 1);
    if (!page) return failure(page.error());
    if (page->count == 0) return std::optional<std::string>();
    return std::optional(std::move(page->items));
}

}  // namespace verbatim
