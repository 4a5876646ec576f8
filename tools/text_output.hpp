#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace verbatim {

// Writes to a descriptor in large pieces. Once the reader has gone, or the device is full, all
// further text is dropped: ask is_open(). Not thread-safe.
class TextOutput {
public:
    explicit TextOutput(int descriptor);
    ~TextOutput() { flush(); }
    TextOutput(const TextOutput&) = delete;
    TextOutput& operator=(const TextOutput&) = delete;

    // On a terminal, at once; else when enough has come together.
    void write(std::string_view text);
    void flush();

    [[nodiscard]] bool is_terminal() const { return is_terminal_; }
    [[nodiscard]] bool is_open() const { return fault_ == 0; }
    // Why it is not open any more, for people; empty where the reader has gone (`| head`), which is
    // nobody's fault.
    [[nodiscard]] std::string fault() const;

private:
    int descriptor_;
    bool is_terminal_;
    int fault_ = 0;  // errno
    std::string waiting_;
};

// Whether to colour what is written there.
enum class Colour { automatic, always, never };
// Automatic: on a terminal that has colours, unless NO_COLOR is set (no-color.org).
[[nodiscard]] bool is_coloured(Colour colour, const TextOutput& output);

// `text` as one line that a terminal does not obey: control characters, line ends and marks that
// turn the direction of writing are shown as \n, \t, \x1b or \u202e, a backslash as it is.
// Requires: valid UTF-8.
[[nodiscard]] std::string printable(std::string_view text);
// How many columns `printable` text takes, as far as a terminal is asked by most: code points, with
// those of East Asian scripts and emoji taken twice.
[[nodiscard]] std::size_t columns_of(std::string_view text);

}  // namespace verbatim
