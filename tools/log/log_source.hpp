#pragma once

#include "domain/result.hpp"
#include "tools/interrupt.hpp"
#include "tools/log/log_event.hpp"
#include "tools/log/log_query.hpp"

#include <filesystem>
#include <memory>
#include <optional>
#include <string>

namespace verbatim {

// What became of a message since.
struct MessageFate {
    bool is_edited = false;
    bool is_deleted = false;
};

// A log to read: that of a data directory, or of a server. Reads on as it is asked, and never holds
// more than a bounded piece.
//
// Errors: all are sentences for people; the reading is over then.
// Threads: one.
class LogSource {
public:
    template <class Value>
    using Result = Expected<Value, std::string>;

    virtual ~LogSource() = default;

    // The last position that there is now.
    [[nodiscard]] virtual Result<Position> head() = 0;
    // Begins to read what `query` lets through.
    [[nodiscard]] virtual Result<void> begin(const LogQuery& query) = 0;
    // The next of it; nullopt at the end of what there is, and when the user wants no more.
    // Requires: begin().
    [[nodiscard]] virtual Result<std::optional<LogEvent>> next() = 0;
    // The last position that was looked at.
    [[nodiscard]] virtual Position reached() const = 0;
    // After the end: waits until there may be more, then next() goes on. False: the user wants no
    // more.
    [[nodiscard]] virtual Result<bool> wait_for_more() = 0;

    // nullopt: there is no such name.
    [[nodiscard]] virtual Result<std::optional<UserId>> find_user(const std::string& username) = 0;
    [[nodiscard]] virtual Result<std::optional<RoomId>> find_room(const std::string& alias) = 0;
    // What people call them now: username; alias with a '#', or name. nullopt: they have none (any
    // more), or it cannot be found out.
    [[nodiscard]] virtual std::optional<std::string> name_of(const UserId& user) = 0;
    [[nodiscard]] virtual std::optional<std::string> name_of(const RoomId& room) = 0;
    // nullopt: it cannot be found out.
    [[nodiscard]] virtual std::optional<MessageFate> fate_of(const RoomId& room, Version seq) = 0;
    // What the log takes on disk, where that can be known.
    [[nodiscard]] virtual std::optional<std::uint64_t> disk_bytes() const = 0;
};

// Both: `interrupt` outlives the source.

// Reads a data directory, beside the server that writes it, too, as it is at this moment.
[[nodiscard]] LogSource::Result<std::unique_ptr<LogSource>> open_stored_log(
    const std::filesystem::path& data, const Interrupt& interrupt
);

// Asks a server at `url` over REST with the token of an auditor or admin.
[[nodiscard]] LogSource::Result<std::unique_ptr<LogSource>> open_remote_log(
    const std::string& url, const std::string& token, const Interrupt& interrupt
);

}  // namespace verbatim
