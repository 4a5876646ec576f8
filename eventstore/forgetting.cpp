#include "eventstore/forgetting.hpp"

#include "eventstore/event_types.hpp"

#include <algorithm>
#include <deque>
#include <utility>

namespace verbatim {
namespace {

// One piece is one batch of the log: commands wait for it no longer than for one of theirs.
constexpr std::size_t events_per_piece = 128;
constexpr std::size_t records_per_piece = 8'192;
constexpr std::uint64_t versions_per_piece = 128;
constexpr std::size_t no_bound = SIZE_MAX;

// A room's name stands in its snapshot, an account's in its own.
bool may_be_in_snapshot(const RecordedEvent& event) {
    if (event.stream.kind == StreamKind::account) return true;
    const auto* const room = std::get_if<RoomEvent>(&event.event);
    return room != nullptr && (std::holds_alternative<RoomCreated>(*room) ||
                               std::holds_alternative<RoomUpdated>(*room));
}

// Finds records and makes what goes with them.
class Collector {
public:
    explicit Collector(const EventLog& log) : log_(log) {}

    // Requires: `scan.wants` is empty.
    template <class Wants>
    [[nodiscard]] StoreResult<Position> scan(LogScan scan, const Wants& wants, Forgotten& into) {
        scan.without_contents = true;
        scan.wants = [&](const RecordView& record) {
            if (!wants(record)) return false;
            const auto count = static_cast<std::uint16_t>(record.commitments.size());
            if (count > 0) into.destruction.contents.push_back({record.position, count});
            if (record.key) into.destruction.keys.push_back(record.key->key);
            return true;
        };
        auto found = log_.scan(scan);
        if (!found) return failure(found.error());
        for (RecordedEvent& event : found->events) {
            if (may_be_in_snapshot(event)) into.destruction.snapshots.push_back(event.stream);
            into.events.push_back(std::move(event));
        }
        return found->reached;
    }
    [[nodiscard]] StoreResult<void> take(Position position, Forgotten& into) {
        const auto taken = scan(
            {.after = Position(position.value() - 1),
             .up_to = position,
             .wants = {},
             .events_max = 1,
             .examined_max = 1,
             .bytes_max = no_bound},
            [](const RecordView&) { return true; },
            into
        );
        if (!taken) return failure(taken.error());
        return {};
    }

private:
    const EventLog& log_;
};

class UsersWalk final : public ForgettingWalk {
public:
    UsersWalk(const EventLog& log, std::unordered_set<UserId> users, Position after, Position up_to)
        : collector_(log), users_(std::move(users)), at_(after), up_to_(up_to) {}

    [[nodiscard]] StoreResult<std::optional<Forgotten>> next() override {
        if (at_ >= up_to_) return std::optional<Forgotten>();
        Forgotten found;
        const auto reached = collector_.scan(
            {.after = at_,
             .up_to = up_to_,
             .wants = {},
             .events_max = events_per_piece,
             .examined_max = records_per_piece,
             .bytes_max = no_bound},
            [this](const RecordView& record) { return is_of_users(record); },
            found
        );
        if (!reached) return failure(reached.error());
        at_ = *reached;
        return std::optional(std::move(found));
    }

private:
    [[nodiscard]] bool is_of_users(const RecordView& record) const {
        const bool is_theirs =
            users_.contains(record.actor) || (record.stream.kind == StreamKind::account &&
                                              users_.contains(UserId(record.stream.id)));
        // A file without a name is no content, but goes too.
        return is_theirs && (!record.commitments.empty() || record.key ||
                             record.type == wire_of<MessageSent>.type);
    }

    Collector collector_;
    const std::unordered_set<UserId> users_;
    Position at_;
    const Position up_to_;
};

class ExpiryWalk final : public ForgettingWalk {
public:
    ExpiryWalk(const EventLog& log, const PendingExpiry& expiry)
        : log_(log), collector_(log), expiry_(expiry) {}

    [[nodiscard]] StoreResult<std::optional<Forgotten>> next() override {
        if (waiting_.empty() && expiry_.after >= expiry_.up_to) return std::optional<Forgotten>();
        if (waiting_.empty())
            if (auto filled = fill(); !filled) return failure(filled.error());
        Forgotten found;
        for (; !waiting_.empty() && found.events.size() < events_per_piece; waiting_.pop_front())
            if (auto taken = collector_.take(waiting_.front(), found); !taken)
                return failure(taken.error());
        // The keys are their senders', who are still there.
        found.destruction.keys.clear();
        return std::optional(std::move(found));
    }

private:
    // A message may have a thousand edits.
    [[nodiscard]] StoreResult<void> fill() {
        const Version up_to(
            std::min(expiry_.after.value() + versions_per_piece, expiry_.up_to.value())
        );
        const auto texts = log_.texts_of_messages(expiry_.room, expiry_.after, up_to);
        if (!texts) return failure(texts.error());
        waiting_.assign(texts->begin(), texts->end());
        expiry_.after = up_to;
        return {};
    }

    const EventLog& log_;
    Collector collector_;
    PendingExpiry expiry_;  // of which what is up to `after` was found
    std::deque<Position> waiting_;
};

}  // namespace

std::unique_ptr<ForgettingWalk> walk_of_users(
    const EventLog& log, std::unordered_set<UserId> users, Position after, Position up_to
) {
    return std::make_unique<UsersWalk>(log, std::move(users), after, up_to);
}

std::unique_ptr<ForgettingWalk> walk_of_expiry(const EventLog& log, const PendingExpiry& expiry) {
    return std::make_unique<ExpiryWalk>(log, expiry);
}

}  // namespace verbatim
