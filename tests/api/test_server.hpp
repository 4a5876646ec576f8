#pragma once

#include "api/server.hpp"
#include "tests/api/raw_client.hpp"

#include <gtest/gtest.h>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace verbatim::api::test {

inline HttpResponse text(std::string body) {
    HttpResponse response;
    response.headers.emplace_back("Content-Type", "text/plain");
    response.body = std::move(body);
    return response;
}

inline std::string get(std::string_view target, std::string_view fields = "") {
    return "GET " + std::string(target) + " HTTP/1.1\r\nHost: x\r\n" + std::string(fields) + "\r\n";
}

inline std::string post(std::string_view fields, std::string_view body) {
    return "POST /echo HTTP/1.1\r\nHost: x\r\n" + std::string(fields) + "\r\n" + std::string(body);
}

// Yields `count` pieces of `piece`.
class Repeated final : public BodyStream {
public:
    Repeated(std::string piece, int count) : piece_(std::move(piece)), left_(count) {}

    std::optional<std::string> next() override {
        if (left_ == 0) return std::nullopt;
        --left_;
        return piece_;
    }

private:
    const std::string piece_;
    int left_;
};

constexpr std::size_t echo_bytes_max = 1'000;
constexpr std::size_t large_bytes_max = 8 * 1024 * 1024;

inline HttpResponse streamed(int pieces, std::optional<std::uint64_t> bytes) {
    auto response = text("begin ");
    response.stream = std::make_shared<Repeated>("piece ", pieces);
    response.stream_bytes = bytes;
    return response;
}

// What the suites here ask for. All of it is answered on the worker, at once.
inline RouteTable test_routes() {
    RouteTable routes;
    const Handler echo = [](auto request, auto responder) { responder->send(text(request->body)); };
    routes.add(Method::get, "/ok", [](auto, auto responder) { responder->send(text("ok")); });
    routes.add(Method::post, "/echo", echo, echo_bytes_max);
    routes.add(Method::put, "/large", echo, large_bytes_max);
    routes.add(Method::get, "/named/{name}", [](auto request, auto responder) {
        responder->send(text(std::string(request->parameter("name"))));
    });
    routes.add(Method::get, "/query", [](auto request, auto responder) {
        const auto* value = request->query_value("q");
        responder->send(text(value == nullptr ? "none" : *value));
    });
    routes.add(Method::get, "/throws", [](auto, auto) { throw std::runtime_error("a secret"); });
    routes.add(Method::get, "/forgets", [](auto, auto) {});
    routes.add(Method::get, "/empty", [](auto, auto responder) {
        HttpResponse response;
        response.status = 204;
        responder->send(std::move(response));
    });
    routes.add(Method::get, "/injects", [](auto, auto responder) {
        auto response = text("x");
        response.headers.emplace_back("Location", "/a\r\nEvil: yes");
        responder->send(std::move(response));
    });
    routes.add(Method::get, "/stream", [](auto, auto responder) {
        responder->send(streamed(3, std::nullopt));
    });
    routes.add(Method::get, "/stream/exact", [](auto, auto responder) {
        responder->send(streamed(3, 18));
    });
    routes.add(Method::get, "/stream/short", [](auto, auto responder) {
        responder->send(streamed(3, 100));
    });
    routes.add(Method::get, "/stream/long", [](auto, auto responder) {
        auto response = text("");
        response.stream = std::make_shared<Repeated>(std::string(60'000, 'x'), 500);
        responder->send(std::move(response));
    });
    return routes;
}

// Starts at construction, on a free port.
class TestServer {
public:
    explicit TestServer(
        RouteTable routes = test_routes(), ServerOptions options = {}, ServerHooks hooks = {}
    )
        : server_(std::move(options), std::move(routes), std::move(hooks)) {
        const auto started = server_.start();
        EXPECT_TRUE(started) << (started ? "" : started.error().detail);
    }

    Server* operator->() { return &server_; }
    [[nodiscard]] std::uint16_t port() const { return server_.port(); }

private:
    Server server_;
};

}  // namespace verbatim::api::test
