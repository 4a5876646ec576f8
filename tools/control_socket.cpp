#include "tools/control_socket.hpp"

#include <array>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <optional>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace verbatim {

namespace fs = std::filesystem;

namespace {

constexpr const char* socket_name = "control.sock";
constexpr std::size_t line_bytes_max = 16 * 1024;
constexpr int waiting_max = 16;
constexpr timeval request_timeout{.tv_sec = 5, .tv_usec = 0};
constexpr mode_t owner_only = 0600;

tl::unexpected<StoreError> failed(StoreFault fault, const std::string& what) {
    return failure(StoreError{fault, {}, what + ": " + std::generic_category().message(errno)});
}

// A path in a socket's address has 107 bytes at most; through the directory's descriptor the
// data's own path may be of any length.
struct Address {
    FileHandle directory;
    sockaddr_un value{};
};
StoreResult<Address> address_in(const fs::path& data) {
    Address address;
    const int directory = ::open(data.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (directory < 0) return failed(StoreFault::cannot_open, "open " + data.string());
    address.directory = FileHandle(directory);
    address.value.sun_family = AF_UNIX;
    const std::string path = "/proc/self/fd/" + std::to_string(directory) + "/" + socket_name;
    std::memcpy(address.value.sun_path, path.data(), path.size());
    return address;
}

bool send_line(int socket, std::string line) {
    line += '\n';
    std::string_view left = line;
    while (!left.empty()) {
        const ssize_t sent = ::send(socket, left.data(), left.size(), MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR) continue;
        if (sent < 0) return false;
        left.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
}

// The next line without its end; nullopt: the connection ended, timed out, or sends no lines.
std::optional<std::string> receive_line(int socket, std::string& received) {
    std::array<char, 4096> piece{};
    while (true) {
        const std::size_t end = received.find('\n');
        if (end != std::string::npos) {
            std::string line = received.substr(0, end);
            received.erase(0, end + 1);
            return line;
        }
        if (received.size() > line_bytes_max) return std::nullopt;
        const ssize_t got = ::recv(socket, piece.data(), piece.size(), 0);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) return std::nullopt;
        received.append(piece.data(), static_cast<std::size_t>(got));
    }
}

// The file's mode says so already; but modes of sockets are not heeded everywhere.
bool is_our_user(int socket) {
    ucred peer{};
    socklen_t bytes = sizeof peer;
    if (::getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &bytes) != 0) return false;
    return peer.uid == ::geteuid() || peer.uid == 0;
}

}  // namespace

StoreResult<std::unique_ptr<ControlSocket>> ControlSocket::open(
    const fs::path& data, ControlHandler handler
) {
    std::unique_ptr<ControlSocket> made(new ControlSocket);
    made->file_ = data / socket_name;
    made->handler_ = std::move(handler);
    if (auto removed = remove_file(made->file_); !removed) return failure(removed.error());
    const auto address = address_in(data);
    if (!address) return failure(address.error());
    made->listening_ = FileHandle(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const int socket = made->listening_.descriptor();
    const auto* const name = reinterpret_cast<const sockaddr*>(&address->value);
    if (socket < 0 || ::fchmod(socket, owner_only) != 0 ||
        ::bind(socket, name, sizeof address->value) != 0 ||
        ::chmod(made->file_.c_str(), owner_only) != 0 || ::listen(socket, waiting_max) != 0)
        return failed(StoreFault::cannot_open, "listen on " + made->file_.string());
    made->wake_ = FileHandle(::eventfd(0, EFD_CLOEXEC));
    if (made->wake_.descriptor() < 0) return failed(StoreFault::cannot_open, "make an eventfd");
    made->thread_ = std::thread([socket = made.get()] { socket->run(); });
    return made;
}

ControlSocket::~ControlSocket() {
    stopping_ = true;
    if (!thread_.joinable()) return;
    const std::uint64_t one = 1;
    // Fails only when the counter is full: then the thread is awake.
    [[maybe_unused]] const ssize_t written = ::write(wake_.descriptor(), &one, sizeof one);
    thread_.join();
    [[maybe_unused]] const auto removed = remove_file(file_);  // what is left, the next start takes
}

void ControlSocket::run() {
    while (!stopping_) {
        std::array<pollfd, 2> watched{
            {{.fd = listening_.descriptor(), .events = POLLIN, .revents = 0},
             {.fd = wake_.descriptor(), .events = POLLIN, .revents = 0}}};
        if (::poll(watched.data(), watched.size(), -1) < 0 && errno != EINTR) return;
        if ((watched[0].revents & POLLIN) == 0) continue;
        const FileHandle client(::accept4(listening_.descriptor(), nullptr, nullptr, SOCK_CLOEXEC));
        if (client.descriptor() >= 0 && is_our_user(client.descriptor())) serve(client);
    }
}

void ControlSocket::serve(const FileHandle& client) {
    const int socket = client.descriptor();
    ::setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &request_timeout, sizeof request_timeout);
    ::setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &request_timeout, sizeof request_timeout);
    std::string received;
    const auto request = receive_line(socket, received);
    if (!request) return;
    handler_(*request, [this, socket](const std::string& line) {
        return send_line(socket, line) && !stopping_;
    });
}

StoreResult<ControlClient> ControlClient::connect(const fs::path& data) {
    const auto address = address_in(data);
    if (!address) return failure(address.error());
    FileHandle socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const auto* const name = reinterpret_cast<const sockaddr*>(&address->value);
    if (socket.descriptor() < 0 || ::connect(socket.descriptor(), name, sizeof address->value) != 0)
        return failed(
            StoreFault::cannot_open,
            "another process has " + data.string() + " open, and is no server that can be asked (" +
                socket_name + ")"
        );
    return ControlClient(std::move(socket));
}

StoreResult<void> ControlClient::send(const std::string& request) {
    if (send_line(socket_.descriptor(), request)) return {};
    return failed(StoreFault::io_failed, "the server does not listen");
}

StoreResult<std::string> ControlClient::next_line() {
    auto line = receive_line(socket_.descriptor(), received_);
    if (line) return std::move(*line);
    return failure(StoreError{StoreFault::io_failed, {}, "the server ended before it was done"});
}

}  // namespace verbatim
