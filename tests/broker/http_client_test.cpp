#include "broker/http/http_client.hpp"

#include "tests/support/temporary_folder.hpp"

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/write.hpp>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <memory>
#include <mutex>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <sys/eventfd.h>
#include <thread>
#include <unistd.h>

namespace verbatim::testing {

namespace {

namespace net = boost::asio;
using ::testing::HasSubstr;
using tcp = net::ip::tcp;

TEST(HttpUrlOf, ReadsSchemeHostPortAndPath) {
    const auto plain = parse_http_url("http://127.0.0.1:8080");
    ASSERT_TRUE(plain.has_value());
    EXPECT_FALSE(plain->is_secure);
    EXPECT_EQ(plain->host, "127.0.0.1");
    EXPECT_EQ(plain->port, "8080");
    EXPECT_EQ(plain->path, "");
    const auto secure = parse_http_url("https://chat.example.org/verbatim/");
    ASSERT_TRUE(secure.has_value());
    EXPECT_TRUE(secure->is_secure);
    EXPECT_EQ(secure->port, "443");
    EXPECT_EQ(secure->path, "/verbatim");
    const auto ipv6 = parse_http_url("http://[::1]:81");
    ASSERT_TRUE(ipv6.has_value());
    EXPECT_EQ(ipv6->host, "::1");
    EXPECT_EQ(ipv6->port, "81");
}

TEST(HttpUrlOf, IsNoneOfAnythingElse) {
    for (const char* text :
         {"",
          "host",
          "ftp://host",
          "http://",
          "http://:80",
          "http://host:",
          "http://host:port",
          "http://user@host",
          "http://host?q",
          "http://host#f",
          "http://host:123456"})
        EXPECT_FALSE(parse_http_url(text).has_value()) << text;
}

TEST(PercentEncoding, KeepsWhatMayStand) {
    EXPECT_EQ(percent_encoded("aZ09-._~"), "aZ09-._~");
    EXPECT_EQ(percent_encoded("a b+c/ü"), "a%20b%2Bc%2F%C3%BC");
}

// Answers each request that it gets with what `answer` says, one connection after the other; an
// empty answer ends the connection.
class Server {
public:
    using AnswerTo = std::function<std::string(const std::string& head)>;
    enum class Then { go_on, end };
    explicit Server(AnswerTo answer, Then then = Then::go_on, net::ssl::context* tls = nullptr)
        : answer_(std::move(answer)), then_(then), tls_(tls), thread_([this] { serve(); }) {}
    ~Server() {
        // Wakes accept(), and whoever still waits for a request.
        over_ = true;
        tcp::socket last(io_);
        boost::system::error_code ignored;
        last.connect(acceptor_.local_endpoint(), ignored);
        last.close();
        thread_.join();
    }
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;

    [[nodiscard]] std::string url(const std::string& scheme = "http") const {
        return scheme + "://localhost:" + std::to_string(acceptor_.local_endpoint().port());
    }
    [[nodiscard]] int connections() const { return connections_; }

private:
    void serve() {
        while (true) {
            tcp::socket socket(io_);
            boost::system::error_code error;
            acceptor_.accept(socket, error);
            if (over_) return;
            ++connections_;
            if (tls_ == nullptr) {
                talk(socket);
                continue;
            }
            net::ssl::stream<tcp::socket> stream(std::move(socket), *tls_);
            stream.handshake(net::ssl::stream_base::server, error);
            if (!error) talk(stream);
        }
    }
    template <class Stream>
    void talk(Stream& stream) {
        std::string received;
        while (true) {
            const std::size_t end = received.find("\r\n\r\n");
            if (end == std::string::npos) {
                char piece[512];
                boost::system::error_code error;
                const std::size_t count = stream.read_some(net::buffer(piece), error);
                if (error) return;
                received.append(piece, count);
                continue;
            }
            const std::string answer = answer_(received.substr(0, end));
            received.erase(0, end + 4);
            boost::system::error_code error;
            net::write(stream, net::buffer(answer), error);
            if (answer.empty() || error || then_ == Then::end) return;
        }
    }

