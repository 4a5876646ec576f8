#include "bench/load/client.hpp"

#include <arpa/inet.h>
#include <cerrno>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdexcept>
#include <sys/socket.h>
#include <system_error>
#include <unistd.h>

namespace bench {

int connect_to(const std::string& host, std::uint16_t port) {
    const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    inet_pton(AF_INET, host.c_str(), &address.sin_addr);
    if (socket < 0 ||
        ::connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
        throw std::system_error(errno, std::system_category(), "connect to " + host);
    const int on = 1;
    ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    return socket;
}

void set_non_blocking(int socket) {
    ::fcntl(socket, F_SETFL, ::fcntl(socket, F_GETFL) | O_NONBLOCK);
}

std::string request_text(
    std::string_view method, std::string_view path, std::string_view token, std::string_view body
) {
    std::string text;
    text.append(method).append(" ").append(path).append(" HTTP/1.1\r\nHost: bench\r\n");
    if (!token.empty()) text.append("Authorization: Bearer ").append(token).append("\r\n");
    if (!body.empty())
        text.append("Content-Type: application/json\r\nContent-Length: ")
            .append(std::to_string(body.size()))
            .append("\r\n");
    text.append("\r\n").append(body);
    return text;
}

nlohmann::json call(
    const Target& target,
    std::string_view method,
    std::string_view path,
    std::string_view token,
    const nlohmann::json& body
) {
    const int socket = connect_to(target.host, target.http_port);
    std::string text = request_text(method, path, token, body.is_null() ? "" : body.dump());
    text.insert(text.find("\r\n") + 2, "Connection: close\r\n");
    std::string answer;
    char buffer[65536];
    bool sent =
        ::send(socket, text.data(), text.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(text.size());
    while (sent) {
        const ssize_t count = ::recv(socket, buffer, sizeof buffer, 0);
        if (count <= 0) break;
        answer.append(buffer, static_cast<std::size_t>(count));
    }
    ::close(socket);
    const std::size_t head_end = answer.find("\r\n\r\n");
    if (answer.size() < 12 || head_end == std::string::npos)
        throw std::runtime_error("no answer to " + std::string(method) + " " + std::string(path));
    const std::string payload = answer.substr(head_end + 4);
    if (answer[9] != '2') throw std::runtime_error(answer.substr(9, 3) + ": " + payload);
    return payload.empty() ? nlohmann::json() : nlohmann::json::parse(payload);
}

User sign_in(const Target& target, const std::string& username) {
    const nlohmann::json account = {{"username", username}, {"password", "bench password"}};
    try {
        call(target, "POST", "/api/v1/users", {}, account);
    } catch (const std::runtime_error& error) {
        if (std::string_view(error.what()).substr(0, 3) != "409") throw;
    }
    const auto session = call(target, "POST", "/api/v1/sessions", {}, account);
    return {.id = session.at("user_id"), .token = session.at("access_token")};
}

std::string make_room(const Target& target, const User& owner, const std::string& name) {
    return call(target, "POST", "/api/v1/rooms", owner.token, {{"name", name}}).at("room_id");
}

}  // namespace bench
