#pragma once

#include "domain/ids.hpp"
#include "eventstore/digest.hpp"
#include "protocol/authenticator.hpp"
#include "protocol/bounded_sets.hpp"

#include <atomic>
#include <cstddef>
#include <memory>
#include <optional>

namespace verbatim {

// What was found out about tokens, as long as it holds: until a token expires or its session is
// closed. Bounded; what does not fit is found out again. Private to the authenticator.
//
// A session's closing may come while a verification reads, from the view, that it is open. So a
// verification watches the session before it asks the view, and what it finds is worth no more than
// its watch: close() ends the watch, or, coming first, leaves one that has ended.
//
// Threads: any.
class TokenCache {
public:
    explicit TokenCache(std::size_t entries_max) : tokens_(entries_max), watches_(entries_max) {}

    // One session's, shared by all of its tokens. Once ended it stays so.
    using Watch = std::shared_ptr<std::atomic<bool>>;
    [[nodiscard]] Watch watch(const SessionId& session);
    [[nodiscard]] static bool has_ended(const Watch& watch) {
        return watch->load(std::memory_order_acquire);
    }

    void keep(const Digest& token, const Actor& actor, Watch watch);
    // nullopt: unknown, expired or closed.
    [[nodiscard]] std::optional<Actor> find(const Digest& token, Timestamp now);
    void close(const SessionId& session);

    [[nodiscard]] std::size_t size() { return tokens_.size(); }

private:
    struct Token {
        Digest digest{};
        Actor actor;
        Watch watch;
        std::uint64_t used = 0;  // the clock when it was last found
    };
    struct Watched {
        SessionId session;
        Watch watch;
        std::uint64_t made = 0;
    };

    BoundedSets<Token> tokens_;
    BoundedSets<Watched> watches_;
    std::atomic<std::uint64_t> clock_{0};  // counts insertions: what "least recently" means
};

}  // namespace verbatim
