#pragma once

#include "domain/ids.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>

namespace verbatim::amqp {

// What was published on one connection and is not confirmed in sequence yet. The broker counts
// messages from 1 on; pieces are of one or more. Threads: one.
class Window {
public:
    // A piece whose messages have been published; once they and all before are confirmed, the log
    // is published up to `last`. Requires: at least one message.
    void add(std::size_t messages, Position last);
    // Returns how many messages became confirmed by this; none where the tag is not of this window.
    std::size_t confirm(std::uint64_t tag, bool multiple);
    // The last piece that is confirmed with all before it; nullopt: none was yet.
    [[nodiscard]] std::optional<Position> reached() const { return reached_; }

    [[nodiscard]] bool empty() const { return pieces_.empty(); }
    [[nodiscard]] std::size_t pieces() const { return pieces_.size(); }
    // For the next connection.
    void clear();

private:
    struct Piece {
        std::uint64_t last_tag = 0;
        Position last;
    };
    std::uint64_t published_ = 0;  // tags given
    std::uint64_t confirmed_ = 0;  // all up to here
    std::deque<bool> beyond_;      // confirmed singly: confirmed_ + 1, + 2, …
    std::deque<Piece> pieces_;
    std::optional<Position> reached_;
};

}  // namespace verbatim::amqp
