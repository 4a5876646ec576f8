#include "api/responder.hpp"

#include <utility>

namespace verbatim::api {

PostingResponder::PostingResponder(
    std::shared_ptr<const ServerCore> core,
    std::shared_ptr<Worker> worker,
    ConnectionKey to,
    std::shared_ptr<const HttpRequest> request,
    Moment begun
)
    : core_(std::move(core)),
      worker_(std::move(worker)),
      to_(to),
      request_(std::move(request)),
      begun_(begun) {}

PostingResponder::~PostingResponder() {
    if (is_sent_) return;
    send(
        core_->problem(500, "internal_error", "The request was not answered.", request_->request_id)
    );
}

void PostingResponder::send(HttpResponse response) {
    if (is_sent_.exchange(true)) return;
    worker_->post(Completion{to_, std::move(response), std::move(request_), begun_});
}

void PostingResponder::post(std::function<void()> work) {
    worker_->post(std::move(work));
}

}  // namespace verbatim::api
