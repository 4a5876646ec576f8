#include "tests/support/listeners.hpp"

#include "tests/support/moments.hpp"

#include <algorithm>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_future.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/websocket.hpp>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <optional>
#include <thread>

namespace verbatim::testing {

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace websocket = boost::beast::websocket;
using nlohmann::json;
using tcp = asio::ip::tcp;
using Stream = websocket::stream<tcp::socket>;

constexpr std::size_t faults_max = 20;
// Between looks for a node that runs.
constexpr std::chrono::milliseconds look_interval{20};

// Closings that say nothing against the cursor: going on there or elsewhere is what they ask for.
bool is_of_node(const beast::error_code& error, unsigned code) {
    if (error != websocket::error::closed) return true;  // it was cut off
    return code == 1001 || code == 1013 || code == 4408;
}

}  // namespace

// All on the feeds' thread, but for what is posted to it.
struct Listeners::Crowd {
    explicit Crowd(Options given) : options(std::move(given)) {}

    // Runs `work` there and waits for what it gives.
    template <class Work>
    auto ask(Work work) {
        return asio::post(io, asio::use_future(std::move(work))).get();
    }
    void fault(std::string what) {
        if (faults.size() < faults_max) faults.push_back(std::move(what));
    }

    const Options options;
    asio::io_context io{1};
    asio::executor_work_guard<asio::io_context::executor_type> open = asio::make_work_guard(io);
    std::vector<std::shared_ptr<Feed>> feeds;
    std::vector<Heard> story;
    std::vector<std::string> faults;
    std::size_t resumptions = 0;
    bool ending = false;
    std::thread thread;
};

class Listeners::Feed : public std::enable_shared_from_this<Feed> {
public:
    Feed(Crowd& crowd, std::size_t index)
        : crowd_(crowd), index_(index), home_(index % crowd.options.nodes), timer_(crowd.io) {}

    void open() {
        if (crowd_.ending) return;
        caught_up_ = false;
        const auto port = choose_node();
        if (!port) return look_again();
        stream_ = std::make_shared<Stream>(crowd_.io);
        stream_->next_layer().async_connect(
            {asio::ip::address_v4::loopback(), *port},
            [self = shared_from_this(), stream = stream_](beast::error_code error) {
                if (error) return self->look_again();
                self->shake_hands(stream);
            }
        );
    }
    void close() {
        timer_.cancel();
        if (!stream_) return;
        beast::error_code ignored;
        stream_->next_layer().close(ignored);
    }
    void go_home() {
        if (node_ != home_) close();  // opens anew, there
    }
    [[nodiscard]] bool is_caught_up() const { return caught_up_; }
    [[nodiscard]] bool is_home() const { return caught_up_ && node_ == home_; }
    [[nodiscard]] std::uint64_t position() const { return position_; }

private:
    std::optional<std::uint16_t> choose_node() {
        const std::size_t nodes = crowd_.options.nodes;
        for (std::size_t i = 0; i < nodes; ++i) {
            node_ = (home_ + i) % nodes;
            if (const auto port = crowd_.options.port_of(node_); port != 0) return port;
        }
        return std::nullopt;
    }

    void look_again() {
        timer_.expires_after(look_interval);
        timer_.async_wait([self = shared_from_this()](beast::error_code error) {
            if (!error) self->open();
        });
    }

    void shake_hands(const std::shared_ptr<Stream>& stream) {
        const auto& tokens = crowd_.options.tokens;
        const std::string& token = tokens[index_ % tokens.size()];
        std::string target = "/api/v1/feed?room=" + crowd_.options.room;
        if (!epoch_.empty()) {
            target += "&after=" + std::to_string(position_) + "&epoch=" + epoch_;
            ++crowd_.resumptions;
        }
        stream->set_option(websocket::stream_base::decorator([token](auto& request) {
            request.set("Authorization", "Bearer " + token);
        }));
        stream->async_handshake(
            "127.0.0.1",
            target,
            [self = shared_from_this(), stream](beast::error_code error) {
                if (error) return self->look_again();
                self->read(stream);
            }
        );
    }

    void read(const std::shared_ptr<Stream>& stream) {
        stream->async_read(
            buffer_,
            [self = shared_from_this(), stream](beast::error_code error, std::size_t) {
                if (error) return self->ended(*stream, error);
                const auto bytes = self->buffer_.cdata();
                self->take({static_cast<const char*>(bytes.data()), bytes.size()});
                self->buffer_.consume(bytes.size());
                self->read(stream);
            }
        );
    }

