#include "tools/remote_projections.hpp"

#include "broker/http/http_client.hpp"
#include "projections/row_names.hpp"
#include "tools/interrupt.hpp"
#include "tools/progress.hpp"
#include "tools/projections.hpp"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>
#include <vector>

namespace verbatim {

namespace {

using Json = nlohmann::json;
template <class Value>
using Result = Expected<Value, std::string>;

constexpr std::size_t answer_bytes_max = 1u << 20;
constexpr std::chrono::milliseconds look_interval(100);
constexpr const char* path = "/api/v1/projections";

// One of the list, as the contract has it.
struct RemoteProjection {
    std::string name;
    std::string state;
    std::uint64_t schema = 0;
    std::uint64_t position = 0;
    std::uint64_t lag = 0;
    std::optional<std::string> rebuilt_at;
    Json rebuild;  // that goes on, or null
    Json last;     // that ended, or null
    Json whole;
};

std::optional<std::string> text_in(const Json& object, const char* member) {
    const Json value = object.value(member, Json());
    return value.is_string() ? std::optional(value.get<std::string>()) : std::nullopt;
}

std::optional<RemoteProjection> parse_projection(const Json& item) {
    try {
        return RemoteProjection{
            .name = item.at("name"),
            .state = item.at("state"),
            .schema = item.at("schema"),
            .position = item.at("position"),
            .lag = item.at("lag"),
            .rebuilt_at = text_in(item, "rebuilt_at"),
            .rebuild = item.at("rebuild"),
            .last = item.at("last"),
            .whole = item};
    } catch (const Json::exception&) {
        return std::nullopt;
    }
}

class Asking {
public:
    Asking(const HttpClient::Options& options, const Interrupt& interrupt)
        : client_(options), interrupt_(interrupt) {}

    [[nodiscard]] Result<std::vector<RemoteProjection>> list();
    // Begins, and waits for the end, showing how far it is. nullopt: the user wants no more.
    [[nodiscard]] Result<std::optional<RemoteProjection>> work(
        const std::string& name, RemoteWork work
    );
    [[nodiscard]] const Interrupt& interrupt() const { return interrupt_; }

private:
    [[nodiscard]] Result<Json> judge(const Result<HttpText>& answer, int wanted) const;
    [[nodiscard]] Result<RemoteProjection> find(const std::string& name);

