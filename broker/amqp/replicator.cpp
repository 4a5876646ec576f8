#include "broker/amqp/replicator.hpp"

#include "eventstore/merkle_tree.hpp"
#include "eventstore/replica.hpp"

#include <algorithm>
#include <future>
#include <utility>

namespace verbatim {
namespace {

ReplicaPart part_of(Delivery delivery) {
    ReplicaPart part{.after = delivery.after, .root_before = delivery.root_before, .events = {}};
    part.events.reserve(delivery.events.size());
    for (DeliveredEvent& event : delivery.events)
        part.events.push_back({std::move(event.record), std::move(event.contents)});
    return part;
}

// What the delivery tells beyond `head`; its tree was compared already.
ReplicaPart part_beyond(Delivery delivery, Position head) {
    ReplicaPart part = part_of(std::move(delivery));
    const std::uint64_t known = head.value() - part.after.value();
    if (known == 0) return part;
    part.events.erase(
        part.events.begin(), part.events.begin() + static_cast<std::ptrdiff_t>(known)
    );
    part.after = head;
    part.root_before.reset();
    return part;
}

std::string positions(Position after, Position last) {
    return "positions " + std::to_string(after.value() + 1) + " to " + std::to_string(last.value());
}

}  // namespace

Replicator::Replicator(EventLog& log, CommitListener& listener, Options options)
    : log_(log), listener_(listener), options_(std::move(options)) {}

Replicator::~Replicator() {
    stop();
}

void Replicator::start() {
    thread_ = std::thread([this] { run(); });
}

void Replicator::stop() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    wake_.notify_all();
    if (thread_.joinable()) thread_.join();
}

void Replicator::deliver(Delivery delivery) {
    {
        const std::lock_guard lock(mutex_);
        heard_at_ = Clock::now();
        speaker_ = delivery.instance;
        if (deliveries_.size() < options_.deliveries_waiting_max)
            deliveries_.push_back(std::move(delivery));
        else
            look_now_ = true;
    }
    wake_.notify_all();
}

void Replicator::look_now() {
    {
        const std::lock_guard lock(mutex_);
        look_now_ = true;
    }
    wake_.notify_all();
}

void Replicator::look_unless_told() {
    {
        const std::lock_guard lock(mutex_);
        if (is_told()) return;
        look_now_ = true;
    }
    wake_.notify_all();
}

std::chrono::milliseconds Replicator::pause() const {
    if (state_.phase == FollowState::Phase::leader_away) return options_.away_poll_interval;
    return is_told() ? options_.poll_interval : options_.silent_poll_interval;
}

FollowState Replicator::state() const {
    const std::lock_guard lock(mutex_);
    return state_;
}

bool Replicator::has_refused() const {
    const std::lock_guard lock(mutex_);
    return state_.phase == FollowState::Phase::refused;
}

void Replicator::run() {
    std::unique_lock lock(mutex_);
    while (!stopping_ && state_.phase != FollowState::Phase::refused) {
        if (!deliveries_.empty()) {
            Delivery next = std::move(deliveries_.front());
            deliveries_.pop_front();
            lock.unlock();
            take(std::move(next));
            lock.lock();
            continue;
        }
        const auto due = polled_at_ + pause();
        const auto until = is_told() ? std::min(due, heard_at_ + options_.silence) : due;
        wake_.wait_until(lock, until, [this] {
            return stopping_ || look_now_ || !deliveries_.empty();
        });
        const bool is_due = look_now_ || Clock::now() >= polled_at_ + pause();
        if (stopping_ || !is_due) continue;
        look_now_ = false;
        polled_at_ = Clock::now();
        lock.unlock();
        pull();
        lock.lock();
    }
}

void Replicator::take(Delivery delivery) {
    if (!belongs(delivery)) return;
    leader_answers(delivery.head);
    const bool tells_only_where = delivery.events.empty() && delivery.head > log_.head();
    if (delivery.after > log_.head() || tells_only_where) return pull();
    if (const auto batch = append(std::move(delivery))) publish(batch);
}

void Replicator::pull() {
    while (!has_refused()) {
        {
            const std::lock_guard lock(mutex_);
            if (stopping_) return;
        }
        auto delivery = fetch(log_.head());
        if (!delivery) return;
        const bool was_last = delivery->events.empty() || delivery->last() >= delivery->head;
        const auto batch = append(std::move(*delivery));
        if (batch) publish(batch);
        if (was_last || !batch) return;
    }
}

std::optional<Delivery> Replicator::fetch(Position after) {
    const auto asked_at = Clock::now();
    auto fetched = options_.fetch(after);
    if (!fetched) {
        const FetchError& error = fetched.error();
        if (error.fault == FetchFault::needs_newer_build)
            refuse("written_by_newer_build", error.detail + ". Upgrade followers first.");
        else
            leader_is_away(error.detail);
        return std::nullopt;
    }
    if (!belongs(*fetched)) return std::nullopt;
    if (is_another(fetched->instance)) {
        leader_is_away("another process than the broker's speaker answers at its address");
        return std::nullopt;
    }
    leader_answers(fetched->head, asked_at);
    if (fetched->head >= after) return std::move(*fetched);
    refuse(
        "leader_behind",
        "the leader's log ends at position " + std::to_string(fetched->head.value()) +
            ", this copy of it at " + std::to_string(after.value()) +
            ": the leader has lost its end"
    );
    return std::nullopt;
}

