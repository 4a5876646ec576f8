#pragma once

#include "api/answer_text.hpp"
#include "api/body_decoder.hpp"
#include "api/request_head.hpp"
#include "api/server_core.hpp"
#include "api/worker.hpp"

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace verbatim::api {

// HTTP/1.1 on one connection, as bytes in and bytes out: no socket, no clock, no thread of its own.
//
// One request is in flight; bytes that come meanwhile are held back, bounded, and looked at when it
// has been answered, so pipelined requests are answered in order. A request that breaks the grammar
// or a bound is answered with an error and the connection ends: first the answer leaves, then our
// side is shut, then what still comes is thrown away until the client closes or the linger timeout
// ends, since closing with unread bytes would reset the connection and could take the answer along.
//
// Threads: only the worker that owns it.
class Connection {
public:
    // `has_place` false: it is told 503 and closed.
    Connection(
        ConnectionKey key,
        std::string peer_address,
        std::shared_ptr<ServerCore> core,
        std::shared_ptr<Worker> worker,
        bool has_place,
        Moment now
    );
    ~Connection();
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;

    [[nodiscard]] const ConnectionKey& key() const { return key_; }

    // Whether reading on makes sense now; asked again after each call below.
    [[nodiscard]] bool wants_input() const;
    void take_input(std::string_view bytes, Moment now);
    void take_end_of_input(Moment now);

    // The handler's answer. False when it is for a request that this connection no longer has.
    bool take_answer(Completion& completion, Moment now);

    [[nodiscard]] std::string_view output() const;
    void output_sent(std::size_t bytes, Moment now);
    // Once all output has left: our side of the socket is to be shut, reading goes on.
    [[nodiscard]] bool is_lingering() const { return phase_ == Phase::lingering; }
    // The socket is to be closed.
    [[nodiscard]] bool is_finished() const { return phase_ == Phase::finished; }

    // Applies the timeouts.
    void check_time(Moment now);
    // Whether the answer's stream had nothing yet, and go_on_streaming() asks it again.
    [[nodiscard]] bool is_stream_paused() const { return stream_ != nullptr && stream_paused_; }
    void go_on_streaming(Moment now) { pull_stream(now); }
    // Ends the connection if it is between requests.
    void end_if_idle();

private:
    enum class Phase {
        reading_head,  // idle while nothing of it has come
        reading_body,
        answering,  // the handler has it
        streaming,  // the answer's stream is being pulled
        ending,     // output leaves, nothing more is read
        lingering,
        finished,
    };

    void advance(Moment now);
    [[nodiscard]] bool advance_once(Moment now);
    [[nodiscard]] bool read_head(Moment now);
    [[nodiscard]] bool begin_request(RequestHead head, Moment now);
    [[nodiscard]] bool read_body(Moment now);
    [[nodiscard]] bool finish_request(Moment now);
    void dispatch(Moment now);
    void write_answer(const HttpResponse& response, Moment now);
    void pull_stream(Moment now);
    void end_stream();
    void end_after_output();
    [[nodiscard]] bool fail(const HttpFault& fault, Moment now);
    void observe(int status) const;
    void release_body();

    [[nodiscard]] std::string_view unread() const {
        return std::string_view(input_).substr(input_used_);
    }
    void use_input(std::size_t bytes);
    [[nodiscard]] std::size_t unsent() const { return output_.size() - output_sent_; }

    const ConnectionKey key_;
    const std::string peer_address_;
    const std::shared_ptr<ServerCore> core_;
    const std::shared_ptr<Worker> worker_;

    Phase phase_ = Phase::reading_head;
    Moment since_;         // when the present wait for input began
    Moment output_since_;  // when output last moved, or began to wait

    std::string input_;
    std::size_t input_used_ = 0;
    bool input_ended_ = false;
    bool must_linger_ = false;
    std::string output_;
    std::size_t output_sent_ = 0;

    // The request in hand.
    HeadScanner scanner_;
    RequestHead head_;
    const RouteTable::Route* route_ = nullptr;
    std::optional<HttpResponse> early_;  // its answer, where no handler is needed
    BodyDecoder body_;
    std::shared_ptr<HttpRequest> request_;
    Moment begun_;
    std::size_t body_bytes_counted_ = 0;

    // The answer in hand.
    std::shared_ptr<BodyStream> stream_;
    std::optional<std::uint64_t> stream_left_;
    bool stream_in_chunks_ = false;
    bool stream_paused_ = false;
    bool keep_alive_ = true;
};

}  // namespace verbatim::api