    void ended(const Stream& stream, const beast::error_code& error) {
        buffer_.clear();
        caught_up_ = false;
        if (crowd_.ending) return;
        const auto code = static_cast<unsigned>(stream.reason().code);
        if (!is_of_node(error, code))
            crowd_.fault(who() + "was closed with " + std::to_string(code));
        look_again();
    }

    void take(std::string_view frame) {
        const std::vector<Heard>& story = crowd_.story;
        // As others heard it: nothing about it has to be understood anew.
        if (next_ < story.size() && story[next_].frame == frame) {
            position_ = story[next_++].position;
            return;
        }
        const json said = json::parse(frame, nullptr, false);
        if (said.is_discarded())
            return crowd_.fault(who() + "heard no JSON: " + std::string(frame));
        const std::string type = said.at("type");
        if (type == "welcome" && epoch_.empty()) {
            epoch_ = said.at("epoch");
            position_ = said.at("position");
        }
        if (type == "caught_up") caught_up_ = true;
        // Those of accounts are of no room's sequence.
        if (type == "event" && said.at("event").contains("room_seq"))
            take_event(frame, said.at("event"));
    }

    void take_event(std::string_view frame, const json& event) {
        const std::uint64_t seq = event.at("room_seq");
        const std::uint64_t position = event.at("position");
        const std::uint64_t wanted = crowd_.options.room_seq + next_ + 1;
        if (seq != wanted)
            return crowd_.fault(
                who() + "heard room_seq " + std::to_string(seq) + ", and " +
                std::to_string(wanted) + " is next"
            );
        if (next_ < crowd_.story.size())
            return crowd_.fault(
                who() + "heard " + std::string(frame) + ", and others " + crowd_.story[next_].frame
            );
        if (position <= position_) return crowd_.fault(who() + "heard positions out of order");
        position_ = position;
        crowd_.story.push_back({.room_seq = seq, .position = position, .frame = std::string(frame)}
        );
        ++next_;
    }

    [[nodiscard]] std::string who() const {
        return "feed " + std::to_string(index_) + " at node " + std::to_string(node_) + " ";
    }

    Crowd& crowd_;
    const std::size_t index_;
    const std::size_t home_;
    std::size_t node_ = 0;  // where it is, or goes
    asio::steady_timer timer_;
    std::shared_ptr<Stream> stream_;
    beast::flat_buffer buffer_;
    std::string epoch_;
    std::uint64_t position_ = 0;  // its cursor
    std::size_t next_ = 0;        // its place in the story
    bool caught_up_ = false;
};

Listeners::Listeners(Options options) : crowd_(std::make_unique<Crowd>(std::move(options))) {
    crowd_->thread = std::thread([crowd = crowd_.get()] { crowd->io.run(); });
    crowd_->ask([crowd = crowd_.get()] {
        for (std::size_t i = 0; i < crowd->options.count; ++i) {
            crowd->feeds.push_back(std::make_shared<Feed>(*crowd, i));
            crowd->feeds.back()->open();
        }
    });
    EXPECT_TRUE(comes_true([this] {
        return crowd_->ask([crowd = crowd_.get()] {
            return std::ranges::all_of(crowd->feeds, [](const auto& feed) {
                return feed->is_caught_up();
            });
        });
    })) << "not every feed is caught up";
}

Listeners::~Listeners() {
    crowd_->ask([crowd = crowd_.get()] {
        crowd->ending = true;
        for (const auto& feed : crowd->feeds) feed->close();
        crowd->open.reset();
    });
    crowd_->thread.join();
}

bool Listeners::hear_until(std::uint64_t position) {
    const auto behind = [&] {
        return crowd_->ask([&] {
            return std::ranges::count_if(crowd_->feeds, [&](const auto& feed) {
                return feed->position() < position;
            });
        });
    };
    const bool all_did = comes_true([&] { return behind() == 0; });
    EXPECT_TRUE(all_did) << behind() << " feeds did not hear of position " << position;
    return all_did;
}

void Listeners::go_home() {
    crowd_->ask([this] {
        for (const auto& feed : crowd_->feeds) feed->go_home();
    });
    EXPECT_TRUE(comes_true([this] {
        return crowd_->ask([this] {
            return std::ranges::all_of(crowd_->feeds, [](const auto& feed) {
                return feed->is_home();
            });
        });
    })) << "not every feed came home";
}

std::vector<Listeners::Heard> Listeners::story() const {
    return crowd_->ask([this] { return crowd_->story; });
}

std::vector<std::string> Listeners::faults() const {
    return crowd_->ask([this] { return crowd_->faults; });
}

std::size_t Listeners::resumptions() const {
    return crowd_->ask([this] { return crowd_->resumptions; });
}

}  // namespace verbatim::testing
