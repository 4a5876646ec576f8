#include "tests/support/server_crowd.hpp"

#include <gtest/gtest.h>

namespace verbatim::testing {

namespace {

constexpr std::chrono::seconds round_patience{60};

}  // namespace

Crowd::Crowd(const ServerProcess& server, std::size_t size, std::uint64_t seed) : members_(size) {
    nlohmann::json ids = nlohmann::json::array();
    for (std::size_t i = 0; i < size; ++i) {
        people_.emplace_back(server, "crowd-" + std::to_string(i));
        ids.push_back(people_.back().id());
        members_[i].random.seed(seed + i);
    }
    for (int i = 0; i < 2; ++i) rooms_.push_back(people_[0].create_room({{"members", ids}}));
    door_ = people_[0].create_room({{"name", "the door"}});
    members_[0].inside = true;
}

void Crowd::begin_round() {
    gone_ = 0;
    for (std::size_t i = 0; i < people_.size(); ++i)
        threads_.emplace_back([this, i] { act_until_gone(i); });
}

void Crowd::wait_for(std::size_t acknowledgements) {
    std::unique_lock lock(mutex_);
    const std::size_t wanted = acknowledged_.size() + acknowledgements;
    EXPECT_TRUE(answered_.wait_for(lock, round_patience, [&] {
        return acknowledged_.size() >= wanted || gone_ == people_.size();
    }));
    EXPECT_LT(gone_, people_.size()) << "everybody gave up before the server was killed";
}

void Crowd::end_round() {
    for (std::thread& thread : threads_) thread.join();
    threads_.clear();
}

void Crowd::act_until_gone(std::size_t who) {
    for (;;) {
        CrowdCommand command = next_command(who);
        const auto answer = send(command);
        const std::lock_guard lock(mutex_);
        if (answer) {
            EXPECT_LT(answer->status, 300) << command.method << command.path << answer->body;
            command.position = answer->position();
            learn_from(command, *answer);
            acknowledged_.push_back(std::move(command));
        } else {
            (command.key.empty() ? unknown_ : unanswered_).push_back(std::move(command));
            ++gone_;
        }
        answered_.notify_one();
        if (!answer) return;
    }
}

CrowdCommand Crowd::next_command(std::size_t who) {
    Member& member = members_[who];
    const auto one_of = [&](std::size_t count) { return member.random() % count; };
    std::uint64_t number = 0;
    {
        const std::lock_guard lock(mutex_);
        number = ++commands_;
    }
    CrowdCommand command{
        .by = who,
        .method = "POST",
        .path = "/rooms",
        .body = nullptr,
        .key = {},
        .event = {},
        .text = "text " + std::to_string(number),
        .position = 0};
    if (one_of(2) == 0) command.key = "key-" + std::to_string(number);
    const auto kind = one_of(10);
    if (kind == 0) {
        command.body = {{"name", command.text}, {"visibility", "private"}};
        command.event = "room.created";
    } else if (kind == 1 && who != 0) {
        // After a kill nobody knows whether they are inside: neither is an error then.
        command.path += "/" + door_ + (member.inside ? "/leave" : "/join");
        command.text.clear();
        member.inside = !member.inside;
    } else if (kind <= 3 && !member.own_messages.empty()) {
        command.method = "PATCH";
        command.path = member.own_messages[one_of(member.own_messages.size())];
        command.body = {{"text", command.text}};
        command.event = "message.edited";
    } else {
        command.path += "/" + rooms_[one_of(rooms_.size())] + "/messages";
        command.body = {{"text", command.text}};
        command.event = "message.sent";
    }
    return command;
}

std::optional<HttpAnswer> Crowd::send(const CrowdCommand& command) {
    Headers headers;
    if (!command.key.empty()) headers.emplace_back("Idempotency-Key", command.key);
    const std::string body = command.body.is_null() ? std::string() : command.body.dump();
    HttpAnswer answer = people_[command.by].ask(command.method, command.path, headers, body);
    if (answer.status == 0) return std::nullopt;
    return answer;
}

void Crowd::learn_from(const CrowdCommand& command, const HttpAnswer& answer) {
    if (command.event != "message.sent" || answer.status != 201) return;
    members_[command.by].own_messages.push_back(
        command.path + "/" + std::to_string(answer.room_seq())
    );
}

void Crowd::retry_unanswered() {
    for (CrowdCommand& command : unanswered_) {
        const auto first = send(command);
        ASSERT_TRUE(first.has_value());
        ASSERT_LT(first->status, 300) << command.method << command.path << first->body;
        const auto again = send(command);
        ASSERT_TRUE(again.has_value());
        EXPECT_EQ(again->header("idempotency-replayed"), "true");
        EXPECT_EQ(again->position(), first->position());
        command.position = first->position();
        learn_from(command, *first);
        acknowledged_.push_back(std::move(command));
    }
    unanswered_.clear();
    // Who may be inside or not enters: once more is no event.
    for (std::size_t i = 1; i < people_.size(); ++i) {
        EXPECT_EQ(people_[i].post("/rooms/" + door_ + "/join").status, 200);
        members_[i].inside = true;
    }
}

}  // namespace verbatim::testing
