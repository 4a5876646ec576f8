#include "tools/accept_loss.hpp"

#include "domain/type_id.hpp"
#include "eventstore/checkpoint.hpp"
#include "eventstore/merkle_tree.hpp"
#include "protocol/random.hpp"
#include "tools/engine.hpp"
#include "tools/epoch.hpp"
#include "tools/former_notes.hpp"

#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>
#include <system_error>
#include <utility>

namespace verbatim {

namespace fs = std::filesystem;

namespace {

// What the operator is told.
struct Accepted {
    std::string loss;
    EpochChange change;
    Uuid epoch;
    Position head;
};

// Where the log fits a signed tree head, all before it is as it was. A log that is only shorter
// keeps all that it has; one that differs keeps what the last tree head vouches for that fits.
StoreResult<EpochChange> change_of(Engine& engine, const fs::path& data) {
    const EventLog& log = engine.log();
    EpochChange change{.cause = EpochCause::loss_accepted, .kept_to = log.head(), .lost_to = {}};
    std::error_code fault;
    if (!fs::exists(data / "checkpoint", fault)) return change;
    const auto notes = read_notes(data / "checkpoint");
    if (!notes) return failure(notes.error());
    for (auto note = notes->rbegin(); note != notes->rend(); ++note) {
        const auto head = verify_note_of_any_epoch(*note, engine.verifier_key());
        if (!head) continue;
        if (!change.lost_to) change.lost_to = Position(head->size);
        if (head->size > log.head().value()) continue;
        const auto root = root_at(head->size, log.tree_nodes());
        if (!root) return failure(root.error());
        const bool fits = *root == head->root;
        if (!fits) change.kept_to = Position();
        if (fits && change.kept_to == Position()) change.kept_to = Position(head->size);
        if (fits) break;
    }
    if (change.lost_to && *change.lost_to <= change.kept_to) change.lost_to.reset();
    return change;
}

StoreResult<Accepted> accept(const AcceptLossOptions& options) {
    EngineOptions engine_options;
    engine_options.data = options.data;
    engine_options.report = [](const std::string&) {};
    auto engine = Engine::open(std::move(engine_options));
    if (!engine) return failure(engine.error());
    Accepted accepted;
    if (!(*engine)->declared_loss())
        return failure(StoreError{
            StoreFault::cannot_open, {}, "the log has all that was signed: nothing is lost"});
    accepted.loss = *(*engine)->declared_loss();
    auto change = change_of(**engine, options.data);
    if (!change) return failure(change.error());
    accepted.change = *change;
    const auto epoch = begin_epoch((*engine)->log(), accepted.change);
    if (!epoch) return failure(epoch.error());
    accepted.epoch = *epoch;
    engine->reset();

    const auto log =
        open_rocks_event_log((options.data / "log").string(), random_bytes, Uuid(), system_now());
    if (!log) return failure(log.error());
    accepted.head = (*log)->head();
    if (auto begun = begin_tree_heads(options.data, **log); !begun) return failure(begun.error());
    return accepted;
}

void print(const Accepted& accepted, const AcceptLossOptions& options) {
    if (options.json) {
        nlohmann::ordered_json row = {
            {"loss", accepted.loss},
            {"kept_to", accepted.change.kept_to.value()},
            {"lost_to", nullptr},
            {"head", accepted.head.value()},
            {"epoch", base32_text(accepted.epoch)}};
        if (accepted.change.lost_to) row["lost_to"] = accepted.change.lost_to->value();
        std::printf("%s\n", row.dump().c_str());
        return;
    }
    std::printf(
        "accepted: %s\na new epoch has begun at position %llu: %s\n",
        accepted.loss.c_str(),
        static_cast<unsigned long long>(accepted.head.value()),
        base32_text(accepted.epoch).c_str()
    );
}

}  // namespace

Subcommand add_accept_loss(CLI::App& log, DataDirectory data) {
    const auto options = std::make_shared<AcceptLossOptions>();
    CLI::App* command = log.add_subcommand(
        "accept-loss", "go on with a log whose end is declared lost, in a new epoch"
    );
    command->fallthrough();
    command->add_flag("--json", options->json, "answer with one line of JSON");
    return {.parser = command, .run = [options, &data] {
                options->data = data;
                return accept_loss(*options);
            }};
}

int accept_loss(const AcceptLossOptions& options) {
    const auto accepted = accept(options);
    if (!accepted) {
        std::fprintf(stderr, "verbatim log: %s\n", describe(accepted.error()).c_str());
        return 1;
    }
    print(*accepted, options);
    return 0;
}

}  // namespace verbatim
