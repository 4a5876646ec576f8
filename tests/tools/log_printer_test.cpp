#include "tools/log/log_printer.hpp"

#include "domain/type_id.hpp"
#include "projections/json_text.hpp"
#include "protocol/envelope_json.hpp"
#include "tests/support/log_scribe.hpp"
#include "tests/support/temporary_folder.hpp"
#include "tools/log/log_stats.hpp"

#include <fcntl.h>
#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <iterator>
#include <nlohmann/json.hpp>
#include <unistd.h>

namespace verbatim::testing {

namespace {

using ::testing::HasSubstr;
using ::testing::Not;

const auto alice = numbered_id<UserId>(1);
const auto harbour = numbered_id<RoomId>(3);

// Knows the names of one user and one room, and that message 7 was edited and 8 deleted.
class NamesOnly final : public LogSource {
public:
    [[nodiscard]] Result<Position> head() override { return Position(); }
    [[nodiscard]] Result<void> begin(const LogQuery&) override { return {}; }
    [[nodiscard]] Result<std::optional<LogEvent>> next() override {
        return std::optional<LogEvent>();
    }
    [[nodiscard]] Position reached() const override { return {}; }
    [[nodiscard]] Result<bool> wait_for_more() override { return false; }
    [[nodiscard]] Result<std::optional<UserId>> find_user(const std::string&) override {
        return std::optional<UserId>();
    }
    [[nodiscard]] Result<std::optional<RoomId>> find_room(const std::string&) override {
        return std::optional<RoomId>();
    }
    [[nodiscard]] std::optional<std::string> name_of(const UserId& user) override {
        ++asked;
        return user == alice ? std::optional<std::string>("alice") : std::nullopt;
    }
    [[nodiscard]] std::optional<std::string> name_of(const RoomId& room) override {
        return room == harbour ? std::optional<std::string>("#harbour") : std::nullopt;
    }
    [[nodiscard]] std::optional<MessageFate> fate_of(const RoomId&, Version seq) override {
        return MessageFate{.is_edited = seq == Version(7), .is_deleted = seq == Version(8)};
    }
    [[nodiscard]] std::optional<std::uint64_t> disk_bytes() const override { return 4'096; }

    int asked = 0;
};

LogEvent event(Event what, Version version = Version(5), UserId actor = alice) {
    const bool in_room = std::holds_alternative<RoomEvent>(what);
    std::string envelope;
    append_envelope(
        envelope,
        RecordedEvent{
            .position = Position(17),
            .stream = in_room ? stream_of(harbour) : stream_of(actor),
            .version = version,
            .id = {},
            .command = numbered_id<CommandId>(6),
            .at = Timestamp(1'735'689'600'000'000),
            .occurred_at = std::nullopt,
            .actor = actor,
            .key = std::nullopt,
            .event = std::move(what)}
    );
    auto parsed = parse_log_event(envelope);
    EXPECT_TRUE(parsed.has_value()) << envelope;
    return parsed.value_or(LogEvent());
}

Event joined(const UserId& user) {
    MemberJoined event;
    event.user = user;
    return RoomEvent(event);
}

class LogPrinting : public ::testing::Test {
protected:
    // What is printed into a file.
    template <class Print>
    std::string printed(LogPrinter::Options options, const Print& print) {
        const auto file = folder.path() / "printed";
        const int descriptor = ::open(file.c_str(), O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0600);
        {
            TextOutput output(descriptor);
            LogPrinter printer(source, output, options);
            print(printer);
        }
        ::close(descriptor);
        std::ifstream in(file, std::ios::binary);
        return {std::istreambuf_iterator<char>(in), {}};
    }
    std::string row(const LogEvent& shown, Colour colour = Colour::automatic) {
        return printed({.colour = colour}, [&](LogPrinter& printer) { printer.print(shown); });
    }
    std::string found(const LogEvent& shown, Colour colour = Colour::never) {
        const auto pattern =
            TextPattern::make("ell", PatternKind::plain, LetterCase::matters).value();
        return printed({.colour = colour}, [&](LogPrinter& printer) {
            printer.print_found(shown, pattern);
        });
    }

    TemporaryFolder folder;
    NamesOnly source;
};

TEST_F(LogPrinting, ShowsPositionTimeRoomSeqWhoAndWhat) {
    EXPECT_EQ(
        row(event(sent("hello"))),
        "       17  2025-01-01 00:00:00Z  #harbour            5  alice          hello\n"
    );
}

TEST_F(LogPrinting, ShowsWhatIsNoMessageByItsTypeAndFacts) {
    EXPECT_THAT(row(event(joined(alice))), HasSubstr("member.joined  user_id=alice role=member\n"));
    EXPECT_THAT(row(event(edited(Version(3), "new"))), HasSubstr("message.edited of 3: new\n"));
    EXPECT_THAT(row(event(deleted(Version(3)))), HasSubstr("message.deleted of 3"));
}

TEST_F(LogPrinting, ShowsTheIdOfWhoHasNoName) {
    const auto nobody = numbered_id<UserId>(99);
    EXPECT_THAT(row(event(sent("x"), Version(1), nobody)), HasSubstr(to_text(nobody)));
}

TEST_F(LogPrinting, AsksForANameOnce) {
    printed({}, [&](LogPrinter& printer) {
        for (int i = 0; i < 3; ++i) printer.print(event(sent("x")));
    });
    EXPECT_EQ(source.asked, 1);
}

TEST_F(LogPrinting, LetsNoTextTalkToTheTerminal) {
    const std::string line =
        row(event(sent("a\x1b[2Jb\nc\xe2\x80\xae"
                       "d\xc2\x9b")));
    EXPECT_THAT(line, HasSubstr("a\\x1b[2Jb\\nc\\u202ed\\x9b\n"));
    EXPECT_THAT(line, Not(HasSubstr("\x1b")));
}

TEST_F(LogPrinting, SaysThatATextIsGone) {
    EXPECT_THAT(row(event(RoomEvent(MessageSent{}))), HasSubstr("no text"));
}

TEST_F(LogPrinting, ColoursOnlyATerminalUnlessToldTo) {
    const LogEvent shown = event(sent("hello"));
    EXPECT_THAT(row(shown, Colour::automatic), Not(HasSubstr("\x1b")));
    EXPECT_THAT(row(shown, Colour::never), Not(HasSubstr("\x1b")));
    EXPECT_THAT(row(shown, Colour::always), HasSubstr("\x1b[32malice"));
}

TEST_F(LogPrinting, MarksWhatWasEditedOrDeletedSince) {
    EXPECT_THAT(found(event(sent("hello"), Version(7))), HasSubstr(" [edited] hello\n"));
    EXPECT_THAT(found(event(sent("hello"), Version(8))), HasSubstr(" [deleted] hello\n"));
    EXPECT_THAT(found(event(sent("hello"), Version(9))), HasSubstr("alice          hello\n"));
}

TEST_F(LogPrinting, PaintsWhatWasFound) {
    EXPECT_THAT(found(event(sent("hello")), Colour::always), HasSubstr("h\x1b[1;31mell\x1b[0mo\n"));
}

TEST_F(LogPrinting, GivesEnvelopesAsTheyAre) {
    const LogEvent shown = event(sent("line\n\x1b"));
    const std::string line = printed({.format = LogFormat::json_lines}, [&](LogPrinter& printer) {
        printer.print(shown);
    });
    EXPECT_EQ(line, shown.envelope + "\n");
    EXPECT_EQ(nlohmann::json::parse(line).at("data").at("text"), "line\n\x1b");
}

TEST(TextOutput, SaysNothingOfAReaderWhoHasGone) {
    const Interrupt ignores_sigpipe;
    int ends[2];
    ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
    ::close(ends[0]);
    TextOutput output(ends[1]);
    output.write("too late");
    output.flush();
    EXPECT_FALSE(output.is_open());
    EXPECT_EQ(output.fault(), "");
    ::close(ends[1]);
}

TEST(TextOutput, SaysThatTheDeviceIsFull) {
    const int full = ::open("/dev/full", O_WRONLY | O_CLOEXEC);
    ASSERT_GE(full, 0);
    TextOutput output(full);
    output.write("much");
    output.flush();
    EXPECT_THAT(output.fault(), HasSubstr("space"));
    ::close(full);
}

TEST(LogEventOfAnEnvelope, IsNoneOfWhatIsNoEnvelope) {
    EXPECT_FALSE(parse_log_event("").has_value());
    EXPECT_FALSE(parse_log_event("[]").has_value());
    EXPECT_FALSE(parse_log_event("{\"position\":1}").has_value());
    std::string good = event(sent("x")).envelope;
    ASSERT_TRUE(parse_log_event(good).has_value());
    EXPECT_FALSE(parse_log_event(good.replace(good.find("17"), 2, "\"\"")).has_value());
}

TEST(TextPatternOf, IgnoresLetterCaseInAllOfUnicode) {
    const auto ignoring = [](const std::string& text) {
        return TextPattern::make(text, PatternKind::plain, LetterCase::ignored).value();
    };
    const auto match = ignoring("ЖЁЛУДЬ").find("мой жёлудь");
    ASSERT_TRUE(match.has_value());
    EXPECT_EQ(match->begin, 7u);
    EXPECT_TRUE(ignoring("a.b*(c").find("xA.B*(Cx").has_value());
    EXPECT_FALSE(ignoring("a.b").find("axb").has_value());
}

TEST(TextPatternOf, RefusesWhatIsNoRegularExpression) {
    const auto broken =
        TextPattern::make("a(b", PatternKind::regular_expression, LetterCase::matters);
    ASSERT_FALSE(broken.has_value());
    EXPECT_THAT(broken.error(), HasSubstr("a(b"));
}

TEST(LogStatsOfEvents, CountByTypeRoomUserAndDay) {
    NamesOnly source;
    LogStats stats;
    for (int i = 0; i < 3; ++i) stats.count(event(sent("four")));
    stats.count(event(registered("alice")));
    stats.count(event(sent("x"), Version(9), numbered_id<UserId>(8)));
    const auto figures = nlohmann::json::parse(stats.json(source, 1));
    EXPECT_EQ(figures.at("events"), 5);
    EXPECT_EQ(figures.at("distinct_users"), 2);
    EXPECT_EQ(figures.at("distinct_rooms"), 1);
    EXPECT_EQ(figures.at("text_bytes"), 13);
    EXPECT_EQ(figures.at("disk_bytes"), 4'096);
    EXPECT_EQ(figures.at("types").at("message.sent"), 4);
    EXPECT_EQ(figures.at("days").at("2025-01-01"), 5);
    ASSERT_EQ(figures.at("users").size(), 1u);
    EXPECT_EQ(figures.at("users").at(0).at("name"), "alice");
    EXPECT_EQ(figures.at("users").at(0).at("events"), 4);
    EXPECT_THAT(stats.table(source, 10), HasSubstr("4  #harbour\n"));
}

TEST(LogStatsOfEvents, CountFurtherUsersTogetherWhereTheyAreTooMany) {
    NamesOnly source;
    LogStats stats(2);
    for (std::uint64_t user = 1; user <= 5; ++user)
        stats.count(event(sent("x"), Version(9), numbered_id<UserId>(user)));
    const std::string table = stats.table(source, 10);
    EXPECT_THAT(table, HasSubstr("users       2 or more\n"));
    EXPECT_THAT(table, HasSubstr("3  those not told apart any more\n"));
}

}  // namespace

}  // namespace verbatim::testing
