#pragma once

#include "eventstore/durable_file.hpp"
#include "eventstore/store_error.hpp"

#include <atomic>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <thread>

// How sub-commands ask the server that has a data directory open for what only it can do: over
// data/control.sock, a Unix socket of mode 0600. Whoever may use it may read and write every file
// of the data anyway, so it asks for no token; nobody else can make the server write anywhere.
//
// A request is one line, and so is each piece of the answer; the last one ends the connection.
namespace verbatim {

// Sends one line of the answer; false: nobody listens any more, or the server stops.
using ControlReply = std::function<bool(const std::string& line)>;
using ControlHandler = std::function<void(const std::string& request, const ControlReply& reply)>;

// The server's end. One request at a time is handled, on a thread of its own; others wait.
class ControlSocket {
public:
    // Takes the place of what a killed server has left. Requires: the caller has the data's lock.
    // Errors: cannot_open.
    [[nodiscard]] static StoreResult<std::unique_ptr<ControlSocket>> open(
        const std::filesystem::path& data, ControlHandler handler
    );
    // Ends what is being handled at its next reply, and waits for that.
    ~ControlSocket();
    ControlSocket(const ControlSocket&) = delete;
    ControlSocket& operator=(const ControlSocket&) = delete;

private:
    ControlSocket() = default;
    void run();
    void serve(const FileHandle& client);

    std::filesystem::path file_;
    ControlHandler handler_;
    FileHandle listening_;
    FileHandle wake_;  // an eventfd
    std::atomic<bool> stopping_{false};
    std::thread thread_;
};

// A sub-command's end.
class ControlClient {
public:
    // Errors: cannot_open, with what to do: no server listens there.
    [[nodiscard]] static StoreResult<ControlClient> connect(const std::filesystem::path& data);
    // Requires: no line break in `request`. Errors: io_failed.
    [[nodiscard]] StoreResult<void> send(const std::string& request);
    // The next line; waits. Errors: io_failed: the server ended, or closed the connection.
    [[nodiscard]] StoreResult<std::string> next_line();

private:
    explicit ControlClient(FileHandle socket) : socket_(std::move(socket)) {}

    FileHandle socket_;
    std::string received_;
};

}  // namespace verbatim
