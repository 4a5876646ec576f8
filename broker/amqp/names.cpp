#include "broker/amqp/names.hpp"

#include "domain/type_id.hpp"

namespace verbatim::amqp {

std::string log_exchange(const Uuid& epoch) {
    return "verbatim.log." + base32_text(epoch);
}
std::string signal_exchange(const Uuid& epoch) {
    return "verbatim.signals." + base32_text(epoch);
}
std::string leader_queue(const Uuid& epoch) {
    return "verbatim.leader." + base32_text(epoch);
}

}  // namespace verbatim::amqp
