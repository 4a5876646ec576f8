#include "tests/support/paths.hpp"
#include "tests/support/server_child.hpp"
#include "tests/support/server_person.hpp"
#include "tests/support/server_process.hpp"
#include "tests/support/temporary_folder.hpp"
#include "tools/irc_log.hpp"

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <map>
#include <set>

namespace verbatim::testing {

namespace {

namespace fs = std::filesystem;
using nlohmann::json;

// A line of a log as history must show it.
struct Said {
    std::string username;
    std::string kind;
    std::string text;
    std::string sent_at;
    bool operator==(const Said&) const = default;
};
void PrintTo(const Said& said, std::ostream* out) {
    *out << said.sent_at << ' ' << said.username << ' ' << said.kind << ": " << said.text;
}

constexpr std::string_view small_log_name = "2020-02-29_23.log";
constexpr std::string_view small_log =
    "[23:58] <Alice|away> hello, world\n"
    "=== bob [~bob@example.org]  has joined #chat\n"
    "[23:58]  * bob waves \x02"
    "boldly\x02\n"
    "[23:59] <bob> caf\xe9 \x9f\n"
    "=== bob is now known as Bobby_\n"
    "=== Topic for #chat: be nice\n"
    "[00:01] <ALICE|AWAY> after midnight\ta tab\r\n"
    "[00:01] <Bobby_>\n"
    "not a line of a log\n"
    "=== Bobby_ [~bob@example.org]  has left #chat [bye]\n"
    "[00:02] <x> 漢字, @alice.7caway\n";

class ImportIrc : public ::testing::Test {
protected:
    TemporaryFolder folder;
    const fs::path data = folder.path() / "data";

    fs::path write(std::string_view name, std::string_view text) const {
        fs::create_directories(folder.path() / "logs");
        const fs::path file = folder.path() / "logs" / name;
        std::ofstream(file, std::ios::binary) << text;
        return file;
    }
    ChildCommand command(const std::vector<fs::path>& files) const {
        ChildCommand made{
            .binary = testing::server_binary(),
            .arguments = {"import", "irc", "--data", data.string(), "--room", "chat", "--json"},
            .environment = {}};
        for (const fs::path& file : files) made.arguments.push_back(file.string());
        return made;
    }
    // The counts that the import ends with.
    json import(const std::vector<fs::path>& files) const {
        const Finished finished = run_to_end(command(files));
        EXPECT_EQ(finished.exit_code, 0) << finished.standard_error;
        const std::string& out = finished.standard_output;
        EXPECT_EQ(std::count(out.begin(), out.end(), '\n'), 1) << "one line: " << out;
        return json::parse(out, nullptr, false);
    }
    static std::size_t sum_of(const json& counts) {
        std::size_t sum = 0;
        for (const char* kind :
             {"messages", "memberships", "renames", "notices", "refused", "already_there"})
            sum += counts.at(kind).get<std::size_t>();
        return sum;
    }
    ServerOptions options() const { return {.binary = testing::server_binary(), .data = data}; }

