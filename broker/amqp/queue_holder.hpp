#pragma once

#include "broker/amqp/connection.hpp"
#include "domain/ids.hpp"

namespace verbatim::amqp {

// Who holds the queue that says who leads the log `epoch`, after it was found to be held.
enum class QueueHolder {
    nobody,   // any more
    another,  // a process that goes on publishing deliveries under another instance's id
    silent,   // a connection whose process says nothing: it may be dead, or stopped
};

// Listens to the log's exchange for some seconds. A process that was killed may be heard for a
// moment after its death, as the broker reads what it had sent: so `another` is who is heard for 2
// s while the queue stays held. Where the broker cannot be asked: silent.
[[nodiscard]] QueueHolder find_queue_holder(
    const ConnectionOptions& options, const Uuid& epoch, const Uuid& own_instance
);

}  // namespace verbatim::amqp
