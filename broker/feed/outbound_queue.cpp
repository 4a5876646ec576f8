#include "broker/feed/outbound_queue.hpp"

#include <utility>

namespace verbatim::feed {
namespace {

// An idle session keeps at most this many empty places.
constexpr std::size_t places_kept_max = 4;

}  // namespace

void OutboundQueue::push(SharedFrames frames) {
    bytes_ += frames->bytes.size();
    frames_ += frames->count;
    items_.push_back(std::move(frames));
}

void OutboundQueue::push_urgent(SharedFrames frames) {
    bytes_ += frames->bytes.size();
    frames_ += frames->count;
    const std::size_t place = begin_ + (sent_ > 0 ? 1 : 0);
    items_.insert(items_.begin() + static_cast<std::ptrdiff_t>(place), std::move(frames));
}

void OutboundQueue::drop_unbegun() {
    const std::size_t kept = begin_ + (sent_ > 0 ? 1 : 0);
    for (std::size_t i = kept; i < items_.size(); ++i) {
        bytes_ -= items_[i]->bytes.size();
        frames_ -= items_[i]->count;
    }
    items_.resize(kept);
    compact();
}

std::size_t OutboundQueue::gather(iovec* parts, std::size_t parts_max, std::size_t bytes_max)
    const {
    std::size_t count = 0;
    std::size_t total = 0;
    std::size_t skip = sent_;
    for (std::size_t i = begin_; i < items_.size() && count < parts_max && total < bytes_max; ++i) {
        const std::string& bytes = items_[i]->bytes;
        // writev's interface is not const-correct; it does not write to its parts.
        parts[count] = {const_cast<char*>(bytes.data()) + skip, bytes.size() - skip};
        total += bytes.size() - skip;
        skip = 0;
        ++count;
    }
    return count;
}

void OutboundQueue::consume(std::size_t bytes) {
    bytes_ -= bytes;
    sent_ += bytes;
    while (begin_ < items_.size() && sent_ >= items_[begin_]->bytes.size()) {
        sent_ -= items_[begin_]->bytes.size();
        frames_ -= items_[begin_]->count;
        items_[begin_].reset();
        ++begin_;
    }
    compact();
}

void OutboundQueue::compact() {
    if (empty()) {
        begin_ = 0;
        items_.clear();
        if (items_.capacity() > places_kept_max) items_ = {};
    } else if (begin_ >= 64 && begin_ * 2 >= items_.size()) {
        items_.erase(items_.begin(), items_.begin() + static_cast<std::ptrdiff_t>(begin_));
        begin_ = 0;
    }
}

}  // namespace verbatim::feed
