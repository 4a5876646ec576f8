#include "projections/timeline_walk.hpp"

namespace verbatim::timeline_walk {
namespace {

StoreResult<Chosen> page_until(TimelineWalk& walk, std::uint64_t last, std::size_t limit) {
    Collected earlier(limit);
    auto walked = walk.earlier(last, earlier);
    if (!walked) return failure(walked.error());
    Chosen page{.earlier = std::move(earlier), .later = Collected(0)};
    page.has_earlier = page.earlier.has_more();
    if (last == seq_max) return page;
    const auto has_later = walk.any_from(last + 1);
    if (!has_later) return failure(has_later.error());
    page.has_later = *has_later;
    return page;
}

StoreResult<Chosen> page_from(TimelineWalk& walk, std::uint64_t first, std::size_t limit) {
    Collected later(limit);
    auto walked = walk.later(first, later);
    if (!walked) return failure(walked.error());
    Chosen page{.earlier = Collected(0), .later = std::move(later)};
    page.has_later = page.later.has_more();
    if (first == 0) return page;
    const auto has_earlier = walk.any_until(first - 1);
    if (!has_earlier) return failure(has_earlier.error());
    page.has_earlier = *has_earlier;
    return page;
}

// Half before the anchor and half from it on; what one side does not have the other gives.
StoreResult<Chosen> page_around(TimelineWalk& walk, std::uint64_t anchor, std::size_t limit) {
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
    Chosen page{.earlier = std::move(earlier), .later = std::move(later)};
    page.has_earlier = page.earlier.has_more();
    page.has_later = page.later.has_more();
    return page;
}

}  // namespace

std::vector<Visible> in_order(
    const std::optional<std::vector<SeqSpan>>& spans, std::uint64_t last
) {
    if (!spans) return {Visible{.first = 0, .last = last}};
    std::vector<Visible> ordered;
    ordered.reserve(spans->size());
    for (const SeqSpan& span : *spans) {
        const std::uint64_t end = span.last == Version() ? seq_max : span.last.value();
        const Visible piece{.first = span.first.value(), .last = std::min(end, last)};
        if (piece.first <= piece.last) ordered.push_back(piece);
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

StoreResult<Chosen> choose(TimelineWalk& walk, const PageRequest& request) {
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
    return Chosen{.earlier = Collected(0), .later = Collected(0)};
}

}  // namespace verbatim::timeline_walk
