#include "tools/copy_requests.hpp"

#include <nlohmann/json.hpp>
#include <utility>

namespace verbatim {

namespace fs = std::filesystem;
using nlohmann::json;

namespace {

// {"copy_log_to": "/backups/log"}, answered by {"copied": bytes} … and {"copy": 3} or {"error": …}.
constexpr const char* request_member = "copy_log_to";

std::string failed(const std::string& why) {
    return json({{"error", why}}).dump(-1, ' ', false, json::error_handler_t::replace);
}

void answer(const CopyLog& copy, const std::string& text, const ControlReply& reply) {
    const json request = json::parse(text, nullptr, false);
    const bool is_known = request.is_object() && request.contains(request_member) &&
                          request.at(request_member).is_string();
    if (!is_known) return static_cast<void>(reply(failed("this server knows no such request")));
    const fs::path to = request.at(request_member).get<std::string>();
    if (!to.is_absolute())
        return static_cast<void>(reply(failed(to.string() + " is no absolute path")));
    const auto copied = copy(to, [&](std::uint64_t bytes) {
        return reply(json({{"copied", bytes}}).dump());
    });
    reply(copied ? json({{"copy", *copied}}).dump() : failed(describe(copied.error())));
}

StoreError unreadable(const std::string& line) {
    return {StoreFault::io_failed, {}, "the server answered: " + line};
}

}  // namespace

ControlHandler answer_copy_requests(CopyLog copy) {
    return [copy = std::move(copy)](const std::string& request, const ControlReply& reply) {
        answer(copy, request, reply);
    };
}

StoreResult<CopyNumber> ask_for_copy(
    const fs::path& data, const fs::path& to, const CopyProgress& progress
) {
    auto client = ControlClient::connect(data);
    if (!client) return failure(client.error());
    const std::string request = json({{request_member, to.string()}}).dump();
    if (auto sent = client->send(request); !sent) return failure(sent.error());
    while (true) {
        const auto line = client->next_line();
        if (!line) return failure(line.error());
        const json answer = json::parse(*line, nullptr, false);
        if (!answer.is_object()) return failure(unreadable(*line));
        if (answer.contains("error"))
            return failure(StoreError{
                StoreFault::io_failed, {}, "the server: " + answer.value("error", "")});
        if (answer.contains("copy")) return answer.value("copy", CopyNumber{0});
        if (!answer.contains("copied")) return failure(unreadable(*line));
        if (progress) progress(answer.value("copied", std::uint64_t{0}));
    }
}

}  // namespace verbatim
