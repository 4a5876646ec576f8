#include "domain/message.hpp"
#include "eventstore/audit/log_audit.hpp"
#include "eventstore/checkpoint.hpp"
#include "eventstore/codec.hpp"
#include "eventstore/event_log.hpp"
#include "eventstore/log_keys.hpp"
#include "eventstore/record_layout.hpp"
#include "eventstore/rocks_storage.hpp"
#include "tests/support/destroying.hpp"
#include "tests/support/log_scribe.hpp"
#include "tests/support/temporary_folder.hpp"

#include <gtest/gtest.h>
#include <map>

namespace verbatim::testing {

namespace {

namespace fs = std::filesystem;

const auto alice = numbered_id<UserId>(1);
const auto room = numbered_id<RoomId>(2);
constexpr std::uint64_t positions = 40;
constexpr std::uint64_t positions_per_note = 10;

// A log on disk with a signed tree head after every ten events, and what a forger who knows its
// format, and has not its key, can do to it.
class AuditVerify : public ::testing::Test {
protected:
    void SetUp() override {
        auto log = open_rocks_event_log(
            (folder.path() / "log").string(), counted_bytes(), numbered_uuid(9), Timestamp(1)
        );
        ASSERT_TRUE(log.has_value()) << describe(log.error());
        LogScribe scribe(**log);
        scribe.write(stream_of(alice), alice, {registered("alice")});
        scribe.write(stream_of(room), alice, {room_created()});
        write_up_to(scribe, positions);
        ASSERT_TRUE(scribe.commit().has_value());
        sign(**log);
    }

    static void write_up_to(LogScribe& scribe, std::uint64_t last) {
        while (scribe.written().size() < last) {
            const auto number = std::to_string(scribe.written().size() + 1);
            scribe.write(stream_of(room), alice, {sent("message " + number)});
        }
    }
    void sign(const EventLog& log) {
        for (std::uint64_t size = positions_per_note; size <= log.head().value();
             size += positions_per_note) {
            const auto root = root_at(size, log.tree_nodes());
            ASSERT_TRUE(root.has_value());
            notes.push_back(signer.sign({signer.name(), size, *root, Timestamp()}));
        }
    }

    struct Written {
        StreamId stream;
        UserId by;
        Event event;
    };
    [[nodiscard]] std::unique_ptr<EventLog> write(Written what) {
        auto log = *open_rocks_event_log(
            (folder.path() / "log").string(), counted_bytes(), numbered_uuid(9), Timestamp(1)
        );
        LogScribe scribe(*log);
        scribe.write(what.stream, what.by, {std::move(what.event)});
        EXPECT_TRUE(scribe.commit().has_value());
        return log;
    }
    // Records the event, then destroys what it says.
    void destroy_what(const StreamId& stream, const UserId& by, Event event) {
        const auto log = write({stream, by, std::move(event)});
        const auto walk = walk_of(*log, log->read(log->head()).value());
        for (auto piece = walk->next().value(); piece; piece = walk->next().value()) {
            CommitBatch batch;
            batch.destroyed = piece->destruction;
            ASSERT_TRUE(log->commit(log->prepare(batch)));
        }
    }

    StoreResult<LogAuditReport> audit_with(LogAuditOptions options) const {
        const auto storage = open_rocks_storage_to_read(
            {.directory = folder.path() / "log", .columns = EventLog::column_names()}
        );
        if (!storage) return failure(storage.error());
        options.verifier_key = signer.verifier_key();
        options.threads = 2;
        return audit_log(**storage, options);
    }
    LogAuditReport audit() const {
        auto report = audit_with({.notes = notes});
        EXPECT_TRUE(report.has_value()) << describe(report.error());
        return report.has_value() ? std::move(*report) : LogAuditReport();
    }
    // "content_differs 12", "tree_differs 11-12", …
    static std::vector<std::string> found_in(const LogAuditReport& report) {
        std::vector<std::string> found;
        for (const AuditFinding& finding : report.findings.kept()) {
            std::string text =
                std::string(name_of(finding.fault)) + " " + std::to_string(finding.first.value());
            if (!finding.is_exact()) text += "-" + std::to_string(finding.last.value());
            found.push_back(text);
        }
        return found;
    }
    using Found = std::vector<std::string>;

