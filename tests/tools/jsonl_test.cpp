#include "domain/type_id.hpp"
#include "eventstore/event_log.hpp"
#include "eventstore/record_layout.hpp"
#include "protocol/base64.hpp"
#include "tests/support/log_scribe.hpp"
#include "tests/support/temporary_folder.hpp"
#include "tools/engine.hpp"
#include "tools/epoch.hpp"
#include "tools/export_jsonl.hpp"
#include "tools/import_jsonl.hpp"
#include "tools/log_jsonl.hpp"
#include "tools/unfinished.hpp"

#include <fstream>
#include <functional>
#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

namespace verbatim::testing {

namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using ::testing::HasSubstr;
using ::testing::Not;

const auto alice = numbered_id<UserId>(1);
const auto room = numbered_id<RoomId>(2);

// A data directory at rest, its export, and where that is imported.
class Jsonl : public ::testing::Test {
protected:
    void SetUp() override {
        auto log = open(data);
        ASSERT_NE(log, nullptr);
        LogScribe scribe(*log);
        scribe.write(stream_of(alice), alice, {registered("alice")});
        scribe.write(stream_of(room), alice, {room_created("town")});
        scribe.write(stream_of(room), alice, {sent("hello, \"world\"\n漢字")});
        scribe.write(stream_of(room), alice, {sent("gone")});
        scribe.write(stream_of(room), alice, {destroyed(Version(3))});
        scribe.batch().destroyed.contents = {{.position = Position(4)}};
        scribe.write(stream_of(room), alice, {sent("kept")}, key_numbered(7));
        ASSERT_TRUE(scribe.commit().has_value());
        ASSERT_TRUE(begin_tree_heads(data, *log).has_value());
        const fs::path blob = data / "blobs" / "ab";
        fs::create_directories(blob);
    }
    static std::unique_ptr<EventLog> open(const fs::path& where) {
        auto log = open_rocks_event_log(
            (where / "log").string(), counted_bytes(), numbered_uuid(9), Timestamp(1)
        );
        EXPECT_TRUE(log.has_value()) << describe(log.error());
        return log ? std::move(*log) : nullptr;
    }
    int export_data() const { return export_log({.data = data, .out = file}); }
    ImportJsonlOptions importing() const {
        return {
            .data = imported,
            .file = file,
            .keys_from = data / "keys",
            .same_epoch = true,
            .json = true};
    }
    std::vector<std::string> lines() const {
        std::vector<std::string> all;
        std::ifstream in(file);
        for (std::string line; std::getline(in, line);) all.push_back(line);
        return all;
    }
    void write(const std::vector<std::string>& all) const {
        std::ofstream out(file);
        for (const std::string& line : all) out << line << "\n";
    }
    // What the import says of a file one of whose lines was changed.
    std::string refusal_of(std::size_t line, const std::function<void(json&)>& change) const {
        std::vector<std::string> all = lines();
        json changed = json::parse(all.at(line - 1));
        change(changed);
        all[line - 1] = changed.dump();
        write(all);
        ::testing::internal::CaptureStderr();
        EXPECT_EQ(import_jsonl(importing()), 1);
        EXPECT_TRUE(unfinished_in(imported) || !fs::exists(imported))
            << "nothing may be served from it";
        return ::testing::internal::GetCapturedStderr();
    }
    // With the checksum that fits, as who knows the format would.
    static void change_leaf(json& line, const std::function<void(std::string&)>& change) {
        std::string leaf = parse_base64(line.at("leaf").get<std::string>()).value();
        change(leaf);
        line["leaf"] = base64_text(leaf);
        line["crc"] = crc32c(leaf);
    }

    // The header, one note, then the records.
    static constexpr std::size_t header_line = 1;
    static constexpr std::size_t first_event_line = 3;
    static std::size_t line_of(std::uint64_t position) { return first_event_line + position - 1; }

