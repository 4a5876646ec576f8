#pragma once

#include "eventstore/commands/staged.hpp"
#include "eventstore/event_log.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

namespace verbatim {

struct ClaimNameHash {
    std::size_t operator()(const ClaimName& claim) const noexcept {
        return std::hash<std::string>{}(claim.name) + static_cast<std::size_t>(claim.kind);
    }
};

// Who holds which unique name: the changes on their way into the log over those that are in it.
// Threads: the decide thread alone.
class Claims {
public:
    // `log` must outlive it.
    explicit Claims(const EventLog& log) : log_(log) {}

    // nullopt: free. Errors: those of EventLog::holder_of.
    [[nodiscard]] StoreResult<std::optional<Uuid>> holder_of(const ClaimName& name) const {
        if (const auto* const staged = staged_.find(name)) return *staged;
        return log_.holder_of(name);
    }
    // The batch with that number will make it durable.
    void stage(const ClaimChange& change, std::uint64_t batch) {
        staged_.put(change.name, change.holder, batch);
    }
    // All batches up to that number are durable.
    void forget_durable(std::uint64_t batch) { staged_.forget_durable(batch); }
    void clear() { staged_.clear(); }

private:
    const EventLog& log_;
    Staged<ClaimName, std::optional<Uuid>, ClaimNameHash> staged_;
};

}  // namespace verbatim
