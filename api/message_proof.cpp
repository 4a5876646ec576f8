// GET /rooms/{room_id}/messages/{seq}/proof
#include "api/audit_routes.hpp"
#include "protocol/proof_bundle.hpp"
#include "protocol/room_access.hpp"

#include <deque>
#include <stdexcept>
#include <utility>

namespace verbatim::api::audit {

namespace {

// The events of which a message is made.
struct MessageTrail {
    std::deque<Position> positions;  // in order; empty: there is no such message
    Disclosure disclosure = Disclosure::whole;
    Position deletion;  // shown whole in any case: it has no texts
};

StoreResult<MessageTrail> trail_of(const EventLog& log, const RoomId& room, Version seq) {
    MessageTrail trail;
    const auto cursor = log.read_message(room, seq);
    while (true) {
        const auto next = cursor->next();
        if (!next) return failure(next.error());
        if (!*next) return trail;
        const auto* const event = std::get_if<RoomEvent>(&(*next)->event);
        if (event == nullptr) continue;
        const bool is_deletion = std::holds_alternative<MessageDeleted>(*event);
        if (is_deletion) {
            trail.disclosure = Disclosure::leaf_hash_only;
            trail.deletion = (*next)->position;
        }
        if (is_deletion || std::holds_alternative<MessageSent>(*event) ||
            std::holds_alternative<MessageEdited>(*event))
            trail.positions.push_back((*next)->position);
    }
}

// The bundle's entries, one a piece: a message edited a thousand times is never held whole.
class ProofEntries final : public BodyStream {
public:
    ProofEntries(const EventLog& log, MessageTrail trail, std::uint64_t tree_size)
        : log_(log), trail_(std::move(trail)), tree_size_(tree_size) {}

    // The first entry, before anything was promised.
    [[nodiscard]] StoreResult<std::string> first() {
        std::string piece;
        auto appended = append_entry(piece);
        if (!appended) return failure(appended.error());
        return piece;
    }

    [[nodiscard]] std::optional<std::string> next() override {
        if (has_ended_) return std::nullopt;
        std::string piece;
        if (trail_.positions.empty()) {
            has_ended_ = true;
            piece += proof_bundle_end;
            return piece;
        }
        piece += ',';
        if (const auto appended = append_entry(piece); !appended)
            throw std::runtime_error(verbatim::describe(appended.error())
            );  // breaks the answer off
        return piece;
    }

private:
    [[nodiscard]] StoreResult<void> append_entry(std::string& out) {
        const Position position = trail_.positions.front();
        trail_.positions.pop_front();
        const Disclosure disclosure =
            position == trail_.deletion ? Disclosure::whole : trail_.disclosure;
        return append_proof_entry(out, log_, position, tree_size_, disclosure);
    }

    const EventLog& log_;
    MessageTrail trail_;
    const std::uint64_t tree_size_;
    bool has_ended_ = false;
};

void send_bundle(
    const ExchangePtr& exchange,
    const RoomId& room,
    Version seq,
    MessageTrail trail,
    const SignedTreeHead& head
) {
    const Services& services = exchange->services();
    auto entries = std::make_shared<ProofEntries>(services.log, std::move(trail), head.size);
    const auto first = entries->first();
    if (!first) return exchange->send_problem(problem_of(first.error()));
    exchange->send_stream(
        200,
        "application/json",
        proof_bundle_begin(room, seq, head, services.verifier_key) + *first,
        std::move(entries)
    );
}

}  // namespace

void prove_message(const ExchangePtr& exchange, const Actor& actor) {
    const auto room = room_in_path(exchange->request());
    if (!room) return exchange->send_problem(room.error());
    const auto seq = seq_in_path(exchange->request());
    if (!seq) return exchange->send_problem(seq.error());
    const auto access = member_access(exchange->views(), *room, actor.user);
    if (!access) return exchange->send_problem(access.error());
    if (!access->shows(*seq)) return exchange->send_problem(not_a_member_then());
    auto trail = trail_of(exchange->services().log, *room, *seq);
    if (!trail) return exchange->send_problem(problem_of(trail.error()));
    if (trail->positions.empty())
        return exchange->send_problem(problem_of(Rule::message_not_found));
    const Position last = trail->positions.back();
    exchange->services().tree_head(
        last,
        [exchange, room = *room, seq = *seq, trail = std::move(*trail)](
            std::optional<SignedTreeHead> head
        ) {
            exchange->resume([exchange, room, seq, trail, head = std::move(head)] {
                if (!head) return exchange->send_problem(behind());
                send_bundle(exchange, room, seq, trail, *head);
            });
        }
    );
}

}  // namespace verbatim::api::audit