    AnswerTo answer_;
    Then then_;
    net::ssl::context* tls_;
    net::io_context io_;
    tcp::acceptor acceptor_{io_, {net::ip::address_v4::loopback(), 0}};
    std::atomic<bool> over_{false};
    std::atomic<int> connections_{0};
    std::thread thread_;
};

HttpClient client_of(const std::string& url, int interrupt = -1) {
    return HttpClient({.url = parse_http_url(url).value(), .interrupt = interrupt});
}

TEST(HttpClientOfAServer, ReadsAnswersOfBothKindsOverOneConnection) {
    Server server([](const std::string& head) -> std::string {
        if (head.starts_with("GET /sized "))
            return "HTTP/1.1 404 Not Found\r\nContent-Length: 5\r\n\r\nsized";
        return "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
               "3\r\nchu\r\n4\r\nnked\r\n0\r\n\r\n";
    });
    HttpClient client = client_of(server.url());
    const auto sized = client.get("/sized", 100);
    ASSERT_TRUE(sized.has_value()) << sized.error();
    EXPECT_EQ(sized->status, 404);
    EXPECT_EQ(sized->body, "sized");
    const auto chunked = client.get("/chunked", 100);
    ASSERT_TRUE(chunked.has_value()) << chunked.error();
    EXPECT_EQ(chunked->body, "chunked");
    EXPECT_EQ(server.connections(), 1);
}

TEST(HttpClientOfAServer, SendsItsHeadersAndTheUrlsPath) {
    std::string seen;
    Server server([&](const std::string& head) {
        seen = head;
        return std::string("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    });
    HttpClient client({
        .url = parse_http_url(server.url() + "/below").value(),
        .headers = {{"Authorization", "Bearer x"}},
    });
    ASSERT_TRUE(client.get("/path?q", 10).has_value());
    EXPECT_THAT(seen, HasSubstr("GET /below/path?q HTTP/1.1\r\n"));
    EXPECT_THAT(seen, HasSubstr("Authorization: Bearer x"));
    EXPECT_THAT(seen, HasSubstr("Host: localhost:"));
}

TEST(HttpClientOfAServer, OpensAnotherConnectionWhereTheKeptOneWasClosed) {
    int asked = 0;
    Server server([&](const std::string&) -> std::string {
        if (++asked == 2) return {};
        return "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
    });
    HttpClient client = client_of(server.url());
    ASSERT_TRUE(client.get("/", 10).has_value());
    const auto again = client.get("/", 10);
    ASSERT_TRUE(again.has_value()) << again.error();
    EXPECT_EQ(again->body, "ok");
    EXPECT_EQ(server.connections(), 2);
}

// Sent twice it might happen twice.
TEST(HttpClientOfAServer, PostsOnceOverANewConnection) {
    std::mutex mutex;
    std::vector<std::string> heads;
    const auto seen = [&] {
        const std::lock_guard lock(mutex);
        return heads;
    };
    Server server([&](const std::string& head) -> std::string {
        const std::lock_guard lock(mutex);
        heads.push_back(head);
        if (heads.size() == 3) return {};
        return "HTTP/1.1 202 Accepted\r\nContent-Length: 2\r\n\r\nok";
    });
    HttpClient client = client_of(server.url());
    ASSERT_TRUE(client.get("/", 10).has_value());
    const auto posted = client.post("/path", R"({"a": 1})", 10);
    ASSERT_TRUE(posted.has_value()) << posted.error();
    EXPECT_EQ(posted->status, 202);
    EXPECT_EQ(posted->body, "ok");
    EXPECT_EQ(server.connections(), 2);
    EXPECT_THAT(seen().back(), HasSubstr("POST /path HTTP/1.1\r\n"));
    EXPECT_THAT(seen().back(), HasSubstr("Content-Type: application/json"));
    EXPECT_THAT(seen().back(), HasSubstr("Content-Length: 8"));
    EXPECT_FALSE(client.post("/path", "{}", 10).has_value());
    EXPECT_EQ(seen().size(), 3u);
}

TEST(HttpClientOfAServer, SaysThatAnAnswerWasBrokenOff) {
    Server server(
        [](const std::string&) {
            return std::string("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf");
        },
        Server::Then::end
    );
    HttpClient client = client_of(server.url());
    EXPECT_THAT(client.get("/", 100).error(), HasSubstr("broke its answer off"));
}

TEST(HttpClientOfAServer, TakesNoLargerAnswerThanItShould) {
    Server server([](const std::string&) {
        return "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n" + std::string(1'000, 'x');
    });
    HttpClient client = client_of(server.url());
    EXPECT_THAT(client.get("/", 999).error(), HasSubstr("larger"));
    EXPECT_EQ(client.get("/", 1'000)->body.size(), 1'000u);
}

TEST(HttpClientOfAServer, StopsWaitingWhenItIsInterrupted) {
    Server server([](const std::string&) {
        return std::string("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n");
    });
    const int interrupt = ::eventfd(1, EFD_CLOEXEC);
    {
        HttpClient client = client_of(server.url(), interrupt);
        EXPECT_THAT(client.get("/", 100).error(), HasSubstr("interrupted"));
    }
    ::close(interrupt);
}

TEST(HttpClientOfNobody, SaysWhoDoesNotAnswer) {
    HttpClient client = client_of("http://127.0.0.1:1");
    EXPECT_THAT(client.get("/", 10).error(), HasSubstr("http://127.0.0.1:1: "));
}

// --- https

struct Freed {
    void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
    void operator()(X509* certificate) const { X509_free(certificate); }
    void operator()(std::FILE* file) const { std::fclose(file); }
};

// A certificate for `host` that signs itself, with its key, in files.
class Certificate {
public:
    explicit Certificate(const std::string& host) {
        const std::unique_ptr<EVP_PKEY, Freed> key(EVP_EC_gen("P-256"));
        const std::unique_ptr<X509, Freed> made(X509_new());
        X509_set_version(made.get(), X509_VERSION_3);
        ASN1_INTEGER_set(X509_get_serialNumber(made.get()), 1);
        X509_gmtime_adj(X509_getm_notBefore(made.get()), -60);
        X509_gmtime_adj(X509_getm_notAfter(made.get()), 3'600);
        X509_set_pubkey(made.get(), key.get());
        X509_NAME* const name = X509_get_subject_name(made.get());
        const auto* const text = reinterpret_cast<const unsigned char*>(host.c_str());
        X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, text, -1, -1, 0);
        X509_set_issuer_name(made.get(), name);
        const std::string names = "DNS:" + host;
        X509_EXTENSION* const extension =
            X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, names.c_str());
        X509_add_ext(made.get(), extension, -1);
        X509_EXTENSION_free(extension);
        X509_sign(made.get(), key.get(), EVP_sha256());
        const std::unique_ptr<std::FILE, Freed> out(std::fopen(file().c_str(), "w"));
        PEM_write_PrivateKey(out.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr);
        PEM_write_X509(out.get(), made.get());
    }
    [[nodiscard]] std::string file() const { return (folder_.path() / "server.pem").string(); }
    [[nodiscard]] net::ssl::context context() const {
        net::ssl::context made(net::ssl::context::tls_server);
        made.use_certificate_chain_file(file());
        made.use_private_key_file(file(), net::ssl::context::pem);
        return made;
    }

private:
    TemporaryFolder folder_;
};

class HttpsClientOfAServer : public ::testing::Test {
protected:
    static std::string ok(const std::string& /*head*/) {
        return "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nsecret";
    }
    static void trust(const Certificate& certificate) {
        ::setenv("SSL_CERT_FILE", certificate.file().c_str(), 1);
    }
    void TearDown() override { ::unsetenv("SSL_CERT_FILE"); }
};

TEST_F(HttpsClientOfAServer, TalksToOneThatItTrusts) {
    const Certificate certificate("localhost");
    auto tls = certificate.context();
    Server server(ok, Server::Then::go_on, &tls);
    trust(certificate);
    HttpClient client = client_of(server.url("https"));
    const auto answer = client.get("/", 10);
    ASSERT_TRUE(answer.has_value()) << answer.error();
    EXPECT_EQ(answer->body, "secret");
}

TEST_F(HttpsClientOfAServer, TalksToNobodyElse) {
    const Certificate certificate("localhost");
    const Certificate of_another_host("example.org");
    auto tls = certificate.context();
    auto other_tls = of_another_host.context();
    Server unknown(ok, Server::Then::go_on, &tls);
    EXPECT_THAT(client_of(unknown.url("https")).get("/", 10).error(), HasSubstr("certificate"));
    trust(of_another_host);
    Server another(ok, Server::Then::go_on, &other_tls);
    EXPECT_THAT(client_of(another.url("https")).get("/", 10).error(), HasSubstr("certificate"));
}

}  // namespace

}  // namespace verbatim::testing
