#include "tools/projections.hpp"

#include "projections/json_text.hpp"
#include "projections/rebuilds.hpp"
#include "projections/row_names.hpp"
#include "protocol/projection_json.hpp"
#include "protocol/random.hpp"
#include "tools/offline.hpp"
#include "tools/remote_projections.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <memory>
#include <string>
#include <thread>
#include <utility>

namespace verbatim {

namespace {

constexpr std::chrono::seconds search_patience(10);
constexpr std::chrono::milliseconds look_interval(10);

struct ProjectionOptions {
    std::filesystem::path data;
    RemoteProjectionOptions remote;  // asked where its `url` is given
    std::string name;
    bool json = false;
};

int fail(const std::string& what) {
    std::fprintf(stderr, "verbatim projections: %s\n", what.c_str());
    return projections_not_done;
}

// An engine whose search index has caught up too, and what rebuilds its projections.
struct Opened {
    std::unique_ptr<Engine> engine;
    std::unique_ptr<Rebuilds> rebuilds;

    ~Opened() {
        if (rebuilds) rebuilds->stop();
        if (engine) engine->stop();
    }
};

Expected<std::unique_ptr<Opened>, std::string> open(const ProjectionOptions& options) {
    auto engine = open_offline(
        {.data = options.data,
         .otherwise =
             "ask it as an admin: GET /api/v1/projections, POST /api/v1/projections/{name}/rebuild",
         .with_search = true}
    );
    if (!engine) return failure(engine.error());
    auto opened = std::make_unique<Opened>();
    opened->engine = std::move(*engine);
    opened->rebuilds = std::make_unique<Rebuilds>(
        opened->engine->views(),
        &opened->engine->search(),
        opened->engine->log(),
        Rebuilds::Options{.clock = system_now, .report = {}}
    );
    return opened;
}

// It opens its file, and catches up, on a thread of its own.
void wait_for_search(const SearchIndex& search, Position head) {
    const auto deadline = std::chrono::steady_clock::now() + search_patience;
    while (search.position() < head && std::chrono::steady_clock::now() < deadline)
        std::this_thread::sleep_for(look_interval);
}

ProjectionLine line_of(const ProjectionStatus& projection, Position head) {
    return {
        .name = projection.name,
        .state = std::string(state_of(projection)),
        .schema = projection.schema,
        .position = projection.position.value(),
        .lag = head.value() - projection.position.value(),
        .rebuilt_at =
            projection.rebuilt_at ? std::optional(rfc3339(*projection.rebuilt_at)) : std::nullopt};
}

int list(const ProjectionOptions& options) {
    const auto opened = open(options);
    if (!opened) return fail(opened.error());
    const Position head = (*opened)->engine->log().head();
    wait_for_search((*opened)->engine->search(), head);
    if (!options.json) print_projections_header();
    for (const ProjectionStatus& projection : (*opened)->rebuilds->list()) {
        if (options.json)
            std::printf("%s\n", projection_json(projection, head).c_str());
        else
            print_projection_line(line_of(projection, head));
    }
    return 0;
}

int print_outcome(const ProjectionStatus& projection, Position head, bool json) {
    const ProjectionStatus::Ended& ended = *projection.last;
    if (json)
        std::printf("%s\n", projection_json(projection, head).c_str());
    else
        std::printf("%s\n", sentence_about(projection.name, ended).c_str());
    if (ended.failure) return projections_not_done;
    if (!ended.difference) return projections_same;
    const auto shown = [](const std::optional<std::string>& value) {
        return value ? shown_value(*value) : std::string("nothing");
    };
    if (!json)
        std::printf(
            "  in the view:  %s\n  from the log: %s\n",
            shown(ended.difference->live).c_str(),
            shown(ended.difference->fresh).c_str()
        );
    return projections_differ;
}

int make_anew(const ProjectionOptions& options, bool compares_only) {
    const auto opened = open(options);
    if (!opened) return fail(opened.error());
    Rebuilds& rebuilds = *(*opened)->rebuilds;
    std::vector<std::string> names;
    for (const ProjectionStatus& projection : rebuilds.list())
        if (options.name == all_projections || options.name == projection.name)
            names.push_back(projection.name);
    if (names.empty()) return fail("there is no projection " + options.name);
    int code = projections_same;
    for (const std::string& name : names) {
        if (!rebuilds.start(name, compares_only)) return fail(name + " cannot be begun");
        rebuilds.wait();
        const auto status = rebuilds.status(name);
        if (!status || !status->last) return fail(name + " was given up");
        code =
            std::max(code, print_outcome(*status, (*opened)->engine->log().head(), options.json));
    }
    return code;
}

RemoteProjectionOptions remote_of(const ProjectionOptions& options) {
    RemoteProjectionOptions remote = options.remote;
    remote.name = options.name;
    remote.json = options.json;
    return remote;
}

int list_anywhere(const ProjectionOptions& options) {
    return options.remote.url.empty() ? list(options) : list_remote_projections(remote_of(options));
}

int rebuild_anywhere(const ProjectionOptions& options) {
    if (options.remote.url.empty()) return make_anew(options, false);
    return rebuild_remote_projections(remote_of(options), RemoteWork::rebuild);
}

int compare_anywhere(const ProjectionOptions& options) {
    if (options.remote.url.empty()) return make_anew(options, true);
    return rebuild_remote_projections(remote_of(options), RemoteWork::compare);
}

}  // namespace

void print_projections_header() {
    std::printf(
        "%-16s %-10s %8s %12s %8s  %s\n", "name", "state", "schema", "position", "lag", "rebuilt"
    );
}

void print_projection_line(const ProjectionLine& line) {
    std::printf(
        "%-16s %-10s %8llu %12llu %8llu  %s\n",
        line.name.c_str(),
        line.state.c_str(),
        static_cast<unsigned long long>(line.schema),
        static_cast<unsigned long long>(line.position),
        static_cast<unsigned long long>(line.lag),
        line.rebuilt_at.value_or("-").c_str()
    );
}

std::vector<Subcommand> add_projections(CLI::App& app, DataDirectory data) {
    const auto options = std::make_shared<ProjectionOptions>();
    CLI::App* projections =
        app.add_subcommand("projections", "what is derived from the log: list, rebuild, compare");
    projections->require_subcommand(1);
    projections->fallthrough();
    const auto add = [&](const char* name, const char* what, bool has_name) {
        CLI::App* parser = projections->add_subcommand(name, what);
        parser->fallthrough();
        if (has_name) parser->add_option("name", options->name, "a projection, or all")->required();
        parser->add_flag("--json", options->json, "one line of JSON for each");
        parser->add_option(
            "--url", options->remote.url, "a server (http://host:8080) instead of --data"
        );
        parser
            ->add_option("--token", options->remote.token, "an admin's token or API key for --url")
            ->envname("VERBATIM_TOKEN");
        return parser;
    };
    const auto run = [options, &data](int (*work)(const ProjectionOptions&)) {
        return [options, &data, work] {
            options->data = data;
            return work(*options);
        };
    };
    return {
        {.parser = add("list", "how far each is", false), .run = run(list_anywhere)},
        {.parser = add("rebuild", "make one anew beside the old, compare, exchange", true),
         .run = run(rebuild_anywhere)},
        {.parser = add("diff", "compare one with a fresh fold of the log", true),
         .run = run(compare_anywhere)}};
}

}  // namespace verbatim