    static std::string room_of(Person& reader) {
        const HttpAnswer found = reader.get("/aliases/chat");
        EXPECT_EQ(found.status, 200) << found.body;
        const std::string room = found.json().at("room_id");
        EXPECT_EQ(reader.post("/rooms/" + room + "/join").status, 200);
        return room;
    }
    static std::map<std::string, json> users_by_id(Person& reader) {
        std::map<std::string, json> users;
        for (json& user : reader.all_pages("/users?limit=200"))
            users.emplace(user.at("user_id").get<std::string>(), user);
        return users;
    }
    static std::vector<Said> history(Person& reader, const std::string& room) {
        const auto users = users_by_id(reader);
        std::vector<Said> said;
        for (const json& message :
             reader.all_pages("/rooms/" + room + "/messages?after=0&limit=200"))
            said.push_back(
                {.username = users.at(message.at("sender_id")).at("username"),
                 .kind = message.at("kind"),
                 .text = message.at("text"),
                 .sent_at = message.at("sent_at")}
            );
        return said;
    }
    static std::set<std::string> members(Person& reader, const std::string& room) {
        std::set<std::string> names;
        for (const json& member : reader.all_pages("/rooms/" + room + "/members?limit=200"))
            names.insert(member.at("username"));
        return names;
    }
};

std::string at(const std::string& minute) {
    return minute + ":00.000000Z";
}

TEST_F(ImportIrc, ShowsASmallLogWordForWord) {
    const json counts = import({write(small_log_name, small_log)});
    const json wanted = {
        {"files", 1},
        {"lines", 11},
        {"messages", 5},
        {"memberships", 2},
        {"renames", 1},
        {"notices", 1},
        {"refused", 2},
        {"already_there", 0}};
    EXPECT_EQ(counts, wanted);

    ServerProcess server(options());
    Person reader(server, "reader");
    const std::string room = room_of(reader);
    const std::vector<Said> said = {
        {"alice.7caway", "text", "hello, world", at("2020-02-29T23:58")},
        {"bob", "action", "waves ␂boldly␂", at("2020-02-29T23:58")},
        {"bob", "text", "café ␦", at("2020-02-29T23:59")},
        {"bob", "notice", "bob is now known as Bobby_", at("2020-02-29T23:59")},
        {"irc-import", "notice", "Topic for #chat: be nice", at("2020-02-29T23:59")},
        {"alice.7caway", "text", "after midnight\ta tab", at("2020-03-01T00:01")},
        {"x..", "text", "漢字, @alice.7caway", at("2020-03-01T00:02")},
    };
    EXPECT_EQ(history(reader, room), said);
    EXPECT_EQ(
        members(reader, room),
        (std::set<std::string>{"alice.7caway", "irc-import", "reader", "x.."})
    );
    const json last = reader.get("/rooms/" + room).json().at("last_message");
    ASSERT_EQ(last.at("mentions").size(), 1u);
    const std::string mentioned = last.at("mentions").at(0);
    EXPECT_EQ(users_by_id(reader).at(mentioned).at("display_name"), "Alice|away");
}

TEST_F(ImportIrc, AddsNothingWhenRunAgainAndTheRestWhenItWasInterrupted) {
    const std::string_view begin = small_log.substr(0, small_log.find("=== Topic"));
    const json first = import({write(small_log_name, begin)});
    EXPECT_EQ(first.at("lines"), 5);
    EXPECT_EQ(first.at("already_there"), 0);
    const auto file = write(small_log_name, small_log);
    const json rest = import({file});
    EXPECT_EQ(rest.at("already_there"), 5);
    EXPECT_EQ(rest.at("messages"), 2);
    EXPECT_EQ(sum_of(rest), 11u);

    std::uint64_t head = 0;
    {
        ServerProcess server(options());
        head = ask_once(server, "GET", "/readyz").json().at("log_position");
        EXPECT_EQ(server.terminate(), 0);
    }
    const json again = import({file});
    EXPECT_EQ(again.at("already_there"), 9);
    EXPECT_EQ(again.at("refused"), 2);
    EXPECT_EQ(sum_of(again), 11u);
    ServerProcess server(options());
    EXPECT_EQ(ask_once(server, "GET", "/readyz").json().at("log_position"), head);
}

TEST_F(ImportIrc, NamesTheLinesThatItRefuses) {
    const Finished finished = run_to_end(command({write(small_log_name, small_log)}));
    for (const char* line : {"2020-02-29_23.log:8: ", "2020-02-29_23.log:9: "})
        EXPECT_THAT(finished.standard_error, ::testing::HasSubstr(line));
}

TEST_F(ImportIrc, RefusesFilesWithoutADateAndDataThatIsInUse) {
    const Finished no_date = run_to_end(command({write("chat.log", small_log)}));
    EXPECT_EQ(no_date.exit_code, 1);
    EXPECT_THAT(no_date.standard_error, ::testing::HasSubstr("YYYY-MM-DD_HH"));
    EXPECT_NE(run_to_end(command({folder.path() / "no such file"})).exit_code, 0);
    ServerProcess server(options());
    const Finished in_use = run_to_end(command({write(small_log_name, small_log)}));
    EXPECT_EQ(in_use.exit_code, 1);
    EXPECT_THAT(in_use.standard_error, ::testing::HasSubstr("another process"));
}

// --- real logs --------------------------------------------------------------------------------

std::vector<fs::path> real_logs() {
    const char* named = std::getenv("VERBATIM_IRC_LOGS");
    const fs::path folder = named != nullptr
                                ? fs::path(named)
                                : fs::path(testing::source_directory() / "../shared/data/irc");
    std::vector<fs::path> files;
    std::error_code ignored;
    for (const auto& entry : fs::directory_iterator(folder, ignored))
        if (entry.path().extension() == ".log") files.push_back(entry.path());
    std::sort(files.begin(), files.end());
    return files;
}

// Those logs are UTF-8: only control characters need a picture.
std::string visible(const std::string& text) {
    std::string shown;
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if ((byte >= 0x20 && byte != 0x7f) || c == '\t') {
            shown += c;
        } else {
            shown += "\xe2\x90";
            shown += static_cast<char>(byte == 0x7f ? 0xa1 : 0x80 + byte);
        }
    }
    return shown;
}

// Reads the logs once more, in another way than the import does.
class Reading {
public:
    std::vector<Said> said;
    std::set<std::string> inside;
    std::size_t lines = 0;

