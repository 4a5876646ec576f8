#pragma once

#include "eventstore/event_log.hpp"
#include "tests/support/log_scribe.hpp"
#include "tests/support/temporary_folder.hpp"
#include "tools/backup.hpp"
#include "tools/backup_set.hpp"
#include "tools/engine.hpp"
#include "tools/epoch.hpp"
#include "tools/restore.hpp"

#include <fstream>
#include <gtest/gtest.h>
#include <iterator>

namespace verbatim::testing {

inline const auto alice = numbered_id<UserId>(1);
inline const auto room = numbered_id<RoomId>(2);

inline std::string content_of(const std::filesystem::path& file) {
    std::ifstream in(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

// A data directory at rest, its backups, and where they are restored to.
class Backups : public ::testing::Test {
protected:
    void SetUp() override {
        with_log(data, [this](EventLog& log) {
            LogScribe scribe(log);
            scribe.write(stream_of(alice), alice, {registered("alice")});
            scribe.write(stream_of(room), alice, {room_created()});
            ASSERT_TRUE(scribe.commit().has_value());
            say(log, 20);
        });
        put_blob("an attachment");
    }

    template <class Work>
    static void with_log(const std::filesystem::path& data, const Work& work) {
        auto log = open_rocks_event_log(
            (data / "log").string(), counted_bytes(), numbered_uuid(9), Timestamp(1)
        );
        ASSERT_TRUE(log.has_value()) << describe(log.error());
        work(**log);
        // The last thing a node does, too.
        ASSERT_TRUE(begin_tree_heads(data, **log).has_value());
    }
    static void say(EventLog& log, int messages) {
        LogScribe scribe(log);
        for (int i = 0; i < messages; ++i)
            scribe.write(stream_of(room), alice, {sent("text " + std::to_string(i))});
        EXPECT_TRUE(scribe.commit().has_value());
    }
    void say(int messages) {
        with_log(data, [&](EventLog& log) { say(log, messages); });
    }
    std::filesystem::path blob_in(const std::filesystem::path& blobs, const std::string& bytes)
        const {
        const std::string name = hex_text(sha256({bytes}));
        return blobs / name.substr(0, 2) / name;
    }
    void put_blob(const std::string& bytes) const {
        const std::filesystem::path file = blob_in(data / "blobs", bytes);
        std::filesystem::create_directories(file.parent_path());
        std::ofstream(file, std::ios::binary) << bytes;
    }
    static std::vector<RecordedEvent> events_of(const std::filesystem::path& data) {
        const auto log =
            open_rocks_event_log((data / "log").string(), counted_bytes(), Uuid(), Timestamp(1));
        EXPECT_TRUE(log.has_value()) << describe(log.error());
        return log ? all_of(*(*log)->read_all(Position())) : std::vector<RecordedEvent>();
    }

    BackupOptions to_backups() const {
        return {.data = data, .to = backups, .keys_to = keys, .keep = 0, .json = true};
    }
    RestoreOptions from_backups() const {
        return {.from = backups, .data = restored, .keys_from = keys, .json = true};
    }
    EngineOptions engine_options() const {
        EngineOptions options;
        options.data = restored;
        options.report = [](const std::string&) {};
        return options;
    }
    std::vector<std::uint32_t> numbers() const {
        const auto set = BackupSet::open(backups, BackupSet::For::reading);
        if (!set) return {};
        std::vector<std::uint32_t> found;
        const auto listed = set->list();
        EXPECT_TRUE(listed.has_value()) << describe(listed.error());
        for (const Backup& backup : *listed) found.push_back(backup.number);
        return found;
    }
    // Restores into a new directory and compares with what the data held at `events`.
    void expect_restores(const std::vector<RecordedEvent>& events) const {
        std::filesystem::remove_all(restored);
        ASSERT_EQ(restore(from_backups()), 0);
        auto found = events_of(restored);
        ASSERT_EQ(found.size(), events.size() + 1);
        found.pop_back();  // log.epoch_begun
        EXPECT_EQ(found, events);
    }

    TemporaryFolder folder;
    const std::filesystem::path data = folder.path() / "data";
    const std::filesystem::path backups = folder.path() / "backups";
    const std::filesystem::path keys = folder.path() / "keys";
    const std::filesystem::path restored = folder.path() / "restored";
};

}  // namespace verbatim::testing
