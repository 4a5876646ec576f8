#include "projections/json_text.hpp"

#include "domain/invariant.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cstring>

namespace verbatim {
namespace {

using std::chrono::days;
using std::chrono::sys_days;
using std::chrono::year_month_day;

constexpr std::int64_t second_us = 1'000'000;
constexpr std::int64_t minute_us = 60 * second_us;
constexpr std::int64_t day_us = 24 * 60 * minute_us;

// RFC 3339 has four digits for the year.
constexpr std::int64_t first_day =
    sys_days(std::chrono::year(0) / 1 / 1).time_since_epoch().count();
constexpr std::int64_t end_day =
    sys_days(std::chrono::year(10'000) / 1 / 1).time_since_epoch().count();
bool has_four_digit_year(std::int64_t microseconds) {
    return microseconds >= first_day * day_us && microseconds < end_day * day_us;
}

constexpr bool must_be_escaped(unsigned char character) {
    return character < 0x20 || character == '"' || character == '\\';
}

constexpr std::uint64_t in_each_byte(std::uint8_t byte) {
    return 0x0101010101010101U * byte;
}
constexpr std::uint64_t high_bits = in_each_byte(0x80);

// Nonzero if one of the eight bytes must be escaped; exact about whether, not about which.
std::uint64_t find_escaped(std::uint64_t eight) {
    const std::uint64_t quotes = eight ^ in_each_byte('"');
    const std::uint64_t backslashes = eight ^ in_each_byte('\\');
    const std::uint64_t controls = (eight - in_each_byte(0x20)) & ~eight;
    return (controls | ((quotes - in_each_byte(1)) & ~quotes) |
            ((backslashes - in_each_byte(1)) & ~backslashes)) &
           high_bits;
}

// How many bytes of the beginning stand for themselves.
std::size_t plain_prefix(std::string_view text) {
    std::size_t size = 0;
    for (std::uint64_t eight = 0; size + sizeof eight <= text.size(); size += sizeof eight) {
        std::memcpy(&eight, text.data() + size, sizeof eight);
        if (find_escaped(eight) != 0) break;
    }
    while (size < text.size() && !must_be_escaped(static_cast<unsigned char>(text[size]))) ++size;
    return size;
}

void append_escaped(std::string& out, unsigned char character) {
    constexpr std::string_view hex = "0123456789abcdef";
    switch (character) {
        case '"': out += "\\\""; return;
        case '\\': out += "\\\\"; return;
        case '\b': out += "\\b"; return;
        case '\f': out += "\\f"; return;
        case '\n': out += "\\n"; return;
        case '\r': out += "\\r"; return;
        case '\t': out += "\\t"; return;
        default: break;
    }
    out += "\\u00";
    out += hex[character >> 4];
    out += hex[character & 0xf];
}

template <int digits>
char* put_digits(char* at, std::uint64_t value) {
    for (int i = digits - 1; i >= 0; --i, value /= 10) at[i] = static_cast<char>('0' + value % 10);
    return at + digits;
}

constexpr std::size_t rfc3339_characters = 27;  // 2021-03-04T05:06:07.000008Z
using Rfc3339 = std::array<char, rfc3339_characters>;

Rfc3339 rfc3339_characters_of(Timestamp time) {
    const std::int64_t us = time.microseconds();
    invariant(has_four_digit_year(us), "log times come from clocks and from parse_rfc3339");
    const auto day = std::chrono::floor<days>(
        std::chrono::sys_time<std::chrono::microseconds>(std::chrono::microseconds(us))
    );
    const year_month_day date(day);
    const auto rest = static_cast<std::uint64_t>(us - day.time_since_epoch().count() * day_us);
    const std::uint64_t seconds = rest / 1'000'000;

    Rfc3339 text{};
    char* at = put_digits<4>(text.data(), static_cast<std::uint64_t>(int(date.year())));
    *at++ = '-';
    at = put_digits<2>(at, unsigned(date.month()));
    *at++ = '-';
    at = put_digits<2>(at, unsigned(date.day()));
    *at++ = 'T';
    at = put_digits<2>(at, seconds / 3600);
    *at++ = ':';
    at = put_digits<2>(at, seconds / 60 % 60);
    *at++ = ':';
    at = put_digits<2>(at, seconds % 60);
    *at++ = '.';
    at = put_digits<6>(at, rest % 1'000'000);
    *at = 'Z';
    return text;
}

// Takes RFC 3339's grammar from the front of a text, noting the first thing that is not there.
class TimeReader {
public:
    explicit TimeReader(std::string_view text) : left_(text) {}

    int digits(std::size_t count, int max) {
        int value = 0;
        for (; count > 0; --count) value = value * 10 + digit();
        if (value > max) is_good_ = false;
        return value;
    }
    char one_of(std::string_view characters) {
        const char found = left_.empty() ? '\0' : left_.front();
        if (found == '\0' || characters.find(found) == std::string_view::npos) is_good_ = false;
        if (!left_.empty()) left_.remove_prefix(1);
        return found;
    }
    // After the point: 1 to 9 digits, in microseconds rounded down; without a point 0.
    int fraction() {
        if (!left_.starts_with('.')) return 0;
        left_.remove_prefix(1);
        int microseconds = 0;
        std::size_t count = 0;
        for (; count < 9 && is_digit(); ++count) {
            const int value = digit();
            if (count < 6) microseconds = microseconds * 10 + value;
        }
        if (count == 0) is_good_ = false;
        for (; count < 6; ++count) microseconds *= 10;
        return microseconds;
    }
    // Minutes east of UTC.
    int offset() {
        const char sign = one_of("Zz+-");
        if (sign != '+' && sign != '-') return 0;
        const int hours = digits(2, 23);
        one_of(":");
        const int minutes = hours * 60 + digits(2, 59);
        return sign == '-' ? -minutes : minutes;
    }
    [[nodiscard]] bool is_done() const { return is_good_ && left_.empty(); }

private:
    [[nodiscard]] bool is_digit() const {
        return !left_.empty() && left_.front() >= '0' && left_.front() <= '9';
    }
    int digit() {
        if (!is_digit()) {
            is_good_ = false;
            return 0;
        }
        const int value = left_.front() - '0';
        left_.remove_prefix(1);
        return value;
    }

    std::string_view left_;
    bool is_good_ = true;
};

// Leap seconds end a month in UTC (RFC 3339, 5.7).
bool ends_month(std::int64_t microseconds) {
    const std::int64_t next = microseconds + second_us;
    if (next % day_us != 0) return false;
    return year_month_day(sys_days(days(next / day_us))).day() == std::chrono::day(1);
}

}  // namespace

void append_json(std::string& out, std::string_view text) {
    out += '"';
    while (true) {
        const std::size_t plain = plain_prefix(text);
        out += text.substr(0, plain);
        if (plain == text.size()) break;
        append_escaped(out, static_cast<unsigned char>(text[plain]));
        text.remove_prefix(plain + 1);
    }
    out += '"';
}

void append_json(std::string& out, const Text& text) {
    if (text) {
        append_json(out, std::string_view(*text));
    } else {
        out += "null";
    }
}

void append_json(std::string& out, std::uint64_t number) {
    std::array<char, 20> digits{};
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
    out.append(digits.data(), end);
}

void append_json(std::string& out, Timestamp time) {
    const Rfc3339 text = rfc3339_characters_of(time);
    out += '"';
    out.append(text.data(), text.size());
    out += '"';
}

void append_json(std::string& out, const std::optional<Timestamp>& time) {
    if (time) {
        append_json(out, *time);
    } else {
        out += "null";
    }
}

std::string rfc3339(Timestamp time) {
    const Rfc3339 text = rfc3339_characters_of(time);
    return {text.data(), text.size()};
}

std::optional<Timestamp> parse_rfc3339(std::string_view text) {
    TimeReader reader(text);
    const int year = reader.digits(4, 9999);
    reader.one_of("-");
    const int month = reader.digits(2, 12);
    reader.one_of("-");
    const int day = reader.digits(2, 31);
    reader.one_of("Tt");
    const int hour = reader.digits(2, 23);
    reader.one_of(":");
    const int minute = reader.digits(2, 59);
    reader.one_of(":");
    const int second = reader.digits(2, 60);
    const int fraction = reader.fraction();
    const int offset = reader.offset();

    const year_month_day date(
        std::chrono::year(year),
        std::chrono::month(static_cast<unsigned>(month)),
        std::chrono::day(static_cast<unsigned>(day))
    );
    if (!reader.is_done() || !date.ok()) return std::nullopt;

    const bool is_leap = second == 60;
    const std::int64_t whole = sys_days(date).time_since_epoch().count() * day_us +
                               (hour * 60 + minute - offset) * minute_us +
                               (is_leap ? 59 : second) * second_us;
    if (!has_four_digit_year(whole) || (is_leap && !ends_month(whole))) return std::nullopt;
    return Timestamp(whole + (is_leap ? second_us - 1 : fraction));
}

}  // namespace verbatim
