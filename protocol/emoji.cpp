#include "protocol/emoji.hpp"

#include "domain/limits.hpp"
#include "protocol/request_json.hpp"

#include <unicode/uchar.h>
#include <utf8.h>
#include <vector>

namespace verbatim {
namespace {

constexpr char32_t zero_width_joiner = 0x200d;
constexpr char32_t emoji_presentation = 0xfe0f;
constexpr char32_t keycap = 0x20e3;
constexpr char32_t first_tag = 0xe0020;
constexpr char32_t last_tag = 0xe007e;
constexpr char32_t end_of_tags = 0xe007f;

bool has(char32_t character, UProperty property) {
    return u_hasBinaryProperty(static_cast<UChar32>(character), property) != 0;
}

bool is_regional_indicator(char32_t character) {
    return has(character, UCHAR_REGIONAL_INDICATOR);
}

bool is_keycap_base(char32_t character) {
    return (character >= U'0' && character <= U'9') || character == U'#' || character == U'*';
}

// Unassigned ones with that property are set aside for emoji of later versions of Unicode.
bool is_pictograph(char32_t character) {
    if (is_keycap_base(character) || is_regional_indicator(character)) return false;
    if (has(character, UCHAR_EMOJI)) return true;
    return has(character, UCHAR_EXTENDED_PICTOGRAPHIC) &&
           u_charType(static_cast<UChar32>(character)) == U_UNASSIGNED;
}

// The grammar of UTS #51, 1.4.9, read from the front.
class EmojiText {
public:
    explicit EmojiText(std::u32string_view text) : left_(text) {}

    [[nodiscard]] bool is_one_emoji() {
        return (takes_flag() || takes_keycap() || takes_joined_pictographs()) && left_.empty();
    }

private:
    [[nodiscard]] bool next_is(char32_t character) const {
        return !left_.empty() && left_.front() == character;
    }
    bool takes(char32_t character) {
        if (!next_is(character)) return false;
        left_.remove_prefix(1);
        return true;
    }
    bool takes_flag() {
        if (left_.size() < 2 || !is_regional_indicator(left_[0])) return false;
        if (!is_regional_indicator(left_[1])) return false;
        left_.remove_prefix(2);
        return true;
    }
    bool takes_keycap() {
        if (left_.empty() || !is_keycap_base(left_.front())) return false;
        left_.remove_prefix(1);
        takes(emoji_presentation);
        return takes(keycap);
    }
    bool takes_joined_pictographs() {
        do {
            if (!takes_pictograph()) return false;
        } while (takes(zero_width_joiner));
        return true;
    }
    bool takes_pictograph() {
        if (left_.empty() || !is_pictograph(left_.front())) return false;
        left_.remove_prefix(1);
        if (!left_.empty() && has(left_.front(), UCHAR_EMOJI_MODIFIER))
            left_.remove_prefix(1);
        else
            takes(emoji_presentation);
        return takes_tags();
    }
    // England's flag is a black one with letters behind it. None is fine; an open end is not.
    bool takes_tags() {
        bool has_any = false;
        while (!left_.empty() && left_.front() >= first_tag && left_.front() <= last_tag) {
            left_.remove_prefix(1);
            has_any = true;
        }
        return !has_any || takes(end_of_tags);
    }

    std::u32string_view left_;
};

}  // namespace

bool is_emoji(std::string_view text) {
    if (text.size() > limits::emoji_bytes_max || !is_valid_utf8(text)) return false;
    std::u32string characters;
    utf8::utf8to32(text.begin(), text.end(), std::back_inserter(characters));
    return EmojiText(characters).is_one_emoji();
}

}  // namespace verbatim
