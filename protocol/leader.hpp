#pragma once

#include "domain/ids.hpp"
#include "domain/result.hpp"
#include "eventstore/blob_store.hpp"
#include "eventstore/digest.hpp"
#include "protocol/answer_json.hpp"
#include "protocol/problem.hpp"

#include <chrono>
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

// A file that the leader has and the log does not know of yet, open; it is kept nowhere.
struct BroughtFile {
    LeaderReply head;           // without its body
    std::optional<Blob> bytes;  // nullopt: the status is not 200
};

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
    // Asks for a file by a GET, and takes all of it. Where the reply has a strong ETag of 64
    // hexadecimal digits, the bytes are those of that SHA-256. Waits, perhaps long.
    [[nodiscard]] virtual Expected<BroughtFile, LeaderCallFault> bring(LeaderCall call) = 0;
    // Why commands cannot be handed over at the moment; nullopt: nothing is known against it.
    [[nodiscard]] virtual std::optional<std::string> commands_paused() const = 0;
    // Its last position, as last heard.
    [[nodiscard]] virtual Position head() const = 0;
    // Asks it now how far its log reaches. Does not wait.
    virtual void look() = 0;
    // Whether it has told, when it was asked at `since` or later, that its log does not reach this
    // position. False also where it has told nothing.
    [[nodiscard]] virtual bool is_beyond(
        Position position, std::chrono::steady_clock::time_point since
    ) const = 0;
};

}  // namespace verbatim
