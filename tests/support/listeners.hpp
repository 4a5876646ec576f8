#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace verbatim::testing {

// Feeds of one room, many of them, at several nodes, on one thread. Each has a node that is its
// home; when a feed ends it goes on, with its cursor, at its home or else at the next node that
// runs. All must hear one story: the same frames, byte for byte, each once, in the room's order,
// without a gap.
//
// Threads: one. Lifetime: what `port_of` refers to outlives it.
class Listeners {
public:
    struct Options {
        std::size_t count = 0;
        std::size_t nodes = 0;                              // feed i is at home at node i % nodes
        std::function<std::uint16_t(std::size_t)> port_of;  // of a node's feeds; 0: it is down.
                                                            // Called on the feeds' thread
        std::string room;
        std::vector<std::string> tokens;  // feed i is of user i % tokens
        std::uint64_t room_seq = 0;       // the last event that is not awaited
    };
    // Opens all feeds. Fails the test where one is not caught up within a minute.
    explicit Listeners(Options options);
    ~Listeners();
    Listeners(const Listeners&) = delete;
    Listeners& operator=(const Listeners&) = delete;

    // Waits until every feed has heard of `position`, which is of the room. False, and a failed
    // test, after a minute.
    [[nodiscard]] bool hear_until(std::uint64_t position);
    // Sends all feeds that are elsewhere home, with their cursors, and waits until they are there.
    void go_home();

    struct Heard {
        std::uint64_t room_seq = 0;
        std::uint64_t position = 0;
        std::string frame;
    };
    // What was heard since the beginning, in order.
    [[nodiscard]] std::vector<Heard> story() const;
    // What no feed may hear or meet, for people; at most some of it.
    [[nodiscard]] std::vector<std::string> faults() const;
    // How often a feed went on somewhere with its cursor.
    [[nodiscard]] std::size_t resumptions() const;

private:
    class Feed;
    struct Crowd;
    std::unique_ptr<Crowd> crowd_;
};

}  // namespace verbatim::testing