    void read(const fs::path& file) {
        const std::string name = file.filename().string();
        date_ = name.substr(0, 10);
        minute_ = name.substr(11, 2) + ":00";
        std::ifstream in(file, std::ios::binary);
        for (std::string line; std::getline(in, line); ++lines) {
            if (line.starts_with("=== "))
                announced(line.substr(4));
            else
                spoken(line);
        }
    }

private:
    void say(const std::string& who, const std::string& kind, const std::string& text) {
        said.push_back({who, kind, visible(text), date_ + "T" + minute_ + ":00.000000Z"});
    }
    void spoken(const std::string& line) {
        minute_ = line.substr(1, 5);
        const bool is_action = line.compare(8, 3, " * ") == 0;
        const std::size_t begin = is_action ? 11 : 9;
        const std::size_t end = line.find(is_action ? ' ' : '>', begin);
        const std::size_t text = end + (is_action ? 1 : 2);
        if (end == std::string::npos || text >= line.size()) return;
        const std::string who = username_of_nick(line.substr(begin, end - begin));
        inside.insert(who);
        say(who, is_action ? "action" : "text", line.substr(text));
    }
    void announced(const std::string& text) {
        const std::string nick = text.substr(0, text.find(' '));
        const std::string who = username_of_nick(nick);
        const std::string renamed = nick + " is now known as ";
        if (text.find("]  has joined #") != std::string::npos) {
            inside.insert(who);
        } else if (text.find("]  has left #") != std::string::npos) {
            inside.erase(who);
        } else if (text.starts_with(renamed)) {
            say(who, "notice", text);
            inside.erase(who);
            inside.insert(username_of_nick(text.substr(renamed.size())));
        } else {
            say("irc-import", "notice", text);
        }
    }

    std::string date_;
    std::string minute_;
};

TEST_F(ImportIrc, ShowsRealLogsWordForWordThoughTheImportWasKilledOnTheWay) {
    const std::vector<fs::path> files = real_logs();
    if (files.empty()) GTEST_SKIP() << "VERBATIM_IRC_LOGS names no folder of logs";
    for (const int milliseconds : {100, 300, 700}) {
        ServerChild killed(command(files));
        (void)killed.wait(std::chrono::milliseconds(milliseconds));
    }
    const json counts = import(files);
    Reading reading;
    for (const fs::path& file : files) reading.read(file);
    EXPECT_EQ(counts.at("files"), files.size());
    EXPECT_EQ(counts.at("lines"), reading.lines);
    EXPECT_EQ(sum_of(counts), reading.lines);
    const json again = import(files);
    EXPECT_EQ(
        again.at("already_there").get<std::size_t>() + again.at("refused").get<std::size_t>(),
        reading.lines
    );
    EXPECT_EQ(again.at("refused"), counts.at("refused"));

    ServerProcess server(options());
    Person reader(server, "reader-of-logs");
    const std::string room = room_of(reader);
    const auto shown = history(reader, room);
    ASSERT_EQ(shown.size(), reading.said.size());
    // One of the logs passes midnight before the hour in its name: its first lines are of the day
    // before, which this reading leaves alone.
    const auto without_date = [](Said said) {
        said.sent_at.erase(0, 10);
        return said;
    };
    for (std::size_t i = 0; i < shown.size() && !HasFailure(); ++i)
        EXPECT_EQ(without_date(shown[i]), without_date(reading.said[i])) << "message " << i;
    reading.inside.insert({"irc-import", "reader-of-logs"});
    EXPECT_EQ(members(reader, room), reading.inside);
    for (const auto& [id, user] : users_by_id(reader)) {
        if (user.at("username") == "irc-import") continue;
        const std::string nick = user.at("display_name");
        const bool is_reader = nick == "reader-of-logs";
        EXPECT_EQ(user.at("username"), is_reader ? nick : username_of_nick(nick));
    }
}

}  // namespace

}  // namespace verbatim::testing
