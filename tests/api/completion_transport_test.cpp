#include "api/server.hpp"
#include "tests/api/raw_client.hpp"
#include "tests/api/test_server.hpp"

#include <atomic>
#include <condition_variable>
#include <deque>
#include <gtest/gtest.h>
#include <latch>
#include <map>
#include <mutex>
#include <thread>
#include <vector>

// Debian's libpistache is not built with the thread sanitizer, which therefore does not see how its
// accepting thread hands a peer to a worker.
extern "C" const char* __tsan_default_suppressions();
extern "C" const char* __tsan_default_suppressions() {
    return "race:Pistache::Tcp::Listener::handleNewConnection\n"
           "race:Pistache::Tcp::Listener::acceptConnection\n";
}

namespace verbatim::api::test {
namespace {

using std::chrono::seconds;

// Threads that are none of the server's and answer what handlers give them.
class OtherThreads {
public:
    explicit OtherThreads(int count) {
        for (int i = 0; i < count; ++i) threads_.emplace_back([this] { run(); });
    }
    ~OtherThreads() {
        {
            const std::lock_guard lock(mutex_);
            is_stopped_ = true;
        }
        changed_.notify_all();
        for (auto& thread : threads_) thread.join();
    }

    void give(std::function<void()> task) {
        {
            const std::lock_guard lock(mutex_);
            tasks_.push_back(std::move(task));
        }
        changed_.notify_one();
    }

private:
    void run() {
        std::unique_lock lock(mutex_);
        for (;;) {
            changed_.wait(lock, [&] { return is_stopped_ || !tasks_.empty(); });
            if (tasks_.empty()) return;
            auto task = std::move(tasks_.front());
            tasks_.pop_front();
            lock.unlock();
            task();
            task = nullptr;
            lock.lock();
        }
    }

