#pragma once

#include "domain/account_events.hpp"
#include "domain/ids.hpp"

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace verbatim {

// An event as the log's tools show it, read from its envelope: the same whether it came from a data
// directory or from a server.
struct LogEvent {
    Position position;
    std::optional<RoomId> room;
    std::optional<Version> room_seq;
    std::string type;
    Timestamp at;
    std::optional<Timestamp> occurred_at;
    UserId actor;
    Text text;                        // of a message or an edit; nullopt too where it is gone
    std::optional<std::string> kind;  // of a message: text, action, notice
    std::optional<Version> seq;       // the message that it names
    // The other members of `data` that are not null or empty: what is no text is JSON.
    std::vector<std::pair<std::string, std::string>> facts;
    std::string envelope;  // one line of JSON

    // When it happened, as far as anybody says.
    [[nodiscard]] Timestamp shown_time() const { return occurred_at.value_or(at); }
    [[nodiscard]] bool is_message() const { return type == "message.sent"; }
    [[nodiscard]] bool is_edit() const { return type == "message.edited"; }
};

// nullopt: no envelope.
[[nodiscard]] std::optional<LogEvent> parse_log_event(std::string envelope);

}  // namespace verbatim
