#include "protocol/audit_reads.hpp"

#include <utility>

namespace verbatim {

namespace {

constexpr std::chrono::milliseconds interval(limits::audit_read_interval_ms);

}  // namespace

AuditReads::AuditReads(Options options) : options_(std::move(options)) {}

void AuditReads::record(
    const UserId& user, std::string what, std::optional<RoomId> room, Callback done
) {
    const Key key(user, what, room);
    {
        std::unique_lock lock(mutex_);
        const auto now = options_.now();
        forget_old(now);
        const auto [found, is_new] = reads_.try_emplace(key);
        if (found->second.is_recorded) {
            lock.unlock();
            return done({});
        }
        found->second.waiting.push_back(std::move(done));
        if (!is_new) return;
        found->second.since = now;
    }
    options_.submit(
        {.stream = stream_of(user),
         .command = AccountCommand(NoteAuditRead{.what = std::move(what), .room = room}),
         .actor = user,
         .id = CommandId(options_.new_uuid()),
         .key = std::nullopt,
         .if_match = std::nullopt,
         .occurred_at = std::nullopt},
        [this, key](const CommandResult& result) { is_answered(key, result); }
    );
}

std::size_t AuditReads::remembered() const {
    const std::lock_guard lock(mutex_);
    return reads_.size();
}

// What is forgotten early, because there is no room for more, is recorded again sooner.
void AuditReads::forget_old(Clock::time_point now) {
    while (!recorded_.empty()) {
        const auto oldest = reads_.find(recorded_.front());
        const bool is_over = now - oldest->second.since >= interval;
        if (!is_over && recorded_.size() < options_.remembered_max) return;
        reads_.erase(oldest);
        recorded_.pop_front();
    }
}

void AuditReads::is_answered(const Key& key, const CommandResult& result) {
    std::vector<Callback> waiting;
    {
        const std::lock_guard lock(mutex_);
        const auto read = reads_.find(key);
        waiting.swap(read->second.waiting);
        if (result) {
            read->second.is_recorded = true;
            recorded_.push_back(key);
        } else {
            reads_.erase(read);
        }
    }
    for (const Callback& done : waiting)
        done(result ? Answer<void>() : Answer<void>(failure(problem_of(result.error()))));
}

}  // namespace verbatim