    // --- the forger
    // ------------------------------------------------------------------------------------------
    template <class Change>
    void forge(const Change& change) {
        auto storage = open_rocks_storage(
            {.directory = folder.path() / "log", .columns = EventLog::column_names()}
        );
        ASSERT_TRUE(storage.has_value()) << describe(storage.error());
        auto batch = (*storage)->new_batch();
        change(**storage, *batch);
        ASSERT_TRUE((*storage)->write(std::move(batch), Durability::synced).has_value());
    }
    static std::string value(const Storage& storage, std::size_t column, std::string_view key) {
        const auto found = storage.get(column, key);
        EXPECT_TRUE(found.has_value() && found->has_value());
        return found.value().value_or("");
    }
    static std::string record_at(const Storage& storage, std::uint64_t position) {
        return value(storage, EventLog::records, record_key(Position(position)));
    }
    static std::string with_crc(std::string leaf) {
        const std::uint32_t crc = crc32c(leaf);
        for (const int shift : {24, 16, 8, 0}) leaf += static_cast<char>(crc >> shift & 0xff);
        return leaf;
    }
    static std::string leaf_of(const std::string& record) {
        return record.substr(0, record.size() - 4);
    }
    // The record with its text, and all that binds them, replaced.
    static void put_message(
        const Storage& storage, StorageBatch& batch, std::uint64_t position, const std::string& text
    ) {
        const std::string old = record_at(storage, position);
        const auto record = parse_record(old);
        ASSERT_TRUE(record.has_value());
        const auto key = content_key(Position(position), 0);
        const std::string stored = value(storage, EventLog::contents, key).substr(0, 16) + text;
        Salt salt{};
        std::copy_n(stored.begin(), salt.size(), salt.begin());
        const Digest digest = commitment_to(Position(position), ContentField::text, 0, salt, text);
        std::string leaf = leaf_of(old);
        leaf.replace(leaf.size() - digest.size(), digest.size(), as_text(digest));
        batch.put(EventLog::records, record_key(Position(position)), with_crc(leaf));
        batch.put(EventLog::contents, key, stored);
    }
    // Every stored node made anew from the records.
    void regrow_tree() {
        forge([](const Storage& storage, StorageBatch& batch) {
            MerkleFrontier tree;
            const auto cursor = storage.cursor(EventLog::records);
            for (cursor->seek({}); cursor->valid(); cursor->next()) {
                const auto record = parse_record(cursor->value());
                ASSERT_TRUE(record.has_value());
                tree.append(leaf_hash_of(record->leaf), [&](NodeId node, const Digest& digest) {
                    batch.put(EventLog::merkle, merkle_key(node), as_text(digest));
                });
            }
        });
    }

