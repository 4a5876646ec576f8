#include "tools/irc_log.hpp"

#include "protocol/request_json.hpp"
#include "protocol/text_rules.hpp"

#include <gtest/gtest.h>
#include <map>
#include <rapidcheck/gtest.h>

namespace verbatim {

namespace {

using Kind = IrcLine::Kind;

struct LineCase {
    std::string_view line;
    Kind kind;
    std::optional<int> minute;
    std::string_view nick;
    std::string_view text;
};

void expect_parsed(const LineCase& wanted) {
    const IrcLine parsed = parse_irc_line(wanted.line);
    EXPECT_EQ(parsed.kind, wanted.kind) << wanted.line;
    EXPECT_EQ(parsed.minute_of_day, wanted.minute) << wanted.line;
    if (wanted.kind == Kind::nothing) return;
    EXPECT_EQ(parsed.nick, wanted.nick) << wanted.line;
    EXPECT_EQ(parsed.text, wanted.text) << wanted.line;
}

TEST(IrcLog, ReadsWhatWasSaid) {
    const LineCase cases[] = {
        {"[12:34] <nick> text", Kind::message, 754, "nick", "text"},
        {"[00:00] <|x|> <b> c", Kind::message, 0, "|x|", "<b> c"},
        {"[23:59] <n>  two spaces", Kind::message, 1439, "n", " two spaces"},
        {"[12:34] <n> trailing ", Kind::message, 754, "n", "trailing "},
        {"[12:34] <n> text\r", Kind::message, 754, "n", "text"},
        {"[12:34] <n>text", Kind::message, 754, "n", "text"},
        {"[12:34] <n> === not a notice", Kind::message, 754, "n", "=== not a notice"},
        {"[12:34] <n> \x03", Kind::message, 754, "n", "\u2403"},
        {"[12:34]  * nick waves", Kind::action, 754, "nick", "waves"},
        {"[12:34] * nick waves twice", Kind::action, 754, "nick", "waves twice"},
    };
    for (const LineCase& wanted : cases) expect_parsed(wanted);
}

TEST(IrcLog, ReadsWhatWasAnnounced) {
    const LineCase cases[] = {
        {"=== n [~u@host]  has joined #ubuntu", Kind::joined, {}, "n", ""},
        {"=== n [~u@host]  has left #ubuntu []", Kind::left, {}, "n", ""},
        {"=== n [~u@host]  has left #ubuntu [\"x]  has joined #y\"]", Kind::left, {}, "n", ""},
        {"=== a is now known as b", Kind::renamed, {}, "a", "b"},
        {"=== a is now known as ", Kind::notice, {}, "", "a is now known as "},
        {"=== a is now known as b c", Kind::notice, {}, "", "a is now known as b c"},
        {"=== Topic (#x): has joined #y", Kind::notice, {}, "", "Topic (#x): has joined #y"},
        {"=== mode/#x [+o n]  by y", Kind::notice, {}, "", "mode/#x [+o n]  by y"},
    };
    for (const LineCase& wanted : cases) {
        const IrcLine parsed = parse_irc_line(wanted.line);
        EXPECT_EQ(parsed.kind, wanted.kind) << wanted.line;
        EXPECT_EQ(parsed.minute_of_day, std::nullopt);
        EXPECT_EQ(parsed.nick, wanted.nick) << wanted.line;
        const bool is_movement = wanted.kind == Kind::joined || wanted.kind == Kind::left;
        EXPECT_EQ(is_movement ? "" : parsed.text, wanted.text) << wanted.line;
    }
}

TEST(IrcLog, TakesNothingElseForALine) {
    for (const char* line :
         {"",
          " ",
          "text",
          "===",
          "=== ",
          "[12:34]",
          "[12:34] ",
          "[24:00] <n> t",
          "[12:60] <n> t",
          "[1:34] <n> t",
          "[12:34] n> t",
          "[12:34] <n t",
          "[12:34] <n>",
          "[12:34] <n> ",
          "[12:34] <> t",
          "[12:34]  * n",
          "[12:34]  * ",
          "[+1:34] <n> t",
          "12:34 <n> t"})
        EXPECT_EQ(parse_irc_line(line).kind, Kind::nothing) << line;
}

RC_GTEST_PROP(IrcLog, NeverFailsAndNeverYieldsInvalidText, (const std::string& bytes)) {
    for (const std::string& line :
         {bytes, "[12:34] " + bytes, "[12:34] <n> " + bytes, "=== " + bytes}) {
        const IrcLine parsed = parse_irc_line(line);
        for (const std::string& text : {parsed.nick, parsed.text}) {
            RC_ASSERT(is_valid_utf8(text));
            for (const char c : text) RC_ASSERT((c < 0 || c >= 0x20 || c == '\t') && c != 0x7f);
        }
        if (parsed.kind == Kind::message) RC_ASSERT(!parsed.nick.empty() && !parsed.text.empty());
    }
}

TEST(IrcLog, MakesTextValidWithoutDroppingAnything) {
    EXPECT_EQ(valid_text("plain\ttab"), "plain\ttab");
    EXPECT_EQ(valid_text("h\xc3\xa9 漢字"), "hé 漢字");
    EXPECT_EQ(valid_text("h\xe9"), "hé");
    EXPECT_EQ(valid_text("\x80\xff"), "\u2426ÿ");
    EXPECT_EQ(valid_text("a\xc2\x9b\xc2\xa0z"), "a\u2426\u00a0z");
    EXPECT_EQ(
        valid_text(std::string_view("\0\x01\x1f\x7f\x1b", 5)), "\u2400\u2401\u241f\u2421\u241b"
    );
    EXPECT_EQ(valid_text(""), "");
}

RC_GTEST_PROP(IrcLog, LeavesValidTextWithoutControlsAsItIs, ()) {
    const auto text = *rc::gen::container<std::string>(rc::gen::inRange<char>(0x20, 0x7e));
    RC_ASSERT(valid_text(text) == text);
    RC_ASSERT(valid_text(text + "é漢🎉") == text + "é漢🎉");
}

TEST(IrcLog, TakesTheDateFromTheName) {
    const auto time = irc_file_time("2004-11-15_03.log");
    ASSERT_TRUE(time.has_value());
    EXPECT_EQ(time->midnight, Timestamp(1'100'476'800'000'000));
    EXPECT_EQ(time->hour, 3);
    EXPECT_TRUE(irc_file_time("2020-02-29_23").has_value());
    for (const char* name :
         {"",
          "chat.log",
          "2004-11-15.log",
          "2004-13-01_00.log",
          "2019-02-29_00.log",
          "2004-11-15_24.log",
          "20041115_03.log"})
        EXPECT_FALSE(irc_file_time(name).has_value()) << name;
}

// Printable bytes and some above 0x7f: what servers have let through.
rc::Gen<std::string> nicks() {
    const auto byte = rc::gen::map(rc::gen::inRange(0x21, 0x100), [](int value) {
        return static_cast<char>(static_cast<unsigned char>(value));
    });
    return rc::gen::nonEmpty(rc::gen::container<std::string>(byte));
}

RC_GTEST_PROP(UsernameOfNick, IsAValidUsername, ()) {
    const std::string nick = *nicks();
    const CharacterBounds bounds{limits::username_characters_min, limits::username_characters_max};
    RC_ASSERT(!fault_in_name(username_of_nick(nick), bounds));
    RC_ASSERT(username_of_nick(nick) == username_of_nick(fold_nick(nick)));
}

RC_GTEST_PROP(UsernameOfNick, IsAnotherOneForAnotherNick, ()) {
    const std::string one = *nicks();
    std::string other = *nicks();
    // Half of the time a near miss instead of something quite different.
    if (*rc::gen::arbitrary<bool>()) {
        other = one;
        other[*rc::gen::inRange<std::size_t>(0, other.size())] =
            *rc::gen::element('.', '2', 'e', '_');
        if (*rc::gen::arbitrary<bool>()) other += *rc::gen::element('.', '2', 'e', '|');
    }
    const bool same = fold_nick(one) == fold_nick(other);
    RC_ASSERT((username_of_nick(one) == username_of_nick(other)) == same);
}

TEST(UsernameOfNick, TellsAllShortNicksApart) {
    std::map<std::string, std::string> nick_of;
    const std::string_view alphabet = "ab.2e_|-^h";
    std::vector<std::string> all{""};
    for (std::size_t begin = 0, length = 0; length < 4; ++length) {
        const std::size_t end = all.size();
        for (; begin < end; ++begin)
            for (const char c : alphabet) all.push_back(all[begin] + c);
    }
    for (const std::string& nick : all) {
        if (nick.empty()) continue;
        const auto [known, is_new] = nick_of.emplace(username_of_nick(nick), nick);
        EXPECT_TRUE(is_new) << nick << " and " << known->second << " are both " << known->first;
    }
}

TEST(UsernameOfNick, StaysWhatItWasOnceImported) {
    const std::pair<std::string_view, std::string_view> cases[] = {
        {"bob", "bob"},
        {"Bob", "bob"},
        {"|QuaD-", ".7cquad-"},
        {"intinig_", "intinig_"},
        {"a[b]", "a.7bb.7d"},
        {"a{b}", "a.7bb.7d"},
        {"n~", "n.5e"},
        {"n^", "n.5e"},
        {"x", "x.."},
        {"ab", "ab.."},
        {"a.b", "a.2eb"},
        {"\xe9", ".e9"}};
    for (const auto& [nick, username] : cases) EXPECT_EQ(username_of_nick(nick), username);
    EXPECT_EQ(username_of_nick(std::string(40, 'a')).size(), 32u);
}

}  // namespace

}  // namespace verbatim
