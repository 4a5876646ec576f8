#include "tools/audit.hpp"

#include "domain/type_id.hpp"
#include "projections/json_text.hpp"
#include "protocol/base64.hpp"
#include "protocol/envelope_json.hpp"
#include "protocol/proof_bundle.hpp"

#include <CLI/CLI.hpp>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <memory>
#include <nlohmann/json.hpp>

namespace verbatim {

namespace {

// A message edited as often as it may be, each time with its longest text, in base64.
constexpr std::uintmax_t bundle_bytes_max = 512ull << 20;

std::optional<std::string> read_file(const std::filesystem::path& file) {
    std::error_code fault;
    const auto bytes = std::filesystem::file_size(file, fault);
    if (fault || bytes > bundle_bytes_max) return std::nullopt;
    std::ifstream in(file, std::ios::binary);
    std::string text((std::istreambuf_iterator<char>(in)), {});
    if (in.bad()) return std::nullopt;
    return text;
}

std::string envelope_of(const RecordedEvent& event) {
    std::string json;
    append_envelope(json, event);
    return json;
}

void print_json(const ProvenMessage& message) {
    nlohmann::ordered_json entries = nlohmann::json::array();
    for (const ProvenEntry& entry : message.entries) {
        nlohmann::ordered_json shown = {{"position", entry.position.value()}, {"event", nullptr}};
        if (entry.event) shown["event"] = nlohmann::ordered_json::parse(envelope_of(*entry.event));
        entries.push_back(std::move(shown));
    }
    const nlohmann::ordered_json out = {
        {"ok", true},
        {"origin", message.tree_head.origin},
        {"size", message.tree_head.size},
        {"signed_at", rfc3339(message.tree_head.at)},
        {"room_id", to_text(message.room)},
        {"seq", message.seq.value()},
        {"entries", entries}};
    std::printf("%s\n", out.dump().c_str());
}

void print_text(const ProvenMessage& message) {
    std::printf(
        "proved: message %llu of %s\nin the log %s of %llu records, signed at %s\n",
        static_cast<unsigned long long>(message.seq.value()),
        to_text(message.room).c_str(),
        message.tree_head.origin.c_str(),
        static_cast<unsigned long long>(message.tree_head.size),
        rfc3339(message.tree_head.at).c_str()
    );
    for (const ProvenEntry& entry : message.entries) {
        const auto position = static_cast<unsigned long long>(entry.position.value());
        if (!entry.event) {
            std::printf("position %llu: an event whose contents are not shown\n", position);
            continue;
        }
        // As JSON: a text can hold anything that a terminal would obey.
        const auto envelope = nlohmann::json::parse(envelope_of(*entry.event));
        std::printf(
            "position %llu, %s, %s: %s %s\n",
            position,
            rfc3339(entry.event->at).c_str(),
            to_text(entry.event->actor).c_str(),
            envelope.at("type").get<std::string>().c_str(),
            envelope.at("data").dump().c_str()
        );
    }
}

}  // namespace

std::vector<Subcommand> add_audit(CLI::App& app, DataDirectory data) {
    const auto options = std::make_shared<AuditOptions>();
    CLI::App* audit = app.add_subcommand("audit", "prove the log, and what was taken from it");
    audit->require_subcommand(1);
    audit->fallthrough();
    CLI::App* verify = audit->add_subcommand(
        "verify", "read the whole log and recompute everything: 0 all right, 1 wrong, 2 not judged"
    );
    verify->fallthrough();
    verify->add_option(
        "--since", options->since, "trust this checkpoint (a file, or the size of a stored one)"
    );
    verify->add_option("--key", options->key, "the log's verifier key, if not ours");
    verify->add_flag("--json", options->json, "answer with one line of JSON");

    CLI::App* check_proof = audit->add_subcommand(
        "check-proof", "check a message's proof bundle: 0 proved, 1 not proved, 2 not judged"
    );
    check_proof->fallthrough();
    check_proof->add_option("file", options->proof, "the bundle")
        ->required()
        ->check(CLI::ExistingFile);
    check_proof->add_option("--key", options->key, "the log's verifier key")->required();
    check_proof->add_flag("--json", options->json, "answer with one line of JSON");
    return {
        {.parser = verify,
         .run =
             [options, &data] {
                 options->data = data;
                 return audit_verify(*options);
             }},
        {.parser = check_proof, .run = [options] { return audit_check_proof(*options); }}};
}

int audit_check_proof(const AuditOptions& options) {
    const auto text = read_file(options.proof);
    if (!text) {
        std::fprintf(stderr, "verbatim audit: cannot read %s\n", options.proof.c_str());
        return audit_not_judged;
    }
    const auto message = check_proof_bundle(*text, options.key);
    if (!message) {
        std::printf("NOT PROVED: %s\n", describe(message.error()).c_str());
        return audit_found_wrong;
    }
    if (options.json)
        print_json(*message);
    else
        print_text(*message);
    return audit_all_right;
}

}  // namespace verbatim
