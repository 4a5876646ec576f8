#pragma once

#include "broker/feed/frames.hpp"

#include <cstddef>
#include <sys/uio.h>
#include <vector>

namespace verbatim::feed {

// What waits for one socket, in order. Items are whole frames; only the first may have left in
// part. Holds no memory while empty. Single thread.
class OutboundQueue {
public:
    void push(SharedFrames frames);
    // Keeps what has left in part, drops the rest: what comes next begins at a frame's beginning.
    void drop_unbegun();
    // In front of all that has not begun to leave: control frames may stand between data frames.
    void push_urgent(SharedFrames frames);

    // Fills `parts` with what should leave in the next write. Returns how many.
    [[nodiscard]] std::size_t gather(iovec* parts, std::size_t parts_max, std::size_t bytes_max)
        const;
    // `bytes` of it have left.
    void consume(std::size_t bytes);

    [[nodiscard]] bool empty() const { return begin_ == items_.size(); }
    [[nodiscard]] std::size_t bytes() const { return bytes_; }
    [[nodiscard]] std::size_t frames() const { return frames_; }

private:
    void compact();

    std::vector<SharedFrames> items_;
    std::size_t begin_ = 0;  // the items before it have left
    std::size_t sent_ = 0;   // of the first item
    std::size_t bytes_ = 0;  // not sent
    std::size_t frames_ = 0;
};

}  // namespace verbatim::feed
