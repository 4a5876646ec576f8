#include "tools/replay_into.hpp"

#include "eventstore/commit_listener.hpp"
#include "eventstore/replica.hpp"
#include "projections/views.hpp"
#include "protocol/random.hpp"
#include "tools/progress.hpp"

#include <system_error>
#include <utility>

namespace verbatim {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t part_events = 512;
constexpr std::size_t part_bytes = 4u << 20;

StoreError cannot(const fs::path& into, const std::string& why) {
    return {StoreFault::cannot_open, {}, into.string() + ": " + why};
}

StoreResult<void> make_empty(const fs::path& into) {
    std::error_code fault;
    const bool was_there = fs::exists(into, fault);
    if (was_there && (!fs::is_directory(into, fault) || !fs::is_empty(into, fault)))
        return failure(cannot(into, "history is replayed into an empty directory only"));
    fs::create_directories(into, fault);
    if (fault) return failure(cannot(into, fault.message()));
    if (!was_there) fs::permissions(into, fs::perms::owner_all, fault);
    return {};
}

// The next records behind `after`, as they are stored.
StoreResult<ReplicaPart> part_of(const EventLog& from, Position after, Position to) {
    ReplicaPart part{.after = after, .root_before = std::nullopt, .events = {}};
    std::size_t bytes = 0;
    for (Position next = after.next();
         next <= to && part.events.size() < part_events && bytes < part_bytes;
         next = next.next()) {
        auto stored = from.read_stored(next);
        if (!stored) return failure(stored.error());
        bytes += stored->record.size();
        for (const auto& content : stored->contents)
            if (content) bytes += content->bytes.size();
        part.events.push_back(std::move(*stored));
    }
    return part;
}

// False: the user wants no more.
StoreResult<bool> copy_records(
    const EventLog& from,
    Position to,
    EventLog& copy,
    const Interrupt& interrupt,
    const std::function<void(Position)>& progress
) {
    while (copy.head() < to) {
        if (interrupt.is_requested()) return false;
        auto part = part_of(from, copy.head(), to);
        if (!part) return failure(part.error());
        auto verified = verify(std::move(*part));
        if (!verified) return failure(verified.error());
        const auto replicated = copy.replicate(std::move(*verified));
        if (!replicated) return failure(replicated.error());
        if (progress) progress(copy.head());
    }
    return true;
}

StoreResult<void> build_views(const EventLog& log, const fs::path& into) {
    auto storage = open_views_storage((into / "views").string());
    if (!storage) return failure(storage.error());
    Views views(std::move(*storage));
    RebuildBar bar;
    return views.catch_up(log, std::ref(bar));
}

StoreResult<ReplayedInto> fill(
    const EventLog& from,
    Position to,
    const fs::path& into,
    const Interrupt& interrupt,
    const std::function<void(Position)>& progress
) {
    auto copy = open_rocks_event_log(
        (into / "log").string(), random_bytes, from.epoch(), from.created_at()
    );
    if (!copy) return failure(copy.error());
    const auto copied = copy_records(from, to, **copy, interrupt, progress);
    if (!copied) return failure(copied.error());
    if (!*copied) return ReplayedInto();
    ReplayedInto done{.reached = to};
    auto built = build_views(**copy, into);
    if (!built && built.error().fault == StoreFault::missing_content) {
        auto marked = (*copy)->mark_thinned();
        if (!marked) return failure(marked.error());
        done.lacks_texts = true;
        built = build_views(**copy, into);
    }
    if (!built) return failure(built.error());
    return done;
}

}  // namespace

StoreResult<ReplayedInto> replay_into(
    const EventLog& from,
    Position to,
    const fs::path& into,
    const Interrupt& interrupt,
    const std::function<void(Position)>& progress
) {
    if (auto made = make_empty(into); !made) return failure(made.error());
    auto done = fill(from, to, into, interrupt, progress);
    if (done && done->reached == to) return done;
    std::error_code fault;
    fs::remove_all(into / "log", fault);
    fs::remove_all(into / "views", fault);
    return done;
}

}  // namespace verbatim
