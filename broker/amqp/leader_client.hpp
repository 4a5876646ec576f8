#pragma once

#include "domain/result.hpp"

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace verbatim {

// Where a leader's HTTP listens.
struct LeaderAddress {
    std::string host;
    std::string port;

    // "http://host[:port]", with or without a last slash; nullopt for anything else. Traffic
    // between nodes is meant for a private network: TLS is not spoken here.
    [[nodiscard]] static std::optional<LeaderAddress> parse(std::string_view url);
    [[nodiscard]] std::string text() const;
};

using HeaderList = std::vector<std::pair<std::string, std::string>>;

struct LeaderRequest {
    std::string method = "GET";
    std::string target;  // as it is sent: path and query, encoded
    HeaderList headers;
    std::string body;
    std::size_t answer_bytes_max = 0;
    std::chrono::milliseconds patience{};  // from taking it up to the answer's last byte
};
struct LeaderAnswer {
    int status = 0;
    HeaderList headers;  // as they came, in order
    std::string body;

    // Empty when it is not there. Case does not matter.
    [[nodiscard]] std::string_view header(std::string_view name) const;
};

enum class LeaderFault {
    unreachable,  // nothing of the request was sent
    no_answer,    // it was sent, in part or whole: what became of it is unknown
    too_large,    // the answer; it was not read to its end
    busy,         // too many requests wait for a connection
    not_written,  // download() only: the file
};
[[nodiscard]] std::string_view name_of(LeaderFault fault);

// Requests to the leader over a bounded pool of kept-alive connections.
//
// Threads:  all methods from any; callbacks run on the client's own thread and must not block.
// Lifetime: callbacks that are still owed when it is destroyed are called with a fault.
class LeaderClient {
public:
    struct Options {
        LeaderAddress leader;
        std::size_t connections_max = 32;
        std::size_t waiting_max = 1'024;  // requests beyond: busy
    };
    explicit LeaderClient(Options options);
    ~LeaderClient();
    // Ends what is under way; whatever is asked from then on is answered with a fault. By one
    // thread, not the client's own.
    void stop();
    LeaderClient(const LeaderClient&) = delete;
    LeaderClient& operator=(const LeaderClient&) = delete;

    using Result = Expected<LeaderAnswer, LeaderFault>;
    void ask(LeaderRequest request, std::function<void(Result)> callback);
    // The same, waiting. Not on the client's own thread.
    [[nodiscard]] Result ask_and_wait(LeaderRequest request);
    // Writes the body of a GET's 200 to `file`; the answer comes without it. With a status other
    // than 200 nothing is written. On a connection of its own; waits.
    [[nodiscard]] Result download(LeaderRequest request, const std::filesystem::path& file) const;

private:
    struct Pool;
    std::shared_ptr<Pool> pool_;
    std::atomic<bool> is_stopped_{false};
};

}  // namespace verbatim
