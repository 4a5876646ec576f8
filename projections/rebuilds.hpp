#pragma once

#include "eventstore/event_log.hpp"
#include "projections/rebuild.hpp"

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace verbatim {

class SearchIndex;
class Views;

// What is derived from the log, as operators see it: how far each projection is, and its rebuilds.
struct ProjectionStatus {
    struct Running {
        bool is_begun = false;  // else it waits for another
        bool compares_only = false;
        RebuildStage stage = RebuildStage::folding;
        Position folded;
    };
    struct Ended {
        Timestamp at;
        bool compared_only = false;
        std::int64_t took_ms = 0;
        Position position;
        std::optional<ViewDifference> difference;
        std::optional<std::string> failure;  // why it came to nothing; for people
    };
    std::string name;
    std::uint32_t schema = 0;
    Position position;
    std::optional<Timestamp> rebuilt_at;  // beside a live copy; remembered over restarts
    std::optional<Running> running;
    std::optional<Ended> last;  // since the start of the process
};

// Rebuilds projections one after another on a thread of its own, while they go on being used.
//
// Threads:  any.
// Lifetime: shorter than those of the parts that it works on.
class Rebuilds {
public:
    struct Options {
        std::function<Timestamp()> clock;
        std::function<void(const std::string&)> report;  // what came of each, for people
    };
    // `search` may be null: a node without it.
    Rebuilds(Views& views, SearchIndex* search, const EventLog& log, Options options);
    // Stops as stop() does.
    ~Rebuilds();
    Rebuilds(const Rebuilds&) = delete;
    Rebuilds& operator=(const Rebuilds&) = delete;

    // The views in their order, then the search index.
    [[nodiscard]] std::vector<ProjectionStatus> list() const;
    [[nodiscard]] std::optional<ProjectionStatus> status(std::string_view name) const;
    // Begins a rebuild or has it wait for its turn; one that is on its way already stays as it is.
    // Requires: the views have caught up. False: there is no such projection, or stop() was called.
    [[nodiscard]] bool start(std::string_view name, bool compares_only);
    // Blocks until nothing is on its way.
    void wait();
    // Gives up what is on its way, and joins.
    void stop();

private:
    void run();
    void rebuild(const std::string& name, bool compares_only);
    void add_progress(ProjectionStatus& status) const;

    Views& views_;
    SearchIndex* const search_;
    const EventLog& log_;
    const Options options_;
    mutable std::mutex mutex_;
    std::condition_variable changed_;
    std::vector<std::string> turns_;  // at most one of each; the first one is running
    std::map<std::string, ProjectionStatus::Running, std::less<>> running_;
    std::map<std::string, ProjectionStatus::Ended, std::less<>> ended_;
    bool is_stopping_ = false;
    std::thread thread_;  // last: it uses all of the above
};

}  // namespace verbatim
