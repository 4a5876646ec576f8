#pragma once

#include "api/http.hpp"
#include "api/server_core.hpp"
#include "api/worker.hpp"

#include <atomic>
#include <memory>

namespace verbatim::api {

// The responder that handlers are given: posts the answer to the worker that owns the connection.
class PostingResponder final : public Responder {
public:
    PostingResponder(
        std::shared_ptr<const ServerCore> core,
        std::shared_ptr<Worker> worker,
        ConnectionKey to,
        std::shared_ptr<const HttpRequest> request,
        Moment begun
    );
    ~PostingResponder() override;
    PostingResponder(const PostingResponder&) = delete;
    PostingResponder& operator=(const PostingResponder&) = delete;

    void send(HttpResponse response) override;
    void post(std::function<void()> work) override;

private:
    const std::shared_ptr<const ServerCore> core_;
    const std::shared_ptr<Worker> worker_;
    const ConnectionKey to_;
    std::shared_ptr<const HttpRequest> request_;  // until it is sent
    const Moment begun_;
    std::atomic<bool> is_sent_{false};
};

}  // namespace verbatim::api
