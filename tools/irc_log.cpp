#include "tools/irc_log.hpp"

#include "eventstore/digest.hpp"
#include "protocol/request_json.hpp"

#include <charconv>
#include <chrono>

namespace verbatim {

namespace {

constexpr std::string_view hex_digits = "0123456789abcdef";

void append_hex(std::string& out, std::uint8_t byte) {
    out += hex_digits[byte >> 4];
    out += hex_digits[byte & 15];
}

// A code point below U+10000.
void append_utf8(std::string& out, unsigned code_point) {
    if (code_point < 0x80) {
        out += static_cast<char>(code_point);
    } else if (code_point < 0x800) {
        out += static_cast<char>(0xc0 | code_point >> 6);
        out += static_cast<char>(0x80 | (code_point & 0x3f));
    } else {
        out += static_cast<char>(0xe0 | code_point >> 12);
        out += static_cast<char>(0x80 | (code_point >> 6 & 0x3f));
        out += static_cast<char>(0x80 | (code_point & 0x3f));
    }
}

std::optional<int> number(std::string_view text) {
    int value = 0;
    const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (text.empty() || fault != std::errc() || end != text.data() + text.size())
        return std::nullopt;
    return value;
}

// "[HH:MM] " at the beginning, as minutes since midnight.
std::optional<int> minute_at_begin(std::string_view line) {
    if (line.size() < 8 || line[0] != '[' || line[3] != ':' || line[6] != ']' || line[7] != ' ')
        return std::nullopt;
    const auto hour = number(line.substr(1, 2));
    const auto minute = number(line.substr(4, 2));
    if (!hour || !minute || *hour > 23 || *minute > 59) return std::nullopt;
    return *hour * 60 + *minute;
}

IrcLine spoken(std::string_view line, int minute) {
    IrcLine parsed{.kind = IrcLine::Kind::nothing, .minute_of_day = minute, .nick = {}, .text = {}};
    std::string_view rest = line.substr(8);
    const bool is_action = rest.starts_with(" * ") || rest.starts_with("* ");
    if (!is_action && !rest.starts_with("<")) return parsed;
    if (is_action) {
        rest.remove_prefix(rest.find('*') + 2);
        parsed.nick = valid_text(rest.substr(0, rest.find(' ')));
        const std::size_t space = rest.find(' ');
        rest = space == std::string_view::npos ? "" : rest.substr(space + 1);
    } else {
        const std::size_t end = rest.find('>');
        if (end == std::string_view::npos) return parsed;
        parsed.nick = valid_text(rest.substr(1, end - 1));
        rest.remove_prefix(end + 1);
        if (rest.starts_with(' ')) rest.remove_prefix(1);
    }
    parsed.text = valid_text(rest);
    if (!parsed.nick.empty() && !parsed.text.empty())
        parsed.kind = is_action ? IrcLine::Kind::action : IrcLine::Kind::message;
    return parsed;
}

IrcLine announced(std::string_view line) {
    const std::string_view rest = line.substr(4);
    IrcLine parsed{
        .kind = IrcLine::Kind::notice, .minute_of_day = {}, .nick = {}, .text = valid_text(rest)};
    const std::string_view nick = rest.substr(0, rest.find(' '));
    const std::string_view after = rest.substr(nick.size());
    constexpr std::string_view known_as = " is now known as ";
    if (after.starts_with(known_as) && after.find(' ', known_as.size()) == std::string_view::npos &&
        after.size() > known_as.size()) {
        parsed.kind = IrcLine::Kind::renamed;
        parsed.nick = valid_text(nick);
        parsed.text = valid_text(after.substr(known_as.size()));
        return parsed;
    }
    // The address stands in brackets; what follows its end tells what happened.
    const bool has_address = after.starts_with(" [") || after.starts_with("  [");
    if (!has_address) return parsed;
    // The first of the two: a reason for leaving may quote anything.
    const std::size_t joined = after.find("]  has joined #");
    const std::size_t left = after.find("]  has left #");
    if (joined == left) return parsed;  // neither
    parsed.kind = joined < left ? IrcLine::Kind::joined : IrcLine::Kind::left;
    parsed.nick = valid_text(nick);
    return parsed;
}

}  // namespace

IrcLine parse_irc_line(std::string_view line) {
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (const auto minute = minute_at_begin(line)) return spoken(line, *minute);
    if (line.starts_with("=== ") && line.size() > 4) return announced(line);
    return {};
}

std::optional<IrcFileTime> irc_file_time(std::string_view file_name) {
    if (file_name.size() < 13 || file_name[4] != '-' || file_name[7] != '-' || file_name[10] != '_')
        return std::nullopt;
    const auto year = number(file_name.substr(0, 4));
    const auto month = number(file_name.substr(5, 2));
    const auto day = number(file_name.substr(8, 2));
    const auto hour = number(file_name.substr(11, 2));
    if (!year || !month || !day || !hour || *hour > 23) return std::nullopt;
    const std::chrono::year_month_day date{
        std::chrono::year(*year),
        std::chrono::month(static_cast<unsigned>(*month)),
        std::chrono::day(static_cast<unsigned>(*day))};
    if (!date.ok()) return std::nullopt;
    const auto since_epoch = std::chrono::sys_days(date).time_since_epoch();
    return IrcFileTime{
        .midnight =
            Timestamp(std::chrono::duration_cast<std::chrono::microseconds>(since_epoch).count()),
        .hour = *hour};
}

std::string fold_nick(std::string_view nick) {
    std::string folded(nick);
    for (char& c : folded) {
        // RFC 1459 2.2: the Scandinavian origin of IRC; the four pairs are 32 apart, like letters.
        const bool is_upper = (c >= 'A' && c <= 'Z') || c == '[' || c == ']' || c == '\\';
        if (is_upper) c = static_cast<char>(c + 32);
        if (c == '~') c = '^';
    }
    return folded;
}

std::string username_of_nick(std::string_view nick) {
    const std::string folded = fold_nick(nick);
    std::string name;
    for (const char c : folded) {
        const bool stays = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
        if (stays) {
            name += c;
        } else {
            name += '.';
            append_hex(name, static_cast<std::uint8_t>(c));
        }
    }
    if (name.size() < 3) name += "..";
    if (name.size() <= 32) return name;
    name.resize(20);
    name += ".h";
    const Digest digest = sha256({folded});
    for (std::size_t i = 0; i < 5; ++i) append_hex(name, digest[i]);
    return name;
}

std::string valid_text(std::string_view bytes) {
    // C1 controls have no pictures, and to show what Windows would have meant is a guess: they
    // become the neighbour of those of the others, U+2426.
    constexpr std::uint32_t no_picture = 0x2426;
    const bool is_utf8 = is_valid_utf8(bytes);
    std::string text;
    text.reserve(bytes.size());
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        const char c = bytes[i];
        const auto byte = static_cast<std::uint8_t>(c);
        const auto next = static_cast<std::uint8_t>(i + 1 < bytes.size() ? bytes[i + 1] : 0);
        // U+0080 to U+009F, as UTF-8 writes them.
        const bool is_c1 = is_utf8 && byte == 0xc2 && next < 0xa0;
        if (is_c1) {
            append_utf8(text, no_picture);
            ++i;
        } else if (byte < 0x20 && c != '\t') {
            append_utf8(text, 0x2400u + byte);
        } else if (byte == 0x7f) {
            append_utf8(text, 0x2421);
        } else if (byte >= 0x80 && !is_utf8) {
            append_utf8(text, byte < 0xa0 ? no_picture : byte);
        } else {
            text += c;
        }
    }
    return text;
}

}  // namespace verbatim