    std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<std::function<void()>> tasks_;
    bool is_stopped_ = false;
    std::vector<std::thread> threads_;
};

RouteTable routes_answered_by(OtherThreads& others) {
    RouteTable routes = test_routes();
    routes.add(Method::get, "/elsewhere/{name}", [&others](auto request, auto responder) {
        others.give([request, responder] {
            responder->send(text(std::string(request->parameter("name"))));
        });
    });
    return routes;
}

// Every client asks; some wait for the answer, some go away in the middle in one of several ways.
void come_and_go(std::uint16_t port, int who, std::atomic<int>& answered, std::atomic<int>& wrong) {
    RawClient client(port);
    const auto name = std::to_string(who);
    const auto request = get("/elsewhere/" + name);
    switch (who % 5) {
        case 0: client.send(request); return client.reset();
        case 1: client.send(request + request); return;
        case 2: client.send(request.substr(0, request.size() / 2)); return client.reset();
        default: break;
    }
    for (int turn = 0; turn < 3; ++turn) {
        const auto answer = client.ask(request);
        if (!answer || answer->body != name) ++wrong;
        ++answered;
    }
}

TEST(CompletionTransport, GivesEachClientItsOwnAnswerWhileOthersGiveUp) {
    constexpr int clients = 5'000;
    constexpr int at_once = 8;
    OtherThreads others(3);
    TestServer server(routes_answered_by(others));
    std::atomic<int> next{0};
    std::atomic<int> answered{0};
    std::atomic<int> wrong{0};
    std::vector<std::thread> threads;
    for (int i = 0; i < at_once; ++i)
        threads.emplace_back([&] {
            for (int who = next++; who < clients; who = next++)
                come_and_go(server.port(), who, answered, wrong);
        });
    for (auto& thread : threads) thread.join();
    EXPECT_EQ(wrong, 0);
    EXPECT_EQ(answered, clients / 5 * 2 * 3);
    EXPECT_TRUE(server->drain(seconds(10)));
}

TEST(CompletionTransport, AnswersPipelinedRequestsInOrderFromOtherThreads) {
    OtherThreads others(3);
    TestServer server(routes_answered_by(others));
    RawClient client(server.port());
    std::string bytes;
    for (int i = 0; i < 1'000; ++i) bytes += get("/elsewhere/" + std::to_string(i));
    ASSERT_TRUE(client.send(bytes));
    for (int i = 0; i < 1'000; ++i) ASSERT_EQ(client.read_answer()->body, std::to_string(i));
}

TEST(CompletionTransport, TakesTheFirstAnswerOnly) {
    RouteTable routes;
    routes.add(Method::get, "/twice", [](auto, auto responder) {
        responder->send(text("first"));
        responder->send(text("second"));
    });
    TestServer server(std::move(routes));
    RawClient client(server.port());
    EXPECT_EQ(client.ask(get("/twice"))->body, "first");
    EXPECT_EQ(client.ask(get("/twice"))->body, "first");
}

TEST(CompletionTransport, RunsClosuresOnTheWorkerThatOwnsTheConnection) {
    OtherThreads others(1);
    RouteTable routes;
    routes.add(Method::get, "/back", [&others](auto, auto responder) {
        const auto worker = std::this_thread::get_id();
        others.give([responder, worker] {
            const auto other = std::this_thread::get_id();
            responder->post([responder, worker, other] {
                const auto here = std::this_thread::get_id();
                responder->send(text(here == worker && here != other ? "back" : "astray"));
            });
        });
    });
    TestServer server(std::move(routes));
    RawClient client(server.port());
    for (int i = 0; i < 100; ++i) ASSERT_EQ(client.ask(get("/back"))->body, "back");
}

TEST(CompletionTransport, DropsAnswersThatComeAfterTheServersEnd) {
    std::shared_ptr<Responder> kept;
    std::latch taken(1);
    RouteTable routes;
    routes.add(Method::get, "/kept", [&](auto, auto responder) {
        kept = responder;
        taken.count_down();
    });
    {
        TestServer server(std::move(routes));
        RawClient client(server.port());
        ASSERT_TRUE(client.send(get("/kept")));
        taken.wait();
    }
    kept->post([] { FAIL() << "the server has ended"; });
    kept->send(text("too late"));
    kept.reset();
}

TEST(CompletionTransport, TellsTheObserverOfEachRequest) {
    std::mutex mutex;
    std::map<std::string, int> seen;
    std::latch all(4);
    ServerHooks hooks;
    hooks.observer = [&](const FinishedRequest& finished) {
        {
            const std::lock_guard lock(mutex);
            EXPECT_EQ(finished.request_id.size(), 30U);
            EXPECT_GE(finished.took.count(), 0);
            ++seen
                [std::string(method_name(finished.method)) + " " + std::string(finished.route) +
                 " " + std::to_string(finished.status)];
        }
        all.count_down();
    };
    TestServer server(test_routes(), {}, hooks);
    RawClient client(server.port());
    client.ask(get("/named/a"));
    client.ask(get("/named/b"));
    client.ask(get("/nowhere"));
    client.ask("nonsense\r\n");
    all.wait();
    const std::lock_guard lock(mutex);
    EXPECT_EQ(
        seen,
        (std::map<std::string, int>{
            {"GET /named/{name} 200", 2}, {"GET  404", 1}, {"OTHER  400", 1}})
    );
}

TEST(CompletionTransport, LetsTheLayerAboveWriteProblems) {
    ServerHooks hooks;
    hooks.problem = [](int status, auto code, auto, auto request_id) {
        auto response = text(std::string(code) + " " + std::string(request_id));
        response.status = status;
        return response;
    };
    TestServer server(test_routes(), {}, hooks);
    RawClient client(server.port());
    const auto answer = client.ask(get("/nowhere"));
    EXPECT_EQ(answer->body, "not_found " + answer->headers.at("x-request-id"));
}

TEST(Drain, AnswersWhatWasTakenAndClosesWhatIsIdle) {
    std::shared_ptr<Responder> kept;
    std::latch taken(1);
    RouteTable routes = test_routes();
    routes.add(Method::get, "/kept", [&](auto, auto responder) {
        kept = std::move(responder);
        taken.count_down();
    });
    TestServer server(std::move(routes));
    RawClient idle(server.port());
    RawClient busy(server.port());
    ASSERT_EQ(idle.ask(get("/ok"))->body, "ok");
    ASSERT_TRUE(busy.send(get("/kept")));
    taken.wait();

    std::thread drainer([&] { EXPECT_TRUE(server->drain(seconds(10))); });
    EXPECT_TRUE(idle.is_closed());
    EXPECT_FALSE(RawClient(server.port()).is_connected());
    kept->send(text("still"));
    const auto answer = busy.read_answer();
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->body, "still");
    EXPECT_EQ(answer->headers.at("connection"), "close");
    EXPECT_TRUE(busy.is_closed());
    drainer.join();
    EXPECT_EQ(server->connections(), 0U);
}

TEST(Drain, SaysThatSomeoneDidNotFinish) {
    std::shared_ptr<Responder> kept;
    std::latch taken(1);
    RouteTable routes;
    routes.add(Method::get, "/kept", [&](auto, auto responder) {
        kept = std::move(responder);
        taken.count_down();
    });
    TestServer server(std::move(routes));
    RawClient client(server.port());
    ASSERT_TRUE(client.send(get("/kept")));
    taken.wait();
    EXPECT_FALSE(server->drain(std::chrono::milliseconds(1)));
    EXPECT_EQ(server->connections(), 1U);
}

TEST(Drain, LeavesOpenConnectionsAloneWhenOnlyThePortIsClosed) {
    TestServer server;
    RawClient client(server.port());
    ASSERT_EQ(client.ask(get("/ok"))->body, "ok");
    const auto port = server.port();
    server->stop_accepting();
    EXPECT_FALSE(RawClient(port).is_connected());
    EXPECT_EQ(client.ask(get("/ok"))->body, "ok");
}

}  // namespace
}  // namespace verbatim::api::test