bool Replicator::is_another(const Uuid& instance) const {
    const std::lock_guard lock(mutex_);
    return is_told() && speaker_ != instance;
}

// Whether the delivery is of the log that this one is a copy of. Where it overlaps what is there,
// or tells nothing new, the trees are compared as well.
bool Replicator::belongs(const Delivery& delivery) {
    if (delivery.min_reader > options_.newest_format) {
        refuse(
            "written_by_newer_build",
            "the leader's log needs format " + std::to_string(delivery.min_reader) +
                " to be read; this build has format " + std::to_string(options_.newest_format) +
                ". Upgrade followers before the leader."
        );
        return false;
    }
    if (delivery.epoch != log_.epoch()) {
        refuse(
            "another_epoch",
            "the leader's log is of another epoch: it was restored or begun anew. This copy is not "
            "repaired: start with an empty data directory, or with one copied from the leader."
        );
        return false;
    }
    const auto [size, newest_root] = log_.tree_head();
    if (delivery.after.value() > size) return true;
    const auto root = delivery.after.value() == size
                          ? StoreResult<Digest>(newest_root)
                          : root_at(delivery.after.value(), log_.tree_nodes());
    if (!root) {
        refuse("log_unreadable", describe(root.error()));
        return false;
    }
    if (*root == delivery.root_before) return true;
    refuse(
        "log_diverged",
        "this log and the leader's differ at or before position " +
            std::to_string(delivery.after.value()) +
            ". It is not repaired: compare both (verbatim audit), and start with an empty data "
            "directory if the leader's is right."
    );
    return false;
}

// nullptr: there was nothing new, or it was refused.
std::shared_ptr<const CommittedBatch> Replicator::append(Delivery delivery) {
    const Position head = log_.head();
    if (delivery.last() <= head || !has_room()) return nullptr;
    const std::string which = positions(head, delivery.last());
    auto verified = verify(part_beyond(std::move(delivery), head));
    auto batch =
        verified ? log_.replicate(std::move(*verified)) : failure(std::move(verified.error()));
    if (batch) return *batch;
    refuse(
        std::string(name_of(batch.error().fault)),
        "copying " + which + ": " + describe(batch.error())
    );
    return nullptr;
}

bool Replicator::has_room() {
    const bool is_full = options_.has_room && !options_.has_room();
    if (is_full != std::exchange(disk_is_full_, is_full) && options_.report)
        options_.report(
            is_full ? "the disk is nearly full: nothing more is copied until there is room"
                    : "there is room on the disk again: copying goes on"
        );
    return !is_full;
}

void Replicator::publish(const std::shared_ptr<const CommittedBatch>& batch) {
    listener_.project(batch);
    listener_.announce(batch);
}

void Replicator::refuse(std::string reason, std::string detail) {
    FollowState refused;
    {
        const std::lock_guard lock(mutex_);
        if (state_.phase == FollowState::Phase::refused) return;
        state_.phase = FollowState::Phase::refused;
        state_.reason = std::move(reason);
        state_.detail = std::move(detail);
        refused = state_;
    }
    if (options_.refused) options_.refused(refused);
}

void Replicator::leader_answers(Position head, Clock::time_point asked_at) {
    bool was_away = false;
    {
        const std::lock_guard lock(mutex_);
        state_.leader_head = std::max(state_.leader_head, head);
        state_.asked_at = std::max(state_.asked_at, asked_at);
        was_away = state_.phase == FollowState::Phase::leader_away;
        if (was_away) state_.phase = FollowState::Phase::following;
    }
    if (was_away && options_.report) options_.report("the leader answers again");
}

void Replicator::leader_is_away(const std::string& detail) {
    bool is_new = false;
    {
        const std::lock_guard lock(mutex_);
        is_new = state_.phase == FollowState::Phase::following;
        if (is_new) state_.phase = FollowState::Phase::leader_away;
        state_.detail = detail;
    }
    if (is_new && options_.report)
        options_.report("the leader is away (" + detail + "): what was copied is served");
}

// One piece is fetched and verified while the one before it is written.
struct Replicator::Piece {
    std::optional<VerifiedPart> part;  // nullopt: nothing, and state() says why if it failed
    Position leader_head;
};

bool Replicator::bootstrap(const std::function<bool(Position, Position)>& progress) {
    const auto next = [this](Position after) {
        Piece piece;
        auto delivery = fetch(after);
        if (!delivery) return piece;
        piece.leader_head = delivery->head;
        auto verified = verify(part_of(std::move(*delivery)));
        if (verified)
            piece.part = std::move(*verified);
        else
            refuse(std::string(name_of(verified.error().fault)), describe(verified.error()));
        return piece;
    };
    Piece piece = next(log_.head());
    while (piece.part && !piece.part->events.empty()) {
        const Position last = piece.part->events.back().position;
        auto following = std::async(std::launch::async, next, last);
        const auto done = log_.replicate(std::move(*piece.part));
        if (!done) {
            following.wait();
            refuse(std::string(name_of(done.error().fault)), describe(done.error()));
            return false;
        }
        const bool goes_on = progress(log_.head(), piece.leader_head);
        piece = following.get();
        if (!goes_on) return false;
    }
    return piece.part.has_value();
}

}  // namespace verbatim
