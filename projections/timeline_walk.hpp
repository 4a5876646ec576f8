#pragma once

#include "projections/room_timeline.hpp"
#include "projections/timeline_rows.hpp"

#include <algorithm>
#include <limits>
#include <memory>
#include <utility>

// Which messages of a room make up a page, and their rows. Private to the view `room_timeline`.
namespace verbatim::timeline_walk {

inline constexpr std::uint64_t seq_max = std::numeric_limits<std::uint64_t>::max();

// Inclusive, without an open end.
struct Visible {
    std::uint64_t first = 0;
    std::uint64_t last = seq_max;
};

// Ascending, none touching another's inside; nothing beyond `last`.
[[nodiscard]] std::vector<Visible> in_order(
    const std::optional<std::vector<SeqSpan>>& spans, std::uint64_t last = seq_max
);
[[nodiscard]] bool is_within(const std::vector<Visible>& visible, std::uint64_t seq);

// The rows of messages in the order in which they were met, one after the other.
class Collected {
public:
    explicit Collected(std::size_t limit) : limit_(limit) { pieces_.reserve(limit); }

    // False: it is full, and there are more.
    bool add(std::uint64_t seq, std::string_view row) {
        has_more_ = pieces_.size() == limit_;
        if (has_more_) return false;
        pieces_.push_back({seq, bytes_.size(), row.size()});
        bytes_ += row;
        return true;
    }
    void raise_limit(std::size_t limit) { limit_ = limit; }

    [[nodiscard]] std::size_t count() const { return pieces_.size(); }
    [[nodiscard]] bool has_more() const { return has_more_; }
    [[nodiscard]] std::uint64_t last_seq() const { return pieces_.back().seq; }
    [[nodiscard]] std::uint64_t seq(std::size_t i) const { return pieces_[i].seq; }
    [[nodiscard]] std::string_view row(std::size_t i) const {
        return std::string_view(bytes_).substr(pieces_[i].begin, pieces_[i].size);
    }
    [[nodiscard]] std::size_t bytes() const { return bytes_.size(); }

private:
    struct Piece {
        std::uint64_t seq;
        std::size_t begin;
        std::size_t size;
    };

    std::size_t limit_;
    std::string bytes_;
    std::vector<Piece> pieces_;
    bool has_more_ = false;
};

// The messages of a page.
struct Chosen {
    Collected earlier;  // met walking back
    Collected later;
    bool has_earlier = false;
    bool has_later = false;

    // Ascending, until `visit` fails.
    template <class Visit>
    [[nodiscard]] StoreResult<void> for_each(const Visit& visit) const {
        for (std::size_t i = earlier.count(); i-- > 0;) {
            StoreResult<void> done = visit(Version(earlier.seq(i)), earlier.row(i));
            if (!done) return done;
        }
        for (std::size_t i = 0; i < later.count(); ++i) {
            StoreResult<void> done = visit(Version(later.seq(i)), later.row(i));
            if (!done) return done;
        }
        return {};
    }
};

// Walks the visible messages of one room, jumping over what is not visible.
class TimelineWalk {
public:
    TimelineWalk(
        const Storage& storage, std::size_t column, const RoomId& room, std::vector<Visible> visible
    )
        : room_(room),
          counts_key_(timeline_rows::counts_key(room)),
          visible_(std::move(visible)),
          cursor_(storage.cursor(column, end_of_prefix(counts_key_))) {}

    // Those with seq <= `from`, descending, until `found` is full.
    StoreResult<void> earlier(std::uint64_t from, Collected& found) {
        for (std::size_t i = visible_.size(); i-- > 0;) {
            const Visible& span = visible_[i];
            if (span.first > from) continue;
            cursor_->seek(timeline_rows::message_key(room_, Version(std::min(from, span.last))));
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
            cursor_->seek_for_previous(
                timeline_rows::message_key(room_, Version(std::max(from, span.first)))
            );
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
        cursor_->seek(timeline_rows::message_key(room_, Version(first)));
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
        return timeline_rows::seq_of_message_key(cursor_->key(), counts_key_);
    }

    const RoomId room_;
    const RowKey counts_key_;
    const std::vector<Visible> visible_;
    const std::unique_ptr<StorageCursor> cursor_;
};

// The page that `request` asks for of what the walk shows.
[[nodiscard]] StoreResult<Chosen> choose(TimelineWalk& walk, const PageRequest& request);

}  // namespace verbatim::timeline_walk
