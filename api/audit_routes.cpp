#include "api/audit_routes.hpp"

#include "domain/type_id.hpp"
#include "eventstore/record_layout.hpp"
#include "eventstore/record_reader.hpp"
#include "projections/json_text.hpp"
#include "protocol/base64.hpp"
#include "protocol/object_writer.hpp"

#include <utility>

namespace verbatim::api::audit {

namespace {

constexpr std::string_view plain_text = "text/plain; charset=utf-8";

// Goes on, on the connection's worker, with the newest signed tree head that covers `covering`.
template <class GoOn>
void with_tree_head(const ExchangePtr& exchange, Position covering, GoOn go_on) {
    exchange->services().tree_head(covering, [exchange, go_on](std::optional<SignedTreeHead> head) {
        exchange->resume([exchange, go_on, head = std::move(head)] {
            if (!head) return exchange->send_problem(behind());
            go_on(exchange, *head);
        });
    });
}

// A place in the durable log or a size of its tree; 422 where it is neither.
Answer<std::optional<std::uint64_t>> place_in_query(
    const ExchangePtr& exchange, std::string_view name
) {
    return number_in_query(exchange->request(), name, 1, exchange->services().log.head().value());
}

Answer<std::uint64_t> required_place(const ExchangePtr& exchange, std::string_view name) {
    const auto place = place_in_query(exchange, name);
    if (!place) return failure(place.error());
    if (!*place) return failure(invalid_field(std::string(name), "is required"));
    return **place;
}

void put_hashes(ObjectWriter& answer, const std::vector<Digest>& hashes) {
    std::string& out = answer.member("hashes");
    out += '[';
    for (std::size_t i = 0; i < hashes.size(); ++i) {
        if (i > 0) out += ',';
        append_json(out, std::string_view(base64_text(as_text(hashes[i]))));
    }
    out += ']';
}

void send_inclusion(const ExchangePtr& exchange, std::uint64_t position, std::uint64_t size) {
    const EventLog& log = exchange->services().log;
    const auto leaf = log.leaf_hash(Position(position));
    if (!leaf) return exchange->send_problem(problem_of(leaf.error()));
    const auto hashes = inclusion_proof(position - 1, size, log.tree_nodes());
    if (!hashes) return exchange->send_problem(problem_of(hashes.error()));
    std::string body;
    ObjectWriter answer(body);
    answer.put("position", position);
    answer.put("size", size);
    answer.put("leaf_hash", base64_text(as_text(*leaf)));
    put_hashes(answer, *hashes);
    answer.close();
    exchange->send_json(200, std::move(body));
}

void send_consistency(const ExchangePtr& exchange, std::uint64_t from, std::uint64_t to) {
    const auto hashes = consistency_proof(from, to, exchange->services().log.tree_nodes());
    if (!hashes) return exchange->send_problem(problem_of(hashes.error()));
    std::string body;
    ObjectWriter answer(body);
    answer.put("from", from);
    answer.put("to", to);
    put_hashes(answer, *hashes);
    answer.close();
    exchange->send_json(200, std::move(body));
}

// For whoever checks it: the leaf alone is believed.
StoreResult<void> append_epoch(
    std::string& items, const EventLog& log, const RecordedEvent& event, const EpochBegun& begun
) {
    const auto stored = log.read_record(event.position);
    if (!stored) return failure(stored.error());
    const auto record = parse_record(*stored);
    if (!record) return failure_at(event.position, record.error());
    if (!items.empty()) items += ',';
    ObjectWriter item(items);
    item.put("position", event.position);
    item.put("at", event.at);
    item.put("cause", text_of(begun.cause));
    item.put("previous", base32_text(begun.previous));
    item.put("kept_to", begun.kept_to);
    item.put_or_null("lost_to", begun.lost_to);
    item.put("leaf", base64_text(record->leaf));
    item.close();
    return {};
}

}  // namespace

void list_epochs(const ExchangePtr& exchange, const Actor&) {
    const EventLog& log = exchange->services().log;
    std::string items;
    const auto cursor = log.read_stream(server_stream, Version());
    while (true) {
        const auto event = cursor->next();
        if (!event) return exchange->send_problem(problem_of(event.error()));
        if (!*event) return exchange->send_json(200, "{\"epochs\":[" + items + "]}");
        const auto& server_event = std::get<ServerEvent>((*event)->event);
        const auto* const begun = std::get_if<EpochBegun>(&server_event);
        if (begun == nullptr) continue;
        if (const auto added = append_epoch(items, log, **event, *begun); !added)
            return exchange->send_problem(problem_of(added.error()));
    }
}

void show_checkpoint(const ExchangePtr& exchange) {
    const auto covering = min_position_of(exchange->request());
    if (!covering) return exchange->send_problem(covering.error());
    with_tree_head(
        exchange,
        covering->value_or(Position()),
        [](const ExchangePtr& asked, const SignedTreeHead& head) {
            asked->send_text(200, std::string(plain_text), head.note);
        }
    );
}

void show_key(const ExchangePtr& exchange) {
    exchange->send_text(200, std::string(plain_text), exchange->services().verifier_key + "\n");
}

void prove_inclusion(const ExchangePtr& exchange, const Actor&) {
    const auto position = required_place(exchange, "position");
    if (!position) return exchange->send_problem(position.error());
    const auto size = place_in_query(exchange, "size");
    if (!size) return exchange->send_problem(size.error());
    if (!*size)
        return with_tree_head(
            exchange,
            Position(*position),
            [position = *position](const ExchangePtr& asked, const SignedTreeHead& head) {
                send_inclusion(asked, position, head.size);
            }
        );
    if (*position > **size)
        return exchange->send_problem(invalid_field("position", "must not be beyond `size`"));
    send_inclusion(exchange, *position, **size);
}

void prove_consistency(const ExchangePtr& exchange, const Actor&) {
    const auto from = required_place(exchange, "from");
    if (!from) return exchange->send_problem(from.error());
    const auto to = place_in_query(exchange, "to");
    if (!to) return exchange->send_problem(to.error());
    if (!*to)
        return with_tree_head(
            exchange,
            Position(*from),
            [from = *from](const ExchangePtr& asked, const SignedTreeHead& head) {
                send_consistency(asked, from, head.size);
            }
        );
    if (*from > **to)
        return exchange->send_problem(invalid_field("from", "must not be beyond `to`"));
    send_consistency(exchange, *from, **to);
}

}  // namespace verbatim::api::audit
