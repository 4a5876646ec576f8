#include "tools/forget.hpp"

#include "domain/type_id.hpp"
#include "projections/json_text.hpp"
#include "protocol/forgetting_requests.hpp"
#include "protocol/problem.hpp"
#include "protocol/random.hpp"
#include "tools/engine.hpp"
#include "tools/progress.hpp"

#include <CLI/CLI.hpp>
#include <cstdio>
#include <future>
#include <memory>
#include <nlohmann/json.hpp>
#include <utility>

namespace verbatim {

namespace {

constexpr int done = 0;
constexpr int not_done = 1;

int say_failure(const std::string& what) {
    std::fprintf(stderr, "verbatim: %s\n", what.c_str());
    return not_done;
}

// A node without doors, which forgets when it is told to.
Expected<std::unique_ptr<Engine>, std::string> open_engine(
    const std::filesystem::path& data, std::optional<std::uint32_t> server_days
) {
    std::error_code fault;
    if (!std::filesystem::exists(data / "log", fault))
        return failure(data.string() + " holds no log");
    EngineOptions options;
    options.data = data;
    options.retention_days = server_days;
    options.forgets_by_itself = false;
    options.report = [](const std::string& what) { say_failure(what); };
    auto engine = Engine::open(std::move(options));
    if (!engine) return failure(describe(engine.error()));
    RebuildBar bar;
    const auto caught_up = (*engine)->catch_up(std::ref(bar));
    if (!caught_up) return failure(describe(caught_up.error()));
    // Where there is no index, there is none to be kept clean.
    if (std::filesystem::exists(data / "search.sqlite", fault)) (*engine)->prepare_search({});
    (*engine)->start();
    return std::move(*engine);
}

std::optional<UserId> find_user(const Views& views, const std::string& user) {
    if (const auto id = parse_id<UserId>(user)) {
        const auto row = views.users().user(*id);
        return row && *row ? id : std::nullopt;
    }
    const auto named = views.users().by_username(user);
    return named ? *named : std::nullopt;
}

std::optional<Problem> begin_erasure(Engine& engine, const UserId& user) {
    auto erasure = erasure_of(engine.views(), user, std::nullopt);
    if (!erasure) return erasure.error();
    std::promise<CommandResult> promise;
    engine.sequencer().submit(
        {.stream = stream_of(user),
         .command = AccountCommand(std::move(*erasure)),
         .actor = the_server,
         .id = CommandId(new_uuid(system_now())),
         .key = std::nullopt,
         .if_match = std::nullopt,
         .occurred_at = std::nullopt},
        [&](CommandResult result) { promise.set_value(std::move(result)); }
    );
    const CommandResult result = promise.get_future().get();
    if (!result) return problem_of(result.error());
    return std::nullopt;
}

void print_json(const std::vector<DueExpiry>& expiries) {
    for (const DueExpiry& due : expiries) {
        const nlohmann::ordered_json line = {
            {"room_id", to_text(due.span.room)},
            {"up_to", due.span.up_to.value()},
            {"messages", due.messages},
            {"bytes", due.bytes},
            {"oldest", rfc3339(due.oldest)},
            {"newest", rfc3339(due.newest)}};
        std::printf("%s\n", line.dump().c_str());
    }
}

void print_text(const std::vector<DueExpiry>& expiries, bool dry_run) {
    std::uint64_t messages = 0;
    std::uint64_t bytes = 0;
    for (const DueExpiry& due : expiries) {
        std::printf(
            "%s  %llu messages, %llu bytes, from %s to %s\n",
            to_text(due.span.room).c_str(),
            static_cast<unsigned long long>(due.messages),
            static_cast<unsigned long long>(due.bytes),
            rfc3339(due.oldest).c_str(),
            rfc3339(due.newest).c_str()
        );
        messages += due.messages;
        bytes += due.bytes;
    }
    std::printf(
        "%llu messages, %llu bytes in %zu rooms %s\n",
        static_cast<unsigned long long>(messages),
        static_cast<unsigned long long>(bytes),
        expiries.size(),
        dry_run ? "would expire" : "have expired"
    );
}

}  // namespace

std::vector<Subcommand> add_forgetting(
    CLI::App& app,
    CLI::App& user,
    DataDirectory data,
    std::function<std::optional<std::uint32_t>()> server_days
) {
    const auto name = std::make_shared<std::string>();
    CLI::App* erase = user.add_subcommand(
        "erase", "destroy all that a user wrote, while no server runs: 0 done, 1 not done"
    );
    erase->fallthrough();
    erase->add_option("user", *name, "a username, or a user id")->required();

    const auto options = std::make_shared<RetentionRunOptions>();
    CLI::App* retention = app.add_subcommand("retention", "messages that are too old");
    retention->require_subcommand(1);
    retention->fallthrough();
    CLI::App* run = retention->add_subcommand(
        "run", "destroy the contents of messages that are older than their rooms keep them"
    );
    run->fallthrough();
    run->add_flag("--dry-run", options->dry_run, "only say what would go");
    run->add_flag("--json", options->json, "one line of JSON for each room");
    return {
        {.parser = erase, .run = [name, &data] { return erase_user(data, *name); }},
        {.parser = run, .run = [options, &data, server_days = std::move(server_days)] {
             options->data = data;
             options->server_days = server_days();
             return run_retention(*options);
         }}};
}

int erase_user(const std::filesystem::path& data, const std::string& user) {
    // Whose messages are old is for `retention run` to say.
    auto engine = open_engine(data, std::nullopt);
    if (!engine) return say_failure(engine.error());
    const auto found = find_user((*engine)->views(), user);
    if (!found) return say_failure("there is no user " + user);
    if (const auto problem = begin_erasure(**engine, *found))
        return say_failure(user + " is not erased: " + problem->detail);
    const auto forgotten = (*engine)->forgetting().run();
    if (!forgotten)
        return say_failure(
            "the erasure of " + user + " has begun but is not complete: " +
            describe(forgotten.error()) + ". The server goes on with it when it starts."
        );
    std::printf("%s is erased\n", to_text(*found).c_str());
    return done;
}

int run_retention(const RetentionRunOptions& options) {
    auto engine = open_engine(options.data, options.server_days);
    if (!engine) return say_failure(engine.error());
    const auto expiries = (*engine)->forgetting().due_expiries();
    if (!expiries) return say_failure(describe(expiries.error()));
    if (!options.dry_run) {
        const auto forgotten = (*engine)->forgetting().run();
        if (!forgotten) return say_failure(describe(forgotten.error()));
    }
    if (options.json)
        print_json(*expiries);
    else
        print_text(*expiries, options.dry_run);
    return done;
}

}  // namespace verbatim
