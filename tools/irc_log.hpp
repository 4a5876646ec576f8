#pragma once

#include "domain/ids.hpp"

#include <optional>
#include <string>
#include <string_view>

// IRC logs as channel loggers write them: a file for some hours of one channel.
//   [HH:MM] <nick> text          a message
//   [HH:MM]  * nick text         an action
//   === nick [user@host]  has joined #channel   (left, with a reason in brackets)
//   === old is now known as new
//   === anything else            a notice
namespace verbatim {

struct IrcLine {
    enum class Kind { message, action, joined, left, renamed, notice, nothing };

    Kind kind = Kind::nothing;  // nothing: no line of such a log, or one without a text
    std::optional<int> minute_of_day;
    std::string nick;  // of the speaker; renamed: the old one. Empty for notices
    std::string text;  // as it was written, made valid (see valid_text); renamed: the new nick
};

// One line, without its line end. Never fails: what is nothing else is `nothing`.
[[nodiscard]] IrcLine parse_irc_line(std::string_view line);

// Midnight of the date in a file name `YYYY-MM-DD_HH…` and the hour; nullopt when it has none.
struct IrcFileTime {
    Timestamp midnight;
    int hour = 0;
};
[[nodiscard]] std::optional<IrcFileTime> irc_file_time(std::string_view file_name);

// Nicks are equal without regard to case, where {}|^ are the lower case of []\~ (RFC 1459 2.2).
[[nodiscard]] std::string fold_nick(std::string_view nick);

// A username for each folded nick, and no two for one: letters, digits, '-' and '_' stay, any other
// byte becomes '.' and two hex digits; "..": padding to three characters; longer than 32: 20
// characters,
// ".h" and ten hex digits of the SHA-256 of the nick.
[[nodiscard]] std::string username_of_nick(std::string_view nick);

// Valid UTF-8 without control characters, nothing dropped: bytes that are no UTF-8 are read as
// ISO 8859-1, control characters become their pictures (U+2400…).
[[nodiscard]] std::string valid_text(std::string_view bytes);

}  // namespace verbatim
