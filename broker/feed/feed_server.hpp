#pragma once

#include "broker/feed/feed_parts.hpp"
#include "eventstore/commit_listener.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace verbatim::feed {

// Figures of one moment, for /metrics and tests.
struct FeedFigures {
    std::uint64_t sessions = 0;
    std::uint64_t backlog_bytes = 0;   // queued for all sockets
    std::uint64_t frames_encoded = 0;  // event frames made; each once, for all who receive it live
    std::uint64_t writes = 0;          // system calls that sent something
    std::uint64_t deliveries = 0;      // event frames handed to sessions
};

// The live feed: WebSockets on a port of their own, and the hub that tells them what happened.
// One thread runs all connections and the hub; a second one reads the log for feeds that resume.
//
// Threads:  announce(), note(), typing(), hear(), is_online() and figures() from any; the rest by
//           one thread.
// Lifetime: the parts outlive the server. Commands that feeds submitted may be answered after it is
//           gone; the answers are dropped.
class FeedServer {
public:
    // The hub begins at the log's head: make the server before anything more is committed.
    FeedServer(FeedParts parts, FeedOptions options);
    // Ends every connection at once; joins the threads.
    ~FeedServer();
    FeedServer(const FeedServer&) = delete;
    FeedServer& operator=(const FeedServer&) = delete;

    // Listens and begins to serve. An error is a sentence for people: the address cannot be bound.
    [[nodiscard]] Expected<void, std::string> start();
    // Requires: start() has succeeded.
    [[nodiscard]] std::uint16_t port() const;

    // From CommitListener::announce. Does not block.
    void announce(const std::shared_ptr<const CommittedBatch>& batch);
    // From CommitListener::note: those in the room are told of markers before their events.
    void note(const std::vector<ReadNoteChange>& changes);
    // Tells the others in the room that `user` types. Requires: `user` is its member.
    void typing(const RoomId& room, const UserId& user, bool typing);
    // What another node tells. From any thread; does not block, and drops what is too much.
    void hear(const SignalFrom& signal);
    // Whether the user has a feed open on this node or another, or had one
    // limits::presence_grace_ms ago.
    [[nodiscard]] bool is_online(const UserId& user) const;

    // Accepts no further connections; those that are there go on.
    void stop_accepting();
    // Hands out all that was announced and every answer that has come, closes all feeds with 1001
    // and waits until the last is gone. False: some were not when `timeout` was over.
    bool drain(std::chrono::milliseconds timeout);

    [[nodiscard]] FeedFigures figures() const;

private:
    struct Engine;
    std::unique_ptr<Engine> engine_;
};

}  // namespace verbatim::feed
