#include "tools/offline.hpp"

#include "eventstore/rocks_storage.hpp"
#include "tools/progress.hpp"

#include <cstdio>
#include <functional>
#include <future>
#include <utility>

namespace verbatim {

std::optional<std::string> fault_in_data_directory(const std::filesystem::path& data) {
    std::error_code fault;
    if (!std::filesystem::exists(data / "log" / "CURRENT", fault))
        return "there is no log in " + data.string() + ": name the data directory with --data";
    if (is_rocks_storage_in_use(data / "log"))
        return "a server, or another tool, has " + data.string() + " open: stop it first";
    return std::nullopt;
}

Expected<std::unique_ptr<Engine>, std::string> open_offline(const OfflineOptions& wanted) {
    if (auto fault = fault_in_data_directory(wanted.data)) {
        if (!wanted.otherwise.empty() && is_rocks_storage_in_use(wanted.data / "log"))
            *fault += ", or " + std::string(wanted.otherwise);
        return failure(std::move(*fault));
    }
    EngineOptions options;
    options.data = wanted.data;
    options.report = [](const std::string& what) { std::fprintf(stderr, "%s\n", what.c_str()); };
    auto engine = Engine::open(std::move(options));
    if (!engine) return failure(describe(engine.error()));
    RebuildBar bar;
    if (auto ready = (*engine)->catch_up(std::ref(bar)); !ready)
        return failure(describe(ready.error()));
    if (wanted.with_search) (*engine)->prepare_search([](Position) {});
    (*engine)->start();
    return std::move(*engine);
}

CommandResult submit_and_wait(Engine& engine, Submission submission) {
    std::promise<CommandResult> promise;
    auto result = promise.get_future();
    engine.sequencer().submit(std::move(submission), [&](CommandResult answered) {
        promise.set_value(std::move(answered));
    });
    return result.get();
}

}  // namespace verbatim
