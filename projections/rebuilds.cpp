#include "projections/rebuilds.hpp"

#include "projections/row_names.hpp"
#include "projections/search_index.hpp"
#include "projections/views.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

namespace verbatim {

namespace {

constexpr std::string_view search_name = "search";

}  // namespace

Rebuilds::Rebuilds(Views& views, SearchIndex* search, const EventLog& log, Options options)
    : views_(views), search_(search), log_(log), options_(std::move(options)), thread_([this] {
          run();
      }) {}

Rebuilds::~Rebuilds() {
    stop();
}

void Rebuilds::stop() {
    {
        const std::lock_guard lock(mutex_);
        is_stopping_ = true;
    }
    changed_.notify_all();
    if (thread_.joinable()) thread_.join();
}

std::vector<ProjectionStatus> Rebuilds::list() const {
    std::vector<ProjectionStatus> all;
    for (ViewStatus& view : views_.status())
        all.push_back(
            {.name = std::move(view.name),
             .schema = view.schema,
             .position = view.position,
             .rebuilt_at = view.rebuilt_at,
             .running = {},
             .last = {}}
        );
    if (search_ != nullptr)
        all.push_back(
            {.name = std::string(search_name),
             .schema = SearchIndex::schema,
             .position = search_->position(),
             .rebuilt_at = {},
             .running = {},
             .last = {}}
        );
    const std::lock_guard lock(mutex_);
    for (ProjectionStatus& projection : all) add_progress(projection);
    return all;
}

// Requires: mutex_ is held.
void Rebuilds::add_progress(ProjectionStatus& status) const {
    if (const auto running = running_.find(status.name); running != running_.end())
        status.running = running->second;
    if (const auto ended = ended_.find(status.name); ended != ended_.end())
        status.last = ended->second;
}

std::optional<ProjectionStatus> Rebuilds::status(std::string_view name) const {
    for (ProjectionStatus& projection : list())
        if (projection.name == name) return std::move(projection);
    return std::nullopt;
}

bool Rebuilds::start(std::string_view name, bool compares_only) {
    if (!status(name)) return false;
    {
        const std::lock_guard lock(mutex_);
        if (is_stopping_) return false;
        if (running_.contains(name)) return true;
        ProjectionStatus::Running waits;
        waits.compares_only = compares_only;
        running_.emplace(name, waits);
        turns_.emplace_back(name);
    }
    changed_.notify_all();
    return true;
}

void Rebuilds::wait() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return turns_.empty() || is_stopping_; });
}

void Rebuilds::run() {
    std::unique_lock lock(mutex_);
    while (true) {
        changed_.wait(lock, [this] { return is_stopping_ || !turns_.empty(); });
        if (is_stopping_) return;
        const std::string name = turns_.front();
        running_[name].is_begun = true;
        const bool compares_only = running_[name].compares_only;
        lock.unlock();
        rebuild(name, compares_only);
        lock.lock();
        running_.erase(name);
        turns_.erase(turns_.begin());
        changed_.notify_all();
    }
}

void Rebuilds::rebuild(const std::string& name, bool compares_only) {
    const auto begun = std::chrono::steady_clock::now();
    RebuildRequest request;
    request.compares_only = compares_only;
    request.now = options_.clock();
    request.reached = [&](RebuildStage stage, Position folded) {
        const std::lock_guard lock(mutex_);
        auto& running = running_[name];
        running.stage = stage;
        running.folded = folded;
        return !is_stopping_;
    };
    const auto report =
        name == search_name ? search_->rebuild(request) : views_.rebuild(name, log_, request);
    const auto took = std::chrono::steady_clock::now() - begun;
    ProjectionStatus::Ended ended;
    ended.at = options_.clock();
    ended.compared_only = compares_only;
    ended.took_ms = std::chrono::duration_cast<std::chrono::milliseconds>(took).count();
    if (!report) {
        ended.failure = describe(report.error());
    } else if (report->was_given_up) {
        ended.failure = "the node was stopped";
    } else {
        ended.position = report->position;
        ended.difference = report->difference;
    }
    if (options_.report) options_.report(sentence_about(name, ended));
    const std::lock_guard lock(mutex_);
    ended_[name] = std::move(ended);
}

}  // namespace verbatim