    TemporaryFolder folder;
    const fs::path data = folder.path() / "data";
    const fs::path file = folder.path() / "log.jsonl";
    const fs::path imported = folder.path() / "imported";
};

TEST_F(Jsonl, GoesOutAndInAgainWithTheSameBytesTextsTreeAndNotes) {
    ASSERT_EQ(export_data(), 0);
    ASSERT_EQ(import_jsonl(importing()), 0);
    const auto original = open(data);
    const auto copy = open(imported);
    EXPECT_EQ(copy->tree_head(), original->tree_head());
    EXPECT_EQ(copy->epoch(), original->epoch());
    EXPECT_EQ(copy->created_at(), original->created_at());
    for (Position at(1); at <= original->head(); at = at.next()) {
        const auto there = copy->read_stored(at);
        const auto here = original->read_stored(at);
        ASSERT_TRUE(there.has_value() && here.has_value()) << at.value();
        EXPECT_EQ(there->record, here->record);
        if (at == Position(1)) continue;  // has a secret
        EXPECT_EQ(there->contents, here->contents);
    }
    EXPECT_EQ(read_notes(imported / "checkpoint").value(), read_notes(data / "checkpoint").value());
    EXPECT_EQ(copy->holder_of({ClaimKind::alias, "town"}).value(), room.value());
    const KeyHash key = key_numbered(7).key;
    EXPECT_EQ(copy->remembered(key).value(), original->remembered(key).value());
}

TEST_F(Jsonl, GoesOutOfAnImportAsItWentIn) {
    ASSERT_EQ(export_data(), 0);
    ASSERT_EQ(import_jsonl(importing()), 0);
    const auto before = lines();
    ASSERT_EQ(export_log({.data = imported, .out = file}), 0);
    EXPECT_EQ(lines(), before);
}

TEST_F(Jsonl, HoldsNoSecretAndIsReadWithoutThem) {
    ASSERT_EQ(export_data(), 0);
    const std::string registration = lines().at(line_of(1) - 1);
    EXPECT_THAT(registration, HasSubstr("alice"));
    EXPECT_THAT(registration, Not(HasSubstr("\"field\":200")));
    ASSERT_EQ(import_jsonl(importing()), 0);
    const auto copy = open(imported);
    const auto event = copy->read(Position(1));
    ASSERT_TRUE(event.has_value()) << describe(event.error());
    const auto& registered = std::get<UserRegistered>(std::get<AccountEvent>(event->event));
    EXPECT_EQ(registered.username, "alice");
    EXPECT_EQ(registered.password_hash, std::nullopt);
}

TEST_F(Jsonl, StillMissesATextThatNobodyDestroyed) {
    ASSERT_EQ(export_data(), 0);
    const std::string refusal =
        refusal_of(line_of(6), [](json& line) { line["contents"] = json::array(); });
    EXPECT_THAT(refusal, HasSubstr("content_missing"));
    EXPECT_THAT(refusal, HasSubstr("line 8"));
}

TEST_F(Jsonl, BeginsANewEpochUnlessTheOldOneGoesOn) {
    ASSERT_EQ(export_data(), 0);
    ImportJsonlOptions options = importing();
    options.same_epoch = false;
    ASSERT_EQ(import_jsonl(options), 0);
    const auto original = open(data);
    const auto copy = open(imported);
    EXPECT_NE(copy->epoch(), original->epoch());
    EXPECT_EQ(copy->head(), original->head().next());
    EXPECT_EQ(
        root_at(original->head().value(), copy->tree_nodes()).value(), original->tree_head().second
    );
    EXPECT_TRUE(fs::exists(imported / ("checkpoint." + base32_text(original->epoch()))));
}

TEST_F(Jsonl, NamesTheLineOfATextThatWasChanged) {
    ASSERT_EQ(export_data(), 0);
    const std::string refusal =
        refusal_of(line_of(3), [](json& line) { line["contents"][0]["content"] = "hullo"; });
    EXPECT_THAT(refusal, HasSubstr("line 5: "));
    EXPECT_THAT(refusal, HasSubstr("not what the record commits to"));
}

TEST_F(Jsonl, NamesTheLineOfARecordThatIsDamaged) {
    ASSERT_EQ(export_data(), 0);
    const std::string refusal = refusal_of(line_of(3), [](json& line) { line["crc"] = 1; });
    EXPECT_THAT(refusal, HasSubstr("line 5 "));
}

TEST_F(Jsonl, NamesTheLineOfARecordThatIsMissing) {
    ASSERT_EQ(export_data(), 0);
    auto all = lines();
    all.erase(all.begin() + static_cast<std::ptrdiff_t>(line_of(3)) - 1);
    write(all);
    EXPECT_THAT(refusal_of(1, [](json&) {}), HasSubstr("line 5 is position 4, and 3 is what"));
}

TEST_F(Jsonl, RefusesARecordThatWasForgedWithCare) {
    ASSERT_EQ(export_data(), 0);
    const std::string refusal = refusal_of(line_of(5), [](json& line) {
        change_leaf(line, [](std::string& leaf) { leaf[100] = static_cast<char>(leaf[100] ^ 1); });
    });
    EXPECT_THAT(refusal, HasSubstr("log_differs"));
    EXPECT_THAT(refusal, HasSubstr("line "));
}

TEST_F(Jsonl, RefusesARootThatIsNotThatOfTheRecords) {
    ASSERT_EQ(export_data(), 0);
    const std::string refusal = refusal_of(header_line, [](json& line) {
        line["root"] = base64_text(std::string(32, 'x'));
    });
    EXPECT_THAT(refusal, HasSubstr("line 1"));
}

TEST_F(Jsonl, RefusesAFileThatEndsTooSoon) {
    ASSERT_EQ(export_data(), 0);
    auto all = lines();
    all.pop_back();
    write(all);
    EXPECT_THAT(refusal_of(1, [](json&) {}), HasSubstr("at position 5 of 6"));
}

TEST_F(Jsonl, RefusesWhatIsNoExport) {
    for (const char* const text : {"", "hello\n", "{}\n", "[1]\n", "{\"format\":\"other/1\"}\n"}) {
        std::ofstream(file) << text;
        EXPECT_EQ(import_jsonl(importing()), 1) << text;
        EXPECT_FALSE(fs::exists(imported)) << text;
    }
}

TEST_F(Jsonl, GoesIntoNothingElse) {
    ASSERT_EQ(export_data(), 0);
    ImportJsonlOptions onto_itself = importing();
    onto_itself.data = data;
    EXPECT_EQ(import_jsonl(onto_itself), 1);
    EXPECT_EQ(open(data)->head(), Position(6));
}

TEST_F(Jsonl, MakesANodeThatTakesCommands) {
    ASSERT_EQ(export_data(), 0);
    ASSERT_EQ(import_jsonl(importing()), 0);
    EngineOptions options;
    options.data = imported;
    options.report = [](const std::string& what) { ADD_FAILURE() << what; };
    auto engine = Engine::open(std::move(options));
    ASSERT_TRUE(engine.has_value()) << describe(engine.error());
    EXPECT_EQ((*engine)->declared_loss(), std::nullopt);
    EXPECT_TRUE((*engine)->catch_up([](const RebuildProgress&) {}).has_value());
}

}  // namespace

}  // namespace verbatim::testing
