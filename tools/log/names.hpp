#pragma once

#include "eventstore/commands/lru_cache.hpp"
#include "tools/log/log_source.hpp"

#include <string>

namespace verbatim {

// What to call users and rooms in front of people: asks the source once for each, and remembers
// the newest few thousand. Single thread.
class Names {
public:
    explicit Names(LogSource& source) : source_(source) {}

    // "alice"; the id of who has no name (any more); "-" for nobody.
    [[nodiscard]] std::string of(const UserId& user);
    // "#lobby", or "Harbour" for a room without an alias; the id of one without either.
    [[nodiscard]] std::string of(const RoomId& room);
    // What the text names where it is a user's or a room's id; else the text itself.
    [[nodiscard]] std::string of_id(const std::string& text);

private:
    template <class Id>
    [[nodiscard]] std::string remembered(LruCache<Id, std::string>& names, const Id& id);

    LogSource& source_;
    LruCache<UserId, std::string> users_;
    LruCache<RoomId, std::string> rooms_;
};

}  // namespace verbatim
