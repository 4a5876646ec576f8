#pragma once

#include "bench/load/client.hpp"
#include "bench/load/statistics.hpp"

#include <functional>
#include <string>
#include <vector>

namespace bench {

struct HttpResult {
    std::uint64_t answers = 0;
    std::uint64_t errors = 0;  // other statuses, broken connections: they void a run
    double seconds = 0;
    Histogram latency;  // request written to answer read, microseconds
};

// Closed loop: each connection sends its next request as soon as the last was answered. One thread,
// epoll. `request(connection)` gives the bytes; any status but `expected` is an error.
[[nodiscard]] HttpResult run_http(
    const Target& target,
    std::size_t connections,
    double seconds,
    double warm_up_seconds,
    int expected,
    const std::function<const std::string&(std::size_t)>& request
);

// Open loop: a request is due every 1/rate seconds, whatever becomes of the others, and waits where
// no connection is free; latencies count from when it was due. `request(n)` gives the bytes of the
// n-th. One thread, epoll.
[[nodiscard]] HttpResult run_paced(
    const Target& target,
    std::size_t connections,
    double rate,
    double seconds,
    double warm_up_seconds,
    int expected,
    const std::function<const std::string&(std::size_t)>& request
);

// One keep-alive connection's state, for the fan-out run too.
class HttpConnection {
public:
    explicit HttpConnection(const Target& target);
    ~HttpConnection();
    HttpConnection(HttpConnection&&) noexcept;
    HttpConnection& operator=(HttpConnection&&) = delete;

    void send(const std::string& request);
    // Reads what is there. The status of a complete answer, 0 when more is to come, -1 when broken.
    int receive();
    [[nodiscard]] int socket() const { return socket_; }
    [[nodiscard]] bool is_waiting() const { return waiting_; }
    [[nodiscard]] std::int64_t sent_at() const { return sent_at_; }

private:
    int socket_ = -1;
    bool waiting_ = false;
    std::int64_t sent_at_ = 0;
    std::string buffer_;
};

}  // namespace bench
