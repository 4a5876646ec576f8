#include "tools/forgetting.hpp"

#include "domain/invariant.hpp"
#include "domain/limits.hpp"
#include "protocol/problem.hpp"

#include <algorithm>
#include <future>
#include <iterator>
#include <limits>
#include <utility>

namespace verbatim {
namespace {

constexpr std::chrono::seconds retry_interval(1);
constexpr std::chrono::hours retention_interval(1);
constexpr std::chrono::minutes search_patience(10);
constexpr std::size_t rooms_per_page = 256;

tl::unexpected<StoreError> stopped() {
    return failure(StoreError{StoreFault::io_failed, {}, "forgetting was stopped"});
}

StoreError store_error(const CommandError& error) {
    return {StoreFault::outcome_unknown, {}, std::string(problem_of(error).code)};
}

}  // namespace

std::string_view name_of(ForgettingStep step) {
    switch (step) {
        case ForgettingStep::expire: return "expire";
        case ForgettingStep::end_memberships: return "end_memberships";
        case ForgettingStep::destroy: return "destroy";
        case ForgettingStep::forget_uploads: return "forget_uploads";
        case ForgettingStep::sweep_blobs: return "sweep_blobs";
        case ForgettingStep::scrub_search: return "scrub_search";
        case ForgettingStep::scrub_log: return "scrub_log";
        case ForgettingStep::scrub_views: return "scrub_views";
        case ForgettingStep::complete: return "complete";
    }
    broken_invariant("every step is listed above");
}

StoreResult<std::unique_ptr<ForgettingWalk>> walk_of_erased(
    const EventLog& log, const Views& views, const std::vector<UserId>& users
) {
    Position first(std::numeric_limits<std::uint64_t>::max());
    Position last;
    for (const UserId& user : users) {
        const auto row = views.users().user(user);
        if (!row) return failure(row.error());
        first = std::min(first, *row ? (*row)->registered : Position(1));
        const auto begun = log.erased_at(user);
        if (!begun) return failure(begun.error());
        last = std::max(last, begun->value_or(log.head()));
    }
    const Position before(first.value() - 1);
    std::unordered_set<UserId> all(users.begin(), users.end());
    return walk_of_users(log, std::move(all), before, last);
}

Forgetting::Forgetting(Parts parts, ForgettingOptions options)
    : parts_(parts), options_(std::move(options)) {}

Forgetting::~Forgetting() {
    if (thread_.joinable()) stop();
}

// ---- The thread ---------------------------------------------------------------------------------

void Forgetting::start() {
    invariant(!thread_.joinable(), "forgetting is started once");
    thread_ = std::thread([this] { work(); });
}

void Forgetting::wake() {
    {
        const std::lock_guard lock(mutex_);
        is_awake_ = true;
    }
    changed_.notify_all();
}

void Forgetting::found_destroyed() {
    const std::lock_guard lock(mutex_);
    if (scrub_due_) return;
    scrub_due_ = Clock::now() + std::chrono::seconds(limits::scrub_interval_seconds);
    changed_.notify_all();
}

void Forgetting::destroyed_copies(DestroyedCopies destroyed) {
    const std::lock_guard lock(mutex_);
    std::ranges::move(destroyed.users, std::back_inserter(destroyed_copies_.users));
    std::ranges::move(destroyed.expiries, std::back_inserter(destroyed_copies_.expiries));
}

void Forgetting::stop() {
    {
        const std::lock_guard lock(mutex_);
        is_stopping_ = true;
    }
    changed_.notify_all();
    parts_.log.cancel_scrub();
    parts_.views.cancel_scrub();
    if (thread_.joinable()) thread_.join();
}

void Forgetting::work() {
    while (!is_stopping_) {
        const auto due = next_due(run());
        std::unique_lock lock(mutex_);
        const auto has_news = [this] { return is_stopping_ || is_awake_; };
        while (!has_news() && Clock::now() < std::min(due, scrub_due_.value_or(due)))
            changed_.wait_until(lock, std::min(due, scrub_due_.value_or(due)));
        is_awake_ = false;
        scrub_due_.reset();
    }
}

Forgetting::Clock::time_point Forgetting::next_due(const StoreResult<void>& done) {
    if (done) {
        reported_.clear();
        return Clock::now() + retention_interval;
    }
    const std::string what = "forgetting is held up, and tried again: " + describe(done.error());
    if (!is_stopping_ && options_.report && what != reported_) options_.report(what);
    reported_ = what;
    return Clock::now() + retry_interval;
}

// ---- One run ------------------------------------------------------------------------------------

StoreResult<void> Forgetting::begin(ForgettingStep step) {
    if (options_.before_step) options_.before_step(step);
    if (is_stopping_) return stopped();
    return {};
}

StoreResult<void> Forgetting::run() {
    if (options_.is_of_copy) return run_of_copy();
    auto done = expire_what_is_due();
    if (!done) return done;
    const auto users = parts_.log.erasures_pending();
    if (!users) return failure(users.error());
    for (const UserId& user : *users)
        if (done = end_memberships(user); !done) return done;
    if (done = destroy_writings(*users); !done) return done;
    for (const UserId& user : *users)
        if (done = forget_uploads(user); !done) return done;
    const auto expiries = parts_.log.expiries_pending();
    if (!expiries) return failure(expiries.error());
    for (const PendingExpiry& expiry : *expiries) {
        done = destroy_all(*walk_of_expiry(parts_.log, expiry));
        if (!done) return done;
    }
    if (users->empty() && expiries->empty() && !parts_.log.needs_scrub()) return {};
    if (done = scrub(); !done) return done;
    return complete(*users, *expiries);
}

// What was destroyed before it begins is gone from all files when it is noted.
StoreResult<void> Forgetting::run_of_copy() {
    DestroyedCopies destroyed;
    {
        const std::lock_guard lock(mutex_);
        destroyed = destroyed_copies_;
    }
    if (destroyed.empty() && !parts_.log.needs_scrub()) return {};
    for (const UserId& user : destroyed.users)
        if (auto done = forget_uploads(user); !done) return done;
    if (auto done = scrub(); !done || destroyed.empty()) return done;
    if (auto begun = begin(ForgettingStep::complete); !begun) return begun;
    auto noted = parts_.log.note_forgotten(destroyed.users, destroyed.expiries);
    if (!noted) return noted;
    const auto drop_first = [](auto& from, std::size_t count) {
        from.erase(from.begin(), from.begin() + static_cast<std::ptrdiff_t>(count));
    };
    const std::lock_guard lock(mutex_);
    drop_first(destroyed_copies_.users, destroyed.users.size());
    drop_first(destroyed_copies_.expiries, destroyed.expiries.size());
    return {};
}

StoreResult<std::optional<Rule>> Forgetting::submit(StreamId stream, Command command) {
    std::promise<CommandResult> promise;
    parts_.sequencer.submit(
        {.stream = stream,
         .command = std::move(command),
         .actor = the_server,
         .id = CommandId(options_.new_uuid()),
         .key = std::nullopt,
         .if_match = std::nullopt,
         .occurred_at = std::nullopt},
        [&](CommandResult result) { promise.set_value(std::move(result)); }
    );
    const CommandResult result = promise.get_future().get();
    if (result) return std::optional<Rule>();
    if (result.error().fault == CommandFault::refused) return std::optional(result.error().rule);
    return failure(store_error(result.error()));
}

// ---- Erasure ------------------------------------------------------------------------------------

// Nobody can add or invite the user any more, so what the views show now is all there is.
StoreResult<void> Forgetting::end_memberships(const UserId& user) {
    const Memberships& memberships = parts_.views.memberships();
    for (RoomId after;;) {
        const auto page = memberships.rooms_of(user, after, rooms_per_page);
        if (!page) return failure(page.error());
        if (page->empty()) break;
        for (const MemberRow& row : *page)
            if (auto dropped = drop(row.room, user); !dropped) return dropped;
        after = page->back().room;
    }
    for (RoomId after;;) {
        const auto page = memberships.invites_of_user(user, after, rooms_per_page);
        if (!page) return failure(page.error());
        if (page->empty()) return {};
        for (const InviteRow& row : *page)
            if (auto dropped = drop(row.room, user); !dropped) return dropped;
        after = page->back().room;
    }
}

StoreResult<void> Forgetting::drop(const RoomId& room, const UserId& user) {
    if (auto begun = begin(ForgettingStep::end_memberships); !begun) return begun;
    const auto refused = submit(stream_of(room), RoomCommand(DropErased{.user = user}));
    if (!refused) return failure(refused.error());
    invariant(!*refused, "the views show no member of a room that is not there");
    return {};
}

StoreResult<void> Forgetting::destroy_writings(const std::vector<UserId>& users) {
    if (users.empty()) return {};
    const auto walk = walk_of_erased(parts_.log, parts_.views, users);
    if (!walk) return failure(walk.error());
    return destroy_all(**walk);
}

StoreResult<void> Forgetting::destroy_all(ForgettingWalk& walk) {
    while (true) {
        auto piece = walk.next();
        if (!piece) return failure(piece.error());
        if (!*piece) return {};
        if ((*piece)->events.empty()) {
            if (is_stopping_) return stopped();
            continue;
        }
        if (auto destroyed = destroy(std::move(**piece)); !destroyed) return destroyed;
    }
}

StoreResult<void> Forgetting::destroy(Forgotten piece) {
    if (auto begun = begin(ForgettingStep::destroy); !begun) return begun;
    std::promise<CommandResult> promise;
    parts_.sequencer.destroy(
        std::make_shared<const Forgotten>(std::move(piece)),
        [&](CommandResult result) { promise.set_value(std::move(result)); }
    );
    const CommandResult result = promise.get_future().get();
    if (!result) return failure(store_error(result.error()));
    return {};
}

StoreResult<void> Forgetting::forget_uploads(const UserId& user) {
    while (true) {
        if (auto begun = begin(ForgettingStep::forget_uploads); !begun) return begun;
        const auto forgotten = parts_.uploads.forget_all_of(user);
        if (!forgotten) return failure(forgotten.error());
        if (*forgotten) return {};
    }
}

// ---- Bytes --------------------------------------------------------------------------------------

StoreResult<void> Forgetting::scrub() {
    if (auto begun = begin(ForgettingStep::sweep_blobs); !begun) return begun;
    parts_.uploads.sweep();  // what was posted is no upload any more, and names no blob
    auto done = parts_.uploads.sweep_blobs([this] { return is_stopping_.load(); });
    if (!done) return done;
    if (auto begun = begin(ForgettingStep::scrub_search); !begun) return begun;
    if (done = scrub_search(); !done) return done;
    // The views first: as long as the log says that it needs it, all of this is done again.
    if (auto begun = begin(ForgettingStep::scrub_views); !begun) return begun;
    if (done = parts_.views.scrub(); !done) return done;
    if (auto begun = begin(ForgettingStep::scrub_log); !begun) return begun;
    return parts_.log.scrub();
}

StoreResult<void> Forgetting::scrub_search() {
    if (parts_.search == nullptr) return {};
    // Called by the index's thread, if ever: it may outlive this call.
    struct Waiter {
        std::mutex mutex;
        std::condition_variable changed;
        bool is_clean = false;
    };
    const auto waiter = std::make_shared<Waiter>();
    parts_.search->when_clean(parts_.log.head(), [waiter] {
        const std::lock_guard lock(waiter->mutex);
        waiter->is_clean = true;
        waiter->changed.notify_all();
    });
    const auto deadline = Clock::now() + search_patience;
    std::unique_lock lock(waiter->mutex);
    while (!waiter->is_clean) {
        if (is_stopping_) return stopped();
        if (Clock::now() > deadline)
            return failure(StoreError{StoreFault::io_failed, {}, "the search index stands still"});
        waiter->changed.wait_for(lock, std::chrono::milliseconds(100));
    }
    return {};
}

StoreResult<void> Forgetting::complete(
    const std::vector<UserId>& users, const std::vector<PendingExpiry>& expiries
) {
    if (!expiries.empty()) {
        Forgotten cleared;
        for (const PendingExpiry& expiry : expiries)
            cleared.destruction.cleared.emplace_back(expiry.room, expiry.up_to);
        if (auto begun = begin(ForgettingStep::complete); !begun) return begun;
        if (auto noted = destroy(std::move(cleared)); !noted) return noted;
    }
    for (const UserId& user : users) {
        if (auto begun = begin(ForgettingStep::complete); !begun) return begun;
        const auto refused = submit(stream_of(user), AccountCommand(CompleteErasure{}));
        if (!refused) return failure(refused.error());
    }
    return {};
}

}  // namespace verbatim