    HttpClient client_;
    const Interrupt& interrupt_;
};

Result<Json> Asking::judge(const Result<HttpText>& answer, int wanted) const {
    if (!answer) return failure(answer.error());
    auto json = Json::parse(answer->body, nullptr, false);
    if (answer->status == wanted && json.is_object()) return json;
    std::string why = "the server answers " + std::to_string(answer->status);
    if (json.is_object() && answer->status != wanted)
        why += " " + json.value("code", std::string()) + ": " + json.value("detail", std::string());
    if (answer->status == 401) why += " (is the token missing, or has it expired?)";
    if (answer->status == 403) why += " (it needs the token of an admin)";
    return failure(why);
}

Result<std::vector<RemoteProjection>> Asking::list() {
    const auto listed = judge(client_.get(path, answer_bytes_max), 200);
    if (!listed) return failure(listed.error());
    std::vector<RemoteProjection> projections;
    for (const Json& item : listed->value("items", Json::array())) {
        auto projection = parse_projection(item);
        if (!projection) return failure("there is no Verbatim at this URL, or a newer one");
        projections.push_back(std::move(*projection));
    }
    return projections;
}

Result<RemoteProjection> Asking::find(const std::string& name) {
    auto all = list();
    if (!all) return failure(all.error());
    for (RemoteProjection& projection : *all)
        if (projection.name == name) return std::move(projection);
    return failure("the server has no projection " + name + " any more");
}

Result<std::optional<RemoteProjection>> Asking::work(const std::string& name, RemoteWork work) {
    const Json body = {{"compare_only", work == RemoteWork::compare}};
    const auto begun = judge(
        client_.post(std::string(path) + "/" + name + "/rebuild", body.dump(), answer_bytes_max),
        202
    );
    if (!begun) return failure(begun.error());
    std::unique_ptr<ProgressBar> bar;
    while (true) {
        auto now = find(name);
        if (!now) return failure(now.error());
        if (now->rebuild.is_null()) {
            if (now->last.is_object()) return std::optional(std::move(*now));
            return failure(name + " was given up: the server has ended meanwhile");
        }
        const auto target = now->rebuild.value("target", std::size_t{0});
        if (!bar) bar = std::make_unique<ProgressBar>(name, target);
        bar->show(now->rebuild.value("position", std::size_t{0}), now->state);
        if (interrupt_.wait(look_interval)) return std::optional<RemoteProjection>();
    }
}

Result<std::unique_ptr<Asking>> open(
    const RemoteProjectionOptions& options, const Interrupt& interrupt
) {
    auto url = parse_http_url(options.url);
    if (!url) return failure("\"" + options.url + "\" is no URL of a server: http://host:8080");
    const bool is_token = !options.token.empty() && std::ranges::all_of(options.token, [](char c) {
        return c > ' ' && c < '\x7f';
    });
    if (!is_token) return failure("a server needs the token of an admin: --token, VERBATIM_TOKEN");
    HttpClient::Options client{.url = std::move(*url)};
    client.headers.emplace_back("Authorization", "Bearer " + options.token);
    client.interrupt = interrupt.descriptor();
    return std::make_unique<Asking>(client, interrupt);
}

int fail(const std::string& what) {
    std::fprintf(stderr, "verbatim projections: %s\n", what.c_str());
    return projections_not_done;
}

// What came of it, in the words that the tool has for its own.
int print_outcome(const RemoteProjection& projection, bool json) {
    const Json& last = projection.last;
    const Json difference = last.value("difference", Json());
    ProjectionStatus::Ended ended;
    ended.compared_only = last.value("compare_only", false);
    ended.took_ms = last.value("took_ms", std::int64_t{0});
    ended.position = Position(last.value("position", std::uint64_t{0}));
    ended.failure = text_in(last, "failure");
    const auto row = difference.is_object() ? text_in(difference, "row") : std::nullopt;
    if (json)
        std::printf("%s\n", projection.whole.dump().c_str());
    else
        std::printf("%s\n", sentence_about(projection.name, ended, row).c_str());
    if (ended.failure) return projections_not_done;
    if (!row) return projections_same;
    if (!json)
        std::printf(
            "  in the view:  %s\n  from the log: %s\n",
            text_in(difference, "live").value_or("nothing").c_str(),
            text_in(difference, "fresh").value_or("nothing").c_str()
        );
    return projections_differ;
}

}  // namespace

int list_remote_projections(const RemoteProjectionOptions& options) {
    const Interrupt interrupt;
    const auto asking = open(options, interrupt);
    if (!asking) return fail(asking.error());
    const auto listed = (*asking)->list();
    if (!listed) return interrupt.is_requested() ? exit_interrupted : fail(listed.error());
    if (!options.json) print_projections_header();
    for (const RemoteProjection& projection : *listed) {
        if (options.json)
            std::printf("%s\n", projection.whole.dump().c_str());
        else
            print_projection_line(
                {.name = projection.name,
                 .state = projection.state,
                 .schema = projection.schema,
                 .position = projection.position,
                 .lag = projection.lag,
                 .rebuilt_at = projection.rebuilt_at}
            );
    }
    return projections_same;
}

int rebuild_remote_projections(const RemoteProjectionOptions& options, RemoteWork work) {
    const Interrupt interrupt;
    const auto asking = open(options, interrupt);
    if (!asking) return fail(asking.error());
    const auto listed = (*asking)->list();
    if (!listed) return interrupt.is_requested() ? exit_interrupted : fail(listed.error());
    std::vector<std::string> names;
    for (const RemoteProjection& projection : *listed)
        if (options.name == all_projections || options.name == projection.name)
            names.push_back(projection.name);
    if (names.empty()) return fail("there is no projection " + options.name);
    int code = projections_same;
    for (const std::string& name : names) {
        const auto done = (*asking)->work(name, work);
        if (interrupt.is_requested()) {
            std::fprintf(
                stderr, "verbatim projections: the server goes on with %s\n", name.c_str()
            );
            return exit_interrupted;
        }
        if (!done) return fail(done.error());
        code = std::max(code, print_outcome(**done, options.json));
    }
    return code;
}

}  // namespace verbatim