    TemporaryFolder folder;
    NoteSigner signer{"verbatim/test", {1, 2, 3}};
    std::vector<std::string> notes;
};

TEST_F(AuditVerify, FindsNothingInAnHonestLog) {
    const LogAuditReport report = audit();
    EXPECT_EQ(found_in(report), Found{});
    EXPECT_EQ(report.events, positions);
    EXPECT_EQ(report.head, Position(positions));
    EXPECT_EQ(report.signed_up_to, Position(positions));
    EXPECT_EQ(report.notes, notes.size());
    EXPECT_TRUE(report.root.has_value());
}

TEST_F(AuditVerify, FindsAFlippedBit) {
    forge([](const Storage& storage, StorageBatch& batch) {
        std::string record = record_at(storage, 17);
        record[40] = static_cast<char>(record[40] ^ 0x10);
        batch.put(EventLog::records, record_key(Position(17)), record);
    });
    EXPECT_EQ(found_in(audit()), Found{"damaged_record 17"});
}

TEST_F(AuditVerify, FindsARecordThatWasCutShort) {
    forge([](const Storage& storage, StorageBatch& batch) {
        const std::string record = record_at(storage, 17);
        batch.put(EventLog::records, record_key(Position(17)), record.substr(0, 30));
    });
    EXPECT_EQ(audit().findings.first_bad(), Position(17));
}

TEST_F(AuditVerify, FindsARecordThatWasTakenOut) {
    forge([](const Storage&, StorageBatch& batch) {
        batch.erase(EventLog::records, record_key(Position(17)));
        batch.erase(EventLog::contents, content_key(Position(17), 0));
    });
    EXPECT_EQ(found_in(audit()), Found{"missing_record 17"});
}

TEST_F(AuditVerify, FindsTheEndCutOff) {
    forge([](const Storage&, StorageBatch& batch) {
        for (std::uint64_t position = 38; position <= positions; ++position) {
            batch.erase(EventLog::records, record_key(Position(position)));
            batch.erase(EventLog::contents, content_key(Position(position), 0));
        }
    });
    EXPECT_EQ(found_in(audit()), (Found{"log_is_shorter 38-40", "tree_differs 38"}));
}

TEST_F(AuditVerify, FindsTwoRecordsExchanged) {
    forge([](const Storage& storage, StorageBatch& batch) {
        batch.put(EventLog::records, record_key(Position(17)), record_at(storage, 18));
        batch.put(EventLog::records, record_key(Position(18)), record_at(storage, 17));
    });
    EXPECT_EQ(found_in(audit()), (Found{"misplaced_record 17", "misplaced_record 18"}));
}

TEST_F(AuditVerify, FindsTwoTextsExchanged) {
    forge([](const Storage& storage, StorageBatch& batch) {
        const auto one = content_key(Position(17), 0);
        const auto other = content_key(Position(18), 0);
        batch.put(EventLog::contents, one, value(storage, EventLog::contents, other));
        batch.put(EventLog::contents, other, value(storage, EventLog::contents, one));
    });
    EXPECT_EQ(found_in(audit()), (Found{"content_differs 17", "content_differs 18"}));
}

TEST_F(AuditVerify, FindsAnAlteredText) {
    forge([](const Storage& storage, StorageBatch& batch) {
        const auto key = content_key(Position(17), 0);
        batch.put(
            EventLog::contents, key, value(storage, EventLog::contents, key).substr(0, 16) + "no"
        );
    });
    EXPECT_EQ(found_in(audit()), Found{"content_differs 17"});
}

TEST_F(AuditVerify, FindsATextThatIsGone) {
    forge([](const Storage&, StorageBatch& batch) {
        batch.erase(EventLog::contents, content_key(Position(17), 0));
    });
    EXPECT_EQ(found_in(audit()), Found{"content_missing 17"});
}

TEST_F(AuditVerify, FindsATextThatNoRecordCommitsTo) {
    forge([](const Storage&, StorageBatch& batch) {
        batch.put(EventLog::contents, content_key(Position(17), 1), std::string(20, 'x'));
        batch.put(EventLog::contents, content_key(Position(99), 0), std::string(20, 'x'));
    });
    EXPECT_EQ(found_in(audit()), (Found{"content_unknown 99", "content_unknown 17"}));
}

TEST_F(AuditVerify, FindsARecordInsertedAfterTheLast) {
    forge([](const Storage& storage, StorageBatch& batch) {
        batch.put(EventLog::records, record_key(Position(41)), record_at(storage, 40));
    });
    EXPECT_EQ(audit().findings.first_bad(), Position(41));
}

TEST_F(AuditVerify, FindsAForgedMessageByTheStoredTree) {
    forge([](const Storage& storage, StorageBatch& batch) {
        put_message(storage, batch, 17, "I never said that");
    });
    EXPECT_EQ(found_in(audit()), (Found{"tree_differs 17-18", "log_differs 17-20"}));
}

TEST_F(AuditVerify, FindsAForgedMessageByTheSignaturesWhereTheTreeWasForgedToo) {
    forge([](const Storage& storage, StorageBatch& batch) {
        put_message(storage, batch, 17, "I never said that");
    });
    regrow_tree();
    const LogAuditReport report = audit();
    EXPECT_EQ(found_in(report), Found{"log_differs 11-20"});
    EXPECT_EQ(report.signed_up_to, Position(10));
}

TEST_F(AuditVerify, FindsMessagesExchangedByAForgerWhoKnowsTheFormat) {
    forge([](const Storage& storage, StorageBatch& batch) {
        put_message(storage, batch, 33, "message 34");
        put_message(storage, batch, 34, "message 33");
    });
    regrow_tree();
    EXPECT_EQ(found_in(audit()), Found{"log_differs 31-40"});
}

TEST_F(AuditVerify, FindsAForgedEventWithoutTexts) {
    forge([](const Storage& storage, StorageBatch& batch) {
        const std::string old = record_at(storage, 25);
        std::string leaf = leaf_of(old);
        leaf[100] = static_cast<char>(leaf[100] ^ 1);  // within the actor
        batch.put(EventLog::records, record_key(Position(25)), with_crc(leaf));
    });
    EXPECT_EQ(found_in(audit()), (Found{"tree_differs 25-26", "log_differs 25-30"}));
}

TEST_F(AuditVerify, FindsAnEventInsertedInAStream) {
    forge([](const Storage& storage, StorageBatch& batch) {
        std::string leaf = leaf_of(record_at(storage, 30));
        leaf[38] = static_cast<char>(leaf[38] + 1);  // the lowest byte of the version
        batch.put(EventLog::records, record_key(Position(30)), with_crc(leaf));
    });
    regrow_tree();
    EXPECT_EQ(audit().findings.first_bad(), Position(21));
    EXPECT_EQ(found_in(audit()).front(), "broken_stream 30");
}

TEST_F(AuditVerify, ChangesNoFile) {
    const auto listing = [&] {
        std::map<std::string, std::uintmax_t> files;
        for (const auto& entry : fs::directory_iterator(folder.path() / "log"))
            files[entry.path().filename()] = entry.file_size();
        return files;
    };
    const auto before = listing();
    (void)audit();
    EXPECT_EQ(listing(), before);
}

TEST_F(AuditVerify, FindsANodeOfTheTreeThatWasForged) {
    forge([](const Storage&, StorageBatch& batch) {
        batch.put(EventLog::merkle, merkle_key({2, 3}), std::string(32, 'x'));
        batch.erase(EventLog::merkle, merkle_key({1, 19}));
    });
    EXPECT_EQ(found_in(audit()), (Found{"tree_differs 13-16", "tree_differs 39-40"}));
}

TEST_F(AuditVerify, FindsANoteThatTheKeyHasNotSigned) {
    const NoteSigner forger("verbatim/test", {7});
    const auto head = read_checkpoint(notes[1]);
    ASSERT_TRUE(head.has_value());
    notes[1] = forger.sign(*head);
    EXPECT_EQ(found_in(audit()), Found{"note_not_signed 20"});
}

TEST_F(AuditVerify, FindsNotesOutOfOrder) {
    std::swap(notes[0], notes[1]);
    EXPECT_EQ(found_in(audit()), Found{"note_out_of_order 10"});
}

TEST_F(AuditVerify, FindsThatNoTreeHeadIsThere) {
    notes.clear();
    EXPECT_EQ(found_in(audit()), Found{"no_tree_head 41"});
}

TEST_F(AuditVerify, FindsAnOlderCopyByTheCheckpointItLacks) {
    TemporaryFolder backup;
    fs::copy(folder.path() / "log", backup.path() / "log", fs::copy_options::recursive);
    {
        auto log = open_rocks_event_log(
            (folder.path() / "log").string(), counted_bytes(), numbered_uuid(9), Timestamp(1)
        );
        ASSERT_TRUE(log.has_value());
        LogScribe scribe(**log);
        for (int i = 0; i < 10; ++i) scribe.write(stream_of(room), alice, {sent("later")});
        ASSERT_TRUE(scribe.commit().has_value());
        notes.clear();
        sign(**log);
    }
    EXPECT_EQ(found_in(audit()), Found{});
    fs::remove_all(folder.path() / "log");
    fs::copy(backup.path() / "log", folder.path() / "log", fs::copy_options::recursive);
    EXPECT_EQ(found_in(audit()), Found{"log_is_shorter 41-50"});
}

TEST_F(AuditVerify, AcceptsTextsThatAnEventDestroyed) {
    {
        auto log = open_rocks_event_log(
            (folder.path() / "log").string(), counted_bytes(), numbered_uuid(9), Timestamp(1)
        );
        ASSERT_TRUE(log.has_value());
        LogScribe scribe(**log);
        scribe.write(stream_of(room), alice, {edited(Version(16), "edited")});
        scribe.write(stream_of(room), alice, {destroyed(Version(16))});
        scribe.batch().destroyed.contents = {{Position(17)}, {Position(41)}};
        ASSERT_TRUE(scribe.commit().has_value());
    }
    const LogAuditReport report = audit();
    EXPECT_EQ(found_in(report), Found{});
    EXPECT_EQ(report.signed_up_to, Position(positions));
    EXPECT_EQ(report.head, Position(positions + 2));
}

TEST_F(AuditVerify, AcceptsThatAllIsGoneWhichAnErasedUserWrote) {
    destroy_what(stream_of(alice), alice, AccountEvent(ErasureBegun{}));
    EXPECT_EQ(found_in(audit()), Found{});
}

TEST_F(AuditVerify, FindsATextThatIsGoneThoughItsUserWasErasedBeforeItWasSaid) {
    destroy_what(stream_of(alice), alice, AccountEvent(ErasureBegun{}));
    EXPECT_NE(write({stream_of(room), alice, sent("after")}), nullptr);
    forge([](const Storage&, StorageBatch& batch) {
        batch.erase(EventLog::contents, content_key(Position(positions + 2), 0));
    });
    EXPECT_EQ(found_in(audit()), Found{"content_missing 42"});
}

TEST_F(AuditVerify, AcceptsThatMessagesAreGoneWhichExpiredAndNoOthers) {
    destroy_what(stream_of(room), the_server, RoomEvent(ContentsExpired{Version(16)}));
    EXPECT_EQ(found_in(audit()), Found{});
    forge([](const Storage&, StorageBatch& batch) {
        batch.erase(EventLog::contents, content_key(Position(18), 0));
    });
    EXPECT_EQ(found_in(audit()), Found{"content_missing 18"});
}

TEST_F(AuditVerify, FindsARoomsNameThatIsGoneThoughItsMessagesExpired) {
    destroy_what(stream_of(room), the_server, RoomEvent(ContentsExpired{Version(16)}));
    forge([](const Storage&, StorageBatch& batch) {
        batch.erase(EventLog::contents, content_key(Position(2), 0));
    });
    EXPECT_EQ(found_in(audit()), Found{"content_missing 2"});
}

TEST_F(AuditVerify, BelievesAViewThatSawAnotherRecord) {
    auto report = audit_with(
        {.notes = notes,
         .witnesses = {{"room_timeline", Position(17), Digest{}}, {"users", Position(44), {}}}}
    );
    ASSERT_TRUE(report.has_value());
    EXPECT_EQ(found_in(*report), (Found{"view_differs 17", "log_is_shorter 41-44"}));
}

TEST_F(AuditVerify, BeginsAfterACheckpointThatIsTrusted) {
    forge([](const Storage& storage, StorageBatch& batch) {
        std::string record = record_at(storage, 5);
        record[40] = static_cast<char>(record[40] ^ 0x10);
        batch.put(EventLog::records, record_key(Position(5)), record);
        put_message(storage, batch, 38, "forged");
    });
    const auto since = verify_checkpoint(notes[2], signer.verifier_key());
    ASSERT_TRUE(since.has_value());
    auto report = audit_with({.notes = notes, .since = since});
    ASSERT_TRUE(report.has_value());
    EXPECT_EQ(report->events, 10u);
    EXPECT_EQ(found_in(*report), (Found{"tree_differs 37-38", "log_differs 37-40"}));
}

TEST_F(AuditVerify, FindsAnotherLogThanTheOneOfATrustedCheckpoint) {
    const Digest other{7};
    auto report = audit_with(
        {.notes = {}, .since = TreeHead{.origin = "", .size = 30, .root = other, .at = {}}}
    );
    ASSERT_TRUE(report.has_value());
    EXPECT_EQ(report->findings.first_bad(), Position(1));
    report = audit_with(
        {.notes = notes, .since = TreeHead{.origin = "", .size = 50, .root = other, .at = {}}}
    );
    ASSERT_TRUE(report.has_value());
    EXPECT_EQ(found_in(*report), Found{"log_is_shorter 41-50"});
}

TEST_F(AuditVerify, SaysWhereThereIsNoLog) {
    fs::remove_all(folder.path() / "log");
    EXPECT_FALSE(audit_with({.notes = notes}).has_value());
    EXPECT_FALSE(fs::exists(folder.path() / "log")) << "an audit makes nothing";
}

}  // namespace

}  // namespace verbatim::testing
