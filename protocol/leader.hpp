#pragma once

#include "domain/ids.hpp"
#include "domain/result.hpp"
#include "eventstore/digest.hpp"
#include "protocol/answer_json.hpp"
#include "protocol/problem.hpp"

#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace verbatim {

// A request that a follower hands over to its leader, and what comes back.
struct LeaderCall {
    std::string method;
    std::string target;  // path and query, encoded
    std::vector<std::pair<std::string, std::string>> headers;
    std::string body;
    std::string client_address;  // whom the leader is to take for the client
};
struct LeaderReply {
    int status = 0;
    std::vector<std::pair<std::string, std::string>> headers;
    std::string body;
};
enum class LeaderCallFault {
    away,       // nothing of it was sent
    no_answer,  // it may have happened
};

enum class LeaderCallKind { query, command };
// 503: not_taking_commands with reason leader_away, or, where a command may have happened,
// outcome_unknown.
[[nodiscard]] Problem problem_of(LeaderCallFault fault, LeaderCallKind kind);
// What a command's success says in its headers; nullopt: it was none.
[[nodiscard]] std::optional<Receipt> receipt_in(const LeaderReply& reply);

// The leader as a follower's doors use it. Threads: all methods from any; callbacks come on any
// thread and must not block.
class Leader {
public:
    virtual ~Leader() = default;
    // The reply to a command that tells a position (Verbatim-Position) is given when this node
    // shows that position, so that its users read what they wrote; after
    // limits::min_position_wait_ms it is given all the same.
    virtual void call(
        LeaderCall call, std::function<void(Expected<LeaderReply, LeaderCallFault>)> callback
    ) = 0;
    // Brings the blob of this SHA-256 into the node's own store, whole and checked. Waits, perhaps
    // long. False: it could not be had now.
    [[nodiscard]] virtual bool fetch_blob(const Digest& digest) = 0;
    // Why commands cannot be handed over at the moment; nullopt: nothing is known against it.
    [[nodiscard]] virtual std::optional<std::string> commands_paused() const = 0;
    // Its last position, as last heard.
    [[nodiscard]] virtual Position head() const = 0;
};

}  // namespace verbatim
