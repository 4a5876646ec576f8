#pragma once

#include <string_view>

namespace verbatim {

// Whether `text` is one emoji as people see it: a single pictograph, with a skin tone or a
// presentation selector or not, several joined by U+200D, a flag, or a keycap (Unicode Technical
// Standard #51). Characters that Unicode has set aside for emoji to come count too, so that a
// client may know newer ones than this build. Not the plain characters that only become emoji with
// more behind them: digits, '#', '*', or half a flag. Any thread; any bytes: false when not UTF-8.
[[nodiscard]] bool is_emoji(std::string_view text);

}  // namespace verbatim
