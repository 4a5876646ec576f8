#pragma once

#include "broker/feed/catch_up.hpp"
#include "broker/feed/catch_up_worker.hpp"
#include "broker/feed/client_frames.hpp"
#include "broker/feed/feed_parts.hpp"
#include "broker/feed/feed_request.hpp"
#include "broker/feed/hub.hpp"
#include "broker/feed/outbound_socket.hpp"
#include "broker/feed/recipient.hpp"

#include <array>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/websocket/stream.hpp>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace verbatim::feed {

class FeedSession;
using SteadyTime = std::chrono::steady_clock::time_point;

// What all sessions of a server share. The feed thread's.
struct FeedContext {
    const FeedParts& parts;
    const FeedOptions& options;
    std::shared_ptr<net::io_context> io;  // shared: answers of commands may come after the server
    FeedCounters& counters;
    Hub& hub;
    CatchUpWorker& worker;
    std::function<void(FeedSession&)> ended;  // drops the registry's share of it
};

// One connection on the feed's port: handshake, authentication, resume, frames in and out, its end.
// No timer of its own: sweep() is called for all sessions in turn.
//
// How a resumed feed becomes a live one. Say its cursor is P and the hub stands at H0.
//   1. Rounds. CatchUp sends (P, H0], then (H0, H1], …, each round up to where the hub stood when
//      it began, the next piece only when the last has left the socket. Nothing live comes yet.
//   2. When the hub, at H, is near, one task on the feed thread does two things, and since the hub
//      runs on that thread nothing comes between: the hub takes the session as live from H on, with
//      its memberships as of exactly H; and a last round (Hn, H] is aimed. Live frames, all of them
//      after H, are held back in order.
//   3. When that round is over: caught_up, then what was held, then live frames as they come.
// No gap and no repetition: the rounds and the live part are (P, H0] … (Hn, H] and (H, …), which
// meet and do not overlap. Order: rounds ascend, and held frames wait for the last one. Joins and
// leaves meanwhile: one at or before H lies in a round, which reads the stays as they are on
// record; one after H is the hub's, which began with the stays as of H. Proof by test:
// tests/broker/feed_resume_test.cpp.
//
// Threads:  the feed thread only.
// Lifetime: shared by the registry and by what it waits for; every callback holds a share or a weak
//           one.
class FeedSession final : public Recipient,
                          private OutboundSocket::Owner,
                          public std::enable_shared_from_this<FeedSession> {
public:
    enum class Admission { welcome, server_is_full };
    FeedSession(FeedContext& context, OutboundSocket::Socket socket, Admission admission);
    ~FeedSession() override;

    // Begins to read the request.
    void start();
    // Sends what is queued, then the close frame, then ends the connection.
    void close(CloseCode code, std::string_view reason);
    // At once, without a word.
    void abort();
    // Whatever is due: overdue handshakes, tokens and closings, pings.
    void sweep(SteadyTime now, Timestamp wall);

    // Where the registry keeps it.
    std::size_t registry_index = 0;

    void take(std::span<const SharedFrames> frames) override;
    void flush() override;
    void end(CloseCode code) override;
    void end_after(Position position, CloseCode code) override;

private:
    enum class Phase : std::uint8_t {
        handshake,     // the request is read and answered
        waiting,       // for the hub to reach the cursor
        catching_up,   // rounds
        handing_over,  // last round; live frames are held
        live,
        closing,  // our close frame, or refusal, is the last in the queue
        over,
    };
    using Parser = boost::beast::http::request_parser<boost::beast::http::empty_body>;
    struct Handshake;
    struct Resumption;

    // feed_session.cpp: the connection.
    void read_request();
    void request_was_read();
    void refuse(const Problem& problem);
    void accept();
    void linger();
    void finish();
    void drop_backlog_and_close(CloseCode code, std::string_view reason);
    void send(SharedFrames frames);
    void check_liveness(SteadyTime now);
    [[nodiscard]] bool is_only_slow();
    std::shared_ptr<void> keep_alive() override { return shared_from_this(); }
    void queue_is_empty() override;
    void write_failed() override { finish(); }
    [[nodiscard]] bool is_ending() const {
        return phase_ == Phase::closing || phase_ == Phase::over;
    }

    // feed_session_start.cpp: from the handshake's end to the live feed.
    void begin_feed();
    [[nodiscard]] Answer<void> admit_user(const std::string& token) const;
    [[nodiscard]] Answer<void> authenticate(const std::string& token);
    void close_refused(const Problem& problem);
    [[nodiscard]] Answer<void> choose_scope(const FeedRequest& request);
    void when_audited(const FeedRequest& request);
    void begin_at(const FeedRequest& request);
    void welcome();
    void begin_at_tail();
    void begin_after(Position after, const std::optional<std::string>& epoch);
    [[nodiscard]] bool is_beyond_leader() const;
    void next_round();
    void request_step();
    void step_is_done(StoreResult<CatchUp::Step> step);
    void hand_over();
    void become_live();
    void end_or_reach();
    [[nodiscard]] bool go_live();
    void storage_failed(const StoreError& error);

    // feed_session_commands.cpp: what the client says.
    void read_some();
    void read_on();
    void reading_failed(const beast::error_code& error);
    void some_was_read();
    void message_was_read(std::string_view message);
    void answer(const std::string& ref, Answer<ClientFrame> frame);
    [[nodiscard]] Answer<void> admit(const ClientFrame& frame) const;
    [[nodiscard]] bool is_forwarded(const ReceivedFrame& received) const;
    void forward(const std::string& ref, std::string_view message);
    void leader_has_answered(
        const std::string& ref, const Expected<LeaderReply, LeaderCallFault>& reply
    );
    void handle(const std::string& ref, SendFrame frame);
    void store_attachment(const std::string& ref, SendFrame frame);
    void attachment_is_stored(const std::string& ref, SendFrame frame, const Answer<void>& stored);
    void submit_message(const std::string& ref, SendFrame frame);
    void handle(const std::string& ref, const ReadFrame& frame);
    void handle(const std::string& ref, const TypingFrame& frame);
    void handle(const std::string& ref, const AuthFrame& frame);
    void submit(const std::string& ref, Submission submission);
    void command_is_done(const std::string& ref, const CommandResult& result);
    void send_problem(const std::string& ref, const Problem& problem);

    FeedContext& context_;
    boost::beast::websocket::stream<OutboundSocket, false> stream_;
    Phase phase_ = Phase::handshake;
    bool reading_ = false;
    // Nothing more is read until an attachment is kept, or the leader has answered.
    bool storing_ = false;
    bool upgraded_ = false;
    bool peer_is_done_ = false;  // nothing more to read
    bool may_send_ = false;      // not with an API key that only reads
    std::uint8_t pongs_missing_ = 0;
    std::uint8_t heartbeats_stalled_ = 0;
    std::uint16_t commands_in_flight_ = 0;
    unsigned refusal_ = 0;  // HTTP status to refuse with, whatever is asked; 0: none
    Timestamp expires_;     // of the token
    Position cursor_;       // that is waited for
    SteadyTime due_;        // of what the phase waits for: handshake, cursor, closing
    SteadyTime next_ping_;
    std::uint64_t acknowledged_bytes_ = 0;
    std::unique_ptr<Handshake> handshake_;
    std::unique_ptr<Resumption> resumption_;
    std::string token_;                // on a follower, which shows it to the leader
    std::string message_;              // what has come of the client's current message
    std::array<char, 256> read_into_;  // most client frames fit; longer ones go to message_
};

}  // namespace verbatim::feed
