#include "broker/feed/bounds.hpp"
#include "broker/feed/feed_session.hpp"
#include "broker/feed/feed_session_state.hpp"
#include "broker/feed/frame_commands.hpp"
#include "domain/limits.hpp"
#include "domain/type_id.hpp"
#include "protocol/answer_json.hpp"
#include "protocol/file_access.hpp"

#include <algorithm>
#include <boost/beast/websocket/error.hpp>
#include <chrono>
#include <utility>
#include <variant>

namespace verbatim::feed {
namespace {

// Which files a message may show is the leader's to say.
Answer<Attachment> any_attachment(const FileId& file) {
    Attachment attachment;
    attachment.file = file;
    return attachment;
}

// The code of the close frame that Beast has sent for its error.
unsigned code_of_beast(const beast::error_code& error) {
    namespace websocket = beast::websocket;
    constexpr unsigned protocol_error = 1002;
    constexpr unsigned bad_payload = 1007;
    constexpr unsigned too_big = 1009;
    if (error == websocket::error::bad_frame_payload) return bad_payload;
    if (error == websocket::error::message_too_big) return too_big;
    return protocol_error;
}

}  // namespace

// A short frame is read into the session itself; a longer one into a text that goes when it has
// been handled: an idle session holds no buffer.
void FeedSession::read_some() {
    net::mutable_buffer into = net::buffer(read_into_);
    if (!message_.empty()) {
        const std::size_t had = message_.size();
        message_.resize(had + std::clamp(had, read_into_.size(), bounds::read_slice_bytes_max));
        into = net::buffer(message_) + had;
    }
    reading_ = true;
    stream_.async_read_some(
        into,
        [self = shared_from_this(),
         space = into.size()](beast::error_code error, std::size_t bytes) {
            self->reading_ = false;
            if (self->phase_ == Phase::over) return;
            if (error) return self->reading_failed(error);
            if (self->message_.empty())
                self->message_.assign(self->read_into_.data(), bytes);
            else
                self->message_.resize(self->message_.size() - space + bytes);
            self->some_was_read();
        }
    );
}

// The peer has closed or is gone, or broke the protocol and Beast has queued the close frame that
// says so (1002, 1007, 1009). What is queued still leaves.
void FeedSession::reading_failed(const beast::error_code& error) {
    namespace websocket = beast::websocket;
    context_.hub.leave(*this);
    resumption_.reset();
    const bool beast_closed =
        error != websocket::error::closed &&
        error.category() == make_error_code(websocket::error::closed).category();
    if (phase_ != Phase::closing) {
        if (beast_closed) context_.parts.metrics.feed_closed(code_of_beast(error));
        phase_ = Phase::closing;
        due_ = std::chrono::steady_clock::now() + std::chrono::milliseconds(bounds::closing_ms_max);
    }
    // A peer that is still sending must get to read why: a reset would take that from it.
    if (beast_closed)
        linger();
    else
        peer_is_done_ = true;
    if (stream_.next_layer().queued_bytes() == 0) queue_is_empty();
}

void FeedSession::some_was_read() {
    if (stream_.is_message_done()) {
        const std::string message = std::exchange(message_, {});
        const bool may_speak = !resumption_ || !resumption_->ends_with;
        if (!is_ending() && may_speak) message_was_read(message);
    }
    read_on();
}

// Back-pressure: who has many commands under way is read again when some are answered.
void FeedSession::read_on() {
    if (reading_ || phase_ == Phase::over || peer_is_done_) return;
    if (storing_ && phase_ != Phase::closing) return;
    if (commands_in_flight_ < bounds::commands_in_flight_max || phase_ == Phase::closing)
        read_some();
}

void FeedSession::message_was_read(std::string_view message) {
    if (stream_.got_binary()) return close(CloseCode::binary, "frames are texts");
    const FeedParts& parts = context_.parts;
    const auto find = parts.leader == nullptr ? attachments_of(parts.views, parts.uploads, user())
                                              : FindAttachment(any_attachment);
    ReceivedFrame received = read_client_frame(message, parts.views.users(), find);
    if (is_forwarded(received)) return forward(received.ref, message);
    answer(received.ref, std::move(received.frame));
}

bool FeedSession::is_forwarded(const ReceivedFrame& received) const {
    if (context_.parts.leader == nullptr || !received.frame || !may_send_) return false;
    return std::holds_alternative<SendFrame>(*received.frame) ||
           std::holds_alternative<ReadFrame>(*received.frame);
}

// As it was said: a key stands for the same there. One at a time, so that a client's messages keep
// their order; what it says meanwhile stays in its socket.
void FeedSession::forward(const std::string& ref, std::string_view message) {
    storing_ = true;
    ++commands_in_flight_;
    LeaderCall call{
        .method = "POST",
        .target = "/internal/frames",
        .headers = {{"Authorization", "Bearer " + token_}},
        .body = std::string(message),
        .client_address = {}};
    context_.parts.leader->call(
        std::move(call),
        [io = context_.io, weak = weak_from_this(), ref](auto reply) {
            net::post(*io, [weak, ref, reply = std::move(reply)] {
                if (const auto self = weak.lock()) self->leader_has_answered(ref, reply);
            });
        }
    );
}

void FeedSession::leader_has_answered(
    const std::string& ref, const Expected<LeaderReply, LeaderCallFault>& reply
) {
    storing_ = false;
    --commands_in_flight_;
    if (is_ending()) return;
    if (!reply) {
        send_problem(ref, problem_of(reply.error(), LeaderCallKind::command));
    } else if (const auto receipt = receipt_in(*reply)) {
        send(ack_frame(ref, *receipt));
    } else if (reply->body.starts_with('{')) {
        send(problem_frame(ref, reply->body));
    } else {
        send_problem(ref, problem_of(LeaderCallFault::no_answer, LeaderCallKind::command));
    }
    read_on();
}

void FeedSession::answer(const std::string& ref, Answer<ClientFrame> frame) {
    if (!frame) return send_problem(ref, frame.error());
    const auto allowed = admit(*frame);
    if (!allowed) return send_problem(ref, allowed.error());
    std::visit([&](auto& wanted) { handle(ref, std::move(wanted)); }, *frame);
}

// With an API key that only reads, all that may come is the next token.
Answer<void> FeedSession::admit(const ClientFrame& frame) const {
    if (!may_send_ && !std::holds_alternative<AuthFrame>(frame))
        return failure(scope_is_missing("This needs an API key with the scope send."));
    RateLimits& limits = context_.parts.rate_limits;
    const auto now = std::chrono::steady_clock::now();
    auto command = limits.take_for(user(), Limiter::commands_per_user, now);
    if (!command || !std::holds_alternative<SendFrame>(frame)) return command;
    return limits.take_for(user(), Limiter::messages_per_user, now);
}

void FeedSession::handle(const std::string& ref, SendFrame frame) {
    if (frame.attachment)
        store_attachment(ref, std::move(frame));
    else
        submit_message(ref, std::move(frame));
}

// The disk is waited for elsewhere. What the client says meanwhile stays in its socket: its
// messages keep their order, and a session holds one attachment at most.
void FeedSession::store_attachment(const std::string& ref, SendFrame frame) {
    storing_ = true;
    const auto shared = std::make_shared<SendFrame>(std::move(frame));
    auto work = [&uploads = context_.parts.uploads,
                 io = context_.io,
                 weak = weak_from_this(),
                 owner = user(),
                 ref,
                 shared] {
        auto stored = feed::store_attachment(uploads, owner, *shared);
        net::post(*io, [weak, ref, shared, stored = std::move(stored)] {
            if (const auto self = weak.lock())
                self->attachment_is_stored(ref, std::move(*shared), stored);
        });
    };
    if (context_.parts.file_pool.submit(std::move(work))) return;
    storing_ = false;
    send_problem(ref, http_problem(503, "Too many files are being written. Try again."));
}

void FeedSession::attachment_is_stored(
    const std::string& ref, SendFrame frame, const Answer<void>& stored
) {
    storing_ = false;
    if (is_ending()) return;
    if (stored) {
        submit_message(ref, std::move(frame));
    } else {
        send_problem(ref, stored.error());
    }
    read_on();
}

void FeedSession::submit_message(const std::string& ref, SendFrame frame) {
    submit(
        ref,
        submission_of(
            std::move(frame),
            user(),
            CommandId(context_.parts.new_uuid()),
            context_.parts.command_keys
        )
    );
}

void FeedSession::handle(const std::string& ref, const ReadFrame& frame) {
    submit(
        ref,
        submission_of(
            frame, user(), CommandId(context_.parts.new_uuid()), context_.parts.command_keys
        )
    );
}

void FeedSession::handle(const std::string& ref, const TypingFrame& frame) {
    const auto member = context_.parts.views.memberships().member(frame.room, user());
    if (!member) return send_problem(ref, problem_of(member.error()));
    if (!*member) return send_problem(ref, problem_of(Rule::actor_is_not_member));
    context_.hub.typing(frame.room, user(), frame.typing);
}

void FeedSession::handle(const std::string&, const AuthFrame& frame) {
    if (const auto renewed = authenticate(frame.token); !renewed) close_refused(renewed.error());
}

void FeedSession::submit(const std::string& ref, Submission submission) {
    ++commands_in_flight_;
    // On the sequencer's thread, perhaps after the server is gone: the io_context is shared.
    auto answered = [io = context_.io, weak = weak_from_this(), ref](CommandResult result) {
        net::post(*io, [weak, ref, result = std::move(result)] {
            if (const auto self = weak.lock()) self->command_is_done(ref, result);
        });
    };
    context_.parts.sequencer.submit(std::move(submission), std::move(answered));
}

void FeedSession::command_is_done(const std::string& ref, const CommandResult& result) {
    --commands_in_flight_;
    if (is_ending()) return;
    if (result)
        send(ack_frame(ref, receipt_of(*result)));
    else
        send_problem(ref, problem_of(result.error()));
    read_on();
}

void FeedSession::send_problem(const std::string& ref, const Problem& problem) {
    send(problem_frame(ref, problem, "req_" + base32_text(context_.parts.new_uuid())));
}

}  // namespace verbatim::feed
