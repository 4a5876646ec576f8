#include "api/server_core.hpp"

#include "api/http_text.hpp"

#include <algorithm>
#include <sys/resource.h>

namespace verbatim::api {

namespace {

std::size_t connections_bound(std::size_t wanted) {
    rlimit descriptors{};
    if (getrlimit(RLIMIT_NOFILE, &descriptors) != 0) return wanted;
    return std::min<std::size_t>(wanted, descriptors.rlim_cur / 2);
}

// All its texts are our own, so nothing has to be escaped.
HttpResponse plain_problem(
    int status, std::string_view code, std::string_view detail, std::string_view request_id
) {
    std::string body = R"({"type":"about:blank","title":")";
    body.append(reason_phrase(status)).append(R"(","status":)").append(std::to_string(status));
    body.append(R"(,"detail":")").append(detail).append(R"(","code":")").append(code);
    body.append(R"(","request_id":")").append(request_id).append(R"("})");
    return {
        .status = status,
        .headers = {{"Content-Type", "application/problem+json"}},
        .body = std::move(body)};
}

ServerHooks without_gaps(ServerHooks hooks) {
    if (!hooks.observer) hooks.observer = [](const FinishedRequest&) {};
    if (!hooks.problem) hooks.problem = plain_problem;
    if (!hooks.accept_failed) hooks.accept_failed = [](std::string_view) {};
    return hooks;
}

}  // namespace

ServerCore::ServerCore(ServerOptions chosen, RouteTable table, ServerHooks given)
    : options(std::move(chosen)),
      routes(std::move(table)),
      hooks(without_gaps(std::move(given))),
      connections_max(connections_bound(options.max_connections)) {}

bool ServerCore::connection_opened() {
    return connections_.fetch_add(1) < connections_max;
}

void ServerCore::connection_closed() {
    if (connections_.fetch_sub(1) > 1) return;
    // The lock orders this notification after a waiter's look at the count.
    const std::lock_guard lock(mutex_);
    none_left_.notify_all();
}

bool ServerCore::wait_for_no_connections(std::chrono::milliseconds timeout) {
    std::unique_lock lock(mutex_);
    return none_left_.wait_for(lock, timeout, [&] { return connections_.load() == 0; });
}

}  // namespace verbatim::api
