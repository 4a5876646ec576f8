#pragma once

#include "tests/support/server_person.hpp"

#include <condition_variable>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <random>
#include <string>
#include <vector>

namespace verbatim::testing {

// A command as it was sent, so that it can be sent again, and what came back.
struct CrowdCommand {
    std::size_t by = 0;  // place in the crowd
    std::string method;
    std::string path;
    nlohmann::json body;
    std::string key;             // empty: sent without one
    std::string event;           // the type that its success must have made; empty: none, maybe
    std::string text;            // that of the event, where it has one
    std::uint64_t position = 0;  // 0: not acknowledged
};

// A few people who send, edit, join, leave and create rooms, all at once, until the server is gone,
// and who remember every answer. Texts are never used twice.
class Crowd {
public:
    // Registers `size` people and makes the rooms they use: two where all are members for good, and
    // one that they enter and leave.
    Crowd(const ServerProcess& server, std::size_t size, std::uint64_t seed);

    // Runs everybody until nobody gets an answer any more; calls `kill` once `acknowledgements`
    // more commands were answered.
    template <class Kill>
    void run_until_killed(std::size_t acknowledgements, Kill kill) {
        begin_round();
        wait_for(acknowledgements);
        kill();
        end_round();
    }

    // Sends the keyed commands that got no answer again, until they have one.
    void retry_unanswered();

    [[nodiscard]] std::vector<Person>& people() { return people_; }
    [[nodiscard]] const std::vector<std::string>& rooms() const { return rooms_; }
    [[nodiscard]] const std::vector<CrowdCommand>& acknowledged() const { return acknowledged_; }
    // Sent without a key and never answered: may have happened once or not at all.
    [[nodiscard]] const std::vector<CrowdCommand>& unknown() const { return unknown_; }

private:
    struct Member {
        std::mt19937_64 random;
        std::vector<std::string> own_messages;  // paths
        bool inside = false;
    };

    void begin_round();
    void wait_for(std::size_t acknowledgements);
    void end_round();
    void act_until_gone(std::size_t who);
    [[nodiscard]] CrowdCommand next_command(std::size_t who);
    // nullopt: no answer came.
    std::optional<HttpAnswer> send(const CrowdCommand& command);
    void learn_from(const CrowdCommand& command, const HttpAnswer& answer);

    std::vector<Person> people_;
    std::vector<std::string> rooms_;
    std::string door_;
    std::vector<Member> members_;
    std::vector<std::thread> threads_;
    std::mutex mutex_;
    std::condition_variable answered_;
    std::vector<CrowdCommand> acknowledged_;
    std::vector<CrowdCommand> unanswered_;
    std::vector<CrowdCommand> unknown_;
    std::size_t gone_ = 0;
    std::uint64_t commands_ = 0;
};

}  // namespace verbatim::testing
