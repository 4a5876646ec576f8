#include "broker/amqp/queue_holder.hpp"

#include "broker/amqp/names.hpp"
#include "eventstore/delivery.hpp"

#include <optional>

namespace verbatim::amqp {

namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

// Who leads says something every second.
constexpr milliseconds silence{3'000};
constexpr milliseconds still_heard{2'000};
constexpr milliseconds look_interval{250};

BrokerResult<std::unique_ptr<Connection>> open_ear(
    const ConnectionOptions& options, const Uuid& epoch
) {
    auto opened = Connection::open(options);
    if (!opened) return opened;
    Connection& ear = **opened;
    const auto queue = ear.declare_queue({.name = {}, .exclusive = true, .auto_delete = true});
    if (!queue) return failure(queue.error());
    if (auto bound = ear.bind(*queue, log_exchange(epoch), ""); !bound)
        return failure(bound.error());
    if (auto begun = ear.consume(*queue); !begun) return failure(begun.error());
    return opened;
}

// By a connection of its own: a refusal ends it.
bool is_free(const ConnectionOptions& options, const Uuid& epoch) {
    const auto probe = Connection::open(options);
    if (!probe) return false;
    const QueueOptions queue{.name = leader_queue(epoch), .exclusive = true, .auto_delete = true};
    return (*probe)->declare_queue(queue).has_value();
}

bool is_of_another(const Notice& notice, const Uuid& epoch, const Uuid& own_instance) {
    const auto* const message = std::get_if<Incoming>(&notice);
    if (message == nullptr) return false;
    const auto delivery = parse_delivery(message->body);
    return delivery && delivery->epoch == epoch && delivery->instance != own_instance;
}

}  // namespace

QueueHolder find_queue_holder(
    const ConnectionOptions& given, const Uuid& epoch, const Uuid& own_instance
) {
    ConnectionOptions options = given;
    options.name += ", listening for who leads";
    const auto ear = open_ear(options, epoch);
    if (!ear) return QueueHolder::silent;
    std::optional<Clock::time_point> first_heard;
    auto until = Clock::now() + silence;
    for (auto look_at = Clock::now(); Clock::now() < until;) {
        const auto notice = (*ear)->next(milliseconds(50));
        if (!notice) return QueueHolder::silent;
        const auto now = Clock::now();
        if (*notice && is_of_another(**notice, epoch, own_instance)) {
            if (!first_heard) {
                first_heard = now;
                until = now + still_heard + silence;
            }
            if (now - *first_heard >= still_heard) return QueueHolder::another;
        }
        if (now < look_at) continue;
        if (is_free(options, epoch)) return QueueHolder::nobody;
        look_at = Clock::now() + look_interval;
    }
    return QueueHolder::silent;
}

}  // namespace verbatim::amqp
