#include "api/audited_read.hpp"

#include "api/forwarding.hpp"

#include <utility>

namespace verbatim::api {

void audited_read(
    const ExchangePtr& exchange,
    const Actor& actor,
    std::optional<RoomId> room,
    std::function<void()> read
) {
    if (exchange->services().leader != nullptr) return forward(exchange);
    // Of HEAD too: what it tells is the same.
    std::string what = "GET ";
    what += exchange->request().route;
    exchange->services().audit_reads.record(
        actor.user,
        std::move(what),
        room,
        [exchange, read = std::move(read)](Answer<void> recorded) {
            exchange->resume([exchange, read, recorded = std::move(recorded)] {
                if (!recorded) return exchange->send_problem(recorded.error());
                read();
            });
        }
    );
}

}  // namespace verbatim::api
