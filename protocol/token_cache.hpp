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

// What was found out about tokens, as long as it holds: until a token expires, its session is
// closed or its key revoked. Bounded; what does not fit is found out again. Private to the
// authenticator.
//
// A session's closing may come while a verification reads, from the view, that it is open. So a
// verification watches the session before it asks the view, and what it finds is worth no more than
// its watch: close() ends the watch, or, coming first, leaves one that has ended. Keys are watched
// in the same way; a session's id and a key's are both unique, so one table has them.
//
// Threads: any.
class TokenCache {
public:
    explicit TokenCache(std::size_t entries_max) : tokens_(entries_max), watches_(entries_max) {}

    // One session's or key's, shared by all of its tokens. Once ended it stays so.
    using Watch = std::shared_ptr<std::atomic<bool>>;
    template <class Tag>
    [[nodiscard]] Watch watch(const StrongId<Tag>& credential) {
        return watch_of(credential.value());
    }
    [[nodiscard]] static bool has_ended(const Watch& watch) {
        return watch->load(std::memory_order_acquire);
    }

    void keep(const Digest& token, const Actor& actor, Watch watch);
    // nullopt: unknown, expired or closed.
    [[nodiscard]] std::optional<Actor> find(const Digest& token, Timestamp now);
    template <class Tag>
    void close(const StrongId<Tag>& credential) {
        end(credential.value());
    }

    [[nodiscard]] std::size_t size() { return tokens_.size(); }

private:
    struct Token {
        Digest digest{};
        Actor actor;
        Watch watch;
        std::uint64_t used = 0;  // the clock when it was last found
    };
    struct Watched {
        Uuid credential;
        Watch watch;
        std::uint64_t made = 0;
    };

    [[nodiscard]] Watch watch_of(const Uuid& credential);
    void end(const Uuid& credential);

    BoundedSets<Token> tokens_;
    BoundedSets<Watched> watches_;
    std::atomic<std::uint64_t> clock_{0};  // counts insertions: what "least recently" means
};

}  // namespace verbatim
