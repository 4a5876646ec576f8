#include "api/connection.hpp"

#include "api/early_answer.hpp"
#include "api/http_text.hpp"
#include "api/request_id.hpp"
#include "api/responder.hpp"

#include <exception>
#include <utility>

namespace verbatim::api {

namespace {

constexpr std::string_view go_on = "HTTP/1.1 100 Continue\r\n\r\n";

// Empties a buffer. One that once held much does not keep the memory.
void forget(std::string& buffer, std::size_t& used) {
    buffer.clear();
    used = 0;
    if (buffer.capacity() > limits::http_kept_buffer_bytes_max) buffer.shrink_to_fit();
}

using Pairs = std::vector<std::pair<std::string, std::string>>;

// "a=1&b&c=" in order; nullopt where it is not percent-encoded UTF-8.
std::optional<Pairs> parse_query(std::string_view raw) {
    Pairs pairs;
    while (!raw.empty()) {
        const auto ampersand = raw.find('&');
        const auto pair = raw.substr(0, ampersand);
        raw.remove_prefix(ampersand == std::string_view::npos ? raw.size() : ampersand + 1);
        if (pair.empty()) continue;
        const auto equals = pair.find('=');
        auto name = form_decoded(pair.substr(0, equals));
        auto value = form_decoded(
            equals == std::string_view::npos ? std::string_view() : pair.substr(equals + 1)
        );
        if (!name || !value || !is_utf8(*name) || !is_utf8(*value)) return std::nullopt;
        pairs.emplace_back(std::move(*name), std::move(*value));
    }
    return pairs;
}

}  // namespace

Connection::Connection(
    ConnectionKey key,
    std::string peer_address,
    std::shared_ptr<ServerCore> core,
    std::shared_ptr<Worker> worker,
    bool has_place,
    Moment now
)
    : key_(key),
      peer_address_(std::move(peer_address)),
      core_(std::move(core)),
      worker_(std::move(worker)),
      since_(now),
      output_since_(now),
      begun_(now) {
    if (has_place) return;
    (void)fail({503, "too_many_connections", "The server has no place for this connection."}, now);
    must_linger_ = false;  // it would hold what there is too little of
}

Connection::~Connection() {
    release_body();
}

// --- Input ------------------------------------------------------------------------------------

bool Connection::wants_input() const {
    if (input_ended_) return false;
    switch (phase_) {
        case Phase::reading_head: return unsent() <= limits::http_unsent_bytes_max;
        case Phase::reading_body:
        case Phase::lingering: return true;
        case Phase::answering:
        case Phase::streaming: return unread().size() < limits::http_held_back_bytes_max;
        case Phase::ending:
        case Phase::finished: return false;
    }
    return false;
}

void Connection::take_input(std::string_view bytes, Moment now) {
    if (phase_ >= Phase::ending) return;
    if (phase_ == Phase::reading_body || input_used_ == input_.size()) since_ = now;
    input_.append(bytes);
    advance(now);
}

void Connection::take_end_of_input(Moment now) {
    input_ended_ = true;
    if (phase_ == Phase::lingering) phase_ = Phase::finished;
    advance(now);
}

void Connection::use_input(std::size_t bytes) {
    input_used_ += bytes;
    if (input_used_ < input_.size()) return;
    forget(input_, input_used_);
}

void Connection::advance(Moment now) {
    while (advance_once(now)) {
    }
    // What is not whole by now never will be.
    const bool is_waiting = phase_ == Phase::reading_head || phase_ == Phase::reading_body;
    if (input_ended_ && is_waiting && unsent() <= limits::http_unsent_bytes_max) end_after_output();
}

bool Connection::advance_once(Moment now) {
    if (phase_ == Phase::reading_head)
        return unsent() <= limits::http_unsent_bytes_max && read_head(now);
    return phase_ == Phase::reading_body && read_body(now);
}

bool Connection::read_head(Moment now) {
    if (unread().empty()) return false;
    auto length = scanner_.scan(unread());
    if (!length) return fail(length.error(), now);
    if (!*length) return false;
    auto head = parse_head(unread().substr(0, **length));
    if (!head) return fail(head.error(), now);
    use_input(**length);
    scanner_ = HeadScanner();
    return begin_request(std::move(*head), now);
}

bool Connection::begin_request(RequestHead head, Moment now) {
    head_ = std::move(head);
    begun_ = since_ = now;
    request_ = std::make_shared<HttpRequest>();
    request_->method = head_.method;
    request_->request_id = new_request_id();
    request_->peer_address = peer_address_;

    auto match = core_->routes.match(head_.method, head_.raw_path);
    early_ = early_answer(*core_, head_, match, request_->request_id);
    route_ = early_ ? nullptr : match.route;
    auto bytes_max = limits::http_unwanted_body_bytes_max;
    if (route_ != nullptr) {
        bytes_max = route_->body_bytes_max;
        request_->route = route_->pattern;
        request_->parameters = std::move(match.parameters);
    }
    if (!head_.has_body()) return finish_request(now);

    const bool is_too_large = head_.content_length > bytes_max;
    if (early_ && (is_too_large || head_.expects_continue)) {
        head_.keep_alive = false;
        must_linger_ = true;
        return finish_request(now);
    }
    if (is_too_large)
        return fail({413, "body_too_large", "The body is larger than this path takes."}, now);
    if (head_.expects_continue && unread().empty()) {
        if (unsent() == 0) output_since_ = now;
        output_ += go_on;
    }
    body_ = BodyDecoder(head_, bytes_max);
    phase_ = Phase::reading_body;
    return true;
}

bool Connection::read_body(Moment now) {
    const auto before = request_->body.size();
    auto used = body_.take(unread(), request_->body);
    if (!used) return fail(used.error(), now);
    use_input(*used);
    const auto grown = request_->body.size() - before;
    body_bytes_counted_ += grown;
    if (core_->bodies_bytes.fetch_add(grown) + grown > limits::http_bodies_bytes_max)
        return fail({503, "too_many_bodies", "Too many bodies are on their way; try again."}, now);
    return body_.is_done() && finish_request(now);
}

void Connection::release_body() {
    core_->bodies_bytes.fetch_sub(std::exchange(body_bytes_counted_, 0));
}

// --- Answers ----------------------------------------------------------------------------------

bool Connection::finish_request(Moment now) {
    if (route_ != nullptr) {
        auto path = percent_decoded(head_.raw_path);
        auto query = parse_query(head_.raw_query);
        if (path && query) {
            request_->path = std::move(*path);
            request_->query = std::move(*query);
            dispatch(now);
            return false;
        }
        early_ = core_->problem(
            400,
            "malformed_request",
            "The query is not percent-encoded UTF-8.",
            request_->request_id
        );
    }
    write_answer(*early_, now);
    return true;
}

void Connection::dispatch(Moment now) {
    phase_ = Phase::answering;
    const auto origin = head_.header("origin");
    request_->headers = origin == nullptr ? std::exchange(head_.headers, {}) : head_.headers;
    auto responder = std::make_shared<PostingResponder>(core_, worker_, key_, request_, now);
    try {
        route_->handler(request_, responder);
    } catch (const std::exception&) {
        responder->send(
            core_->problem(500, "internal_error", "Something went wrong.", request_->request_id)
        );
    }
}

bool Connection::take_answer(Completion& completion, Moment now) {
    if (phase_ != Phase::answering || completion.request != request_) return false;
    write_answer(completion.response, now);
    advance(now);
    return true;
}

void Connection::write_answer(const HttpResponse& response, Moment now) {
    if (unsent() == 0) output_since_ = now;
    AnswerFrame frame;
    frame.request_id = request_->request_id;
    frame.minor_version = head_.minor_version;
    frame.is_head = head_.method == Method::head;
    frame.varies_by_origin = !core_->options.cors_origins.empty();
    if (frame.varies_by_origin)
        frame.allowed_origin = allowed_origin(core_->options, head_.header("origin"));
    stream_in_chunks_ = is_chunked(response, frame);
    const bool ends_by_closing = response.stream && !response.stream_bytes && !stream_in_chunks_;
    frame.keep_alive = keep_alive_ = head_.keep_alive && !core_->draining && !ends_by_closing;
    append_answer(output_, response, frame);
    observe(response.status);

    request_.reset();
    release_body();
    since_ = now;
    if (response.stream && !frame.is_head) {
        stream_ = response.stream;
        stream_left_ = response.stream_bytes;
        phase_ = Phase::streaming;
        pull_stream(now);
    } else if (keep_alive_) {
        phase_ = Phase::reading_head;
    } else {
        end_after_output();
    }
}

void Connection::pull_stream(Moment now) {
    stream_paused_ = false;
    while (stream_ && unsent() < limits::http_unsent_bytes_max) {
        std::optional<std::string> piece;
        try {
            piece = stream_->next();
        } catch (const std::exception&) {
            keep_alive_ = false;  // without its last chunk or its whole length the answer is broken
            stream_in_chunks_ = false;
            return end_stream();
        }
        if (!piece) {
            if (stream_left_.value_or(0) > 0) keep_alive_ = false;
            return end_stream();
        }
        if (piece->empty()) {  // as a chunk it would be read as the end of the answer
            stream_paused_ = true;
            return;
        }
        if (unsent() == 0) output_since_ = now;
        // What has left goes: a reader that is always a little behind would else keep all of it.
        output_.erase(0, output_sent_);
        output_sent_ = 0;
        if (stream_in_chunks_) {
            append_chunk(output_, *piece);
        } else if (!stream_left_) {
            output_ += *piece;
        } else if (piece->size() <= *stream_left_) {
            output_ += *piece;
            *stream_left_ -= piece->size();
        } else {
            output_.append(*piece, 0, static_cast<std::size_t>(*stream_left_));
            keep_alive_ = false;
            return end_stream();
        }
    }
}

void Connection::end_stream() {
    stream_.reset();
    if (stream_in_chunks_) output_ += last_chunk;
    if (keep_alive_) {
        phase_ = Phase::reading_head;
    } else {
        end_after_output();
    }
}

bool Connection::fail(const HttpFault& fault, Moment now) {
    if (!request_) {
        head_ = RequestHead();
        begun_ = now;
        request_ = std::make_shared<HttpRequest>();
        request_->request_id = new_request_id();
    }
    head_.keep_alive = false;
    must_linger_ = true;
    write_answer(core_->problem(fault.status, fault.code, fault.detail, request_->request_id), now);
    return false;
}

// By the clock, not by the turn's moment: most answers are made in the turn that read the request.
void Connection::observe(int status) const {
    const auto took = std::chrono::duration_cast<std::chrono::microseconds>(
        std::chrono::steady_clock::now() - begun_
    );
    core_->hooks.observer(
        {.route = request_->route,
         .method = request_->method,
         .status = status,
         .took = took,
         .request_id = request_->request_id}
    );
}

// --- Output and the end -----------------------------------------------------------------------

std::string_view Connection::output() const {
    return std::string_view(output_).substr(output_sent_);
}

void Connection::output_sent(std::size_t bytes, Moment now) {
    output_since_ = now;
    output_sent_ += bytes;
    // A stream's buffer is needed again at once.
    if (phase_ == Phase::streaming) pull_stream(now);
    if (unsent() == 0) forget(output_, output_sent_);
    if (phase_ == Phase::ending) return end_after_output();
    advance(now);
}

void Connection::end_after_output() {
    phase_ = Phase::ending;
    if (!unread().empty()) must_linger_ = true;
    if (unsent() > 0) return;
    phase_ = must_linger_ && !input_ended_ ? Phase::lingering : Phase::finished;
    since_ = output_since_;
    forget(input_, input_used_);
}

void Connection::end_if_idle() {
    if (phase_ == Phase::reading_head && unread().empty()) end_after_output();
}

void Connection::check_time(Moment now) {
    const auto& timeouts = core_->options.timeouts;
    if (unsent() > 0 && now - output_since_ > timeouts.send) {
        phase_ = Phase::finished;
        return;
    }
    const auto waited = now - since_;
    if (phase_ == Phase::reading_head && unsent() == 0) {
        if (unread().empty() && waited > timeouts.idle) return end_after_output();
        if (!unread().empty() && waited > timeouts.head)
            (void)fail({408, "request_timeout", "The head of the request did not come."}, now);
    } else if (phase_ == Phase::reading_body && waited > timeouts.body) {
        (void)fail({408, "request_timeout", "The body of the request did not come."}, now);
    } else if (phase_ == Phase::lingering && waited > timeouts.linger) {
        phase_ = Phase::finished;
    }
}

}  // namespace verbatim::api
