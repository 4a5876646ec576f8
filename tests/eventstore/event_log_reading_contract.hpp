#pragma once

#include "tests/eventstore/event_log_contract.hpp"

// Part of the contract of every EventLog: what reading gives, and what it says where the store is
// not whole.
namespace verbatim::testing {

template <class Backend>
class EventLogReading : public EventLogContract<Backend> {};
TYPED_TEST_SUITE_P(EventLogReading);

TYPED_TEST_P(EventLogReading, HasNoRecordOutsideOfTheLog) {
    this->write_some();
    for (const std::uint64_t outside : {0u, 8u, 100u}) {
        const Position position(outside);
        EXPECT_EQ(error_of(this->log->read(position)).fault, StoreFault::missing_record);
        EXPECT_EQ(error_of(this->log->read_record(position)).fault, StoreFault::missing_record);
        EXPECT_EQ(error_of(this->log->leaf_hash(position)).fault, StoreFault::missing_record);
        EXPECT_EQ(error_of(this->log->read(position)).position, position);
    }
}

TYPED_TEST_P(EventLogReading, NamesARecordThatIsMissing) {
    this->write_some();
    this->remove(EventLog::records, record_key(Position(3)));
    EXPECT_EQ(this->fault_at(Position(3)).fault, StoreFault::missing_record);
}

TYPED_TEST_P(EventLogReading, NamesARecordThatIsDamaged) {
    this->write_some();
    this->flip_last_byte(EventLog::records, record_key(Position(3)));
    EXPECT_EQ(this->fault_at(Position(3)).fault, StoreFault::corrupt_record);
}

TYPED_TEST_P(EventLogReading, NamesARecordThatStandsInAnothersPlace) {
    this->write_some();
    this->plant(
        EventLog::records, record_key(Position(3)), this->log->read_record(Position(4)).value()
    );
    EXPECT_EQ(this->fault_at(Position(3)).fault, StoreFault::corrupt_record);
}

TYPED_TEST_P(EventLogReading, NamesARecordThatANewerBuildWrote) {
    const auto written = this->write_some();
    RecordedEvent envelope = written[2];
    this->plant(
        EventLog::records,
        record_key(Position(3)),
        encode_record(
            envelope, {.type = "room.sang", .schema = 1, .facts = "{}", .contents = {}}, {}
        )
    );
    EXPECT_EQ(this->fault_at(Position(3)).fault, StoreFault::written_by_newer_build);
}

TYPED_TEST_P(EventLogReading, NamesAContentThatIsMissing) {
    this->write_some();
    this->remove(EventLog::contents, content_key(Position(3), 0));
    EXPECT_EQ(this->fault_at(Position(3)).fault, StoreFault::missing_content);
    const auto stream = this->log->read_stream(stream_of(harbour), Version(1));
    EXPECT_EQ(error_of(stream->next()).fault, StoreFault::missing_content);
    EXPECT_EQ(all_of(*this->log->read_all(Position(3))).size(), 4u);
}

TYPED_TEST_P(EventLogReading, NamesAnAccountsContentThatIsMissing) {
    this->write_some();
    this->remove(EventLog::contents, content_key(Position(1), 1));
    EXPECT_EQ(this->fault_at(Position(1)).fault, StoreFault::missing_content);
}

TYPED_TEST_P(EventLogReading, NamesAContentWithoutItsSalt) {
    this->write_some();
    this->plant(EventLog::contents, content_key(Position(3), 0), "short");
    EXPECT_EQ(this->fault_at(Position(3)).fault, StoreFault::corrupt_record);
}

TYPED_TEST_P(EventLogReading, PassesOverAContentThatNoRecordSpeaksOf) {
    const auto written = this->write_some();
    this->plant(EventLog::contents, content_key(Position(3), 9), std::string(20, 'x'));
    EXPECT_EQ(all_of(*this->log->read_all(Position())), written);
}

TYPED_TEST_P(EventLogReading, ReadsADestroyedMessageAndItsEditsWithoutTheirTexts) {
    LogScribe scribe(*this->log);
    scribe.write(stream_of(harbour), ada, {sent("a"), edited(Version(1), "b"), sent("c")});
    scribe.write(stream_of(harbour), ada, {deleted(Version(1)), destroyed(Version(1))});
    ASSERT_TRUE(scribe.commit().has_value());
    this->remove(EventLog::contents, content_key(Position(1), 0));
    this->remove(EventLog::contents, content_key(Position(2), 0));

    auto expected = scribe.written();
    std::get<MessageSent>(std::get<RoomEvent>(expected[0].event)).text = std::nullopt;
    std::get<MessageEdited>(std::get<RoomEvent>(expected[1].event)).text = std::nullopt;
    EXPECT_EQ(this->log->read(Position(1)).value(), expected[0]);
    EXPECT_EQ(all_of(*this->log->read_all(Position())), expected);
    EXPECT_EQ(all_of(*this->log->read_stream(stream_of(harbour), Version())), expected);

    this->remove(EventLog::contents, content_key(Position(3), 0));
    EXPECT_EQ(this->fault_at(Position(3)).fault, StoreFault::missing_content);
}

TYPED_TEST_P(EventLogReading, ADeletionThatOnlyHidesExcusesNoMissingContent) {
    LogScribe scribe(*this->log);
    scribe.write(stream_of(harbour), ada, {sent("a"), deleted(Version(1)), sent("b")});
    scribe.write(stream_of(harbour), ada, {destroyed(Version(3))});
    ASSERT_TRUE(scribe.commit().has_value());
    this->remove(EventLog::contents, content_key(Position(1), 0));
    EXPECT_EQ(this->fault_at(Position(1)).fault, StoreFault::missing_content);
}

TYPED_TEST_P(EventLogReading, SaysThatReadingFailed) {
    this->write_some();
    this->faults->reads_fail = true;
    EXPECT_EQ(this->fault_at(Position(3)).fault, StoreFault::io_failed);
    const StreamId room = stream_of(harbour);
    EXPECT_EQ(error_of(this->log->read_record(Position(1))).fault, StoreFault::io_failed);
    EXPECT_EQ(error_of(this->log->leaf_hash(Position(1))).fault, StoreFault::io_failed);
    EXPECT_EQ(error_of(this->log->read_stream(room, {})->next()).fault, StoreFault::io_failed);
    EXPECT_EQ(
        error_of(this->log->read_stream_for_fold(room, {})->next()).fault, StoreFault::io_failed
    );
    EXPECT_EQ(
        error_of(this->log->read_message(harbour, Version(2))->next()).fault, StoreFault::io_failed
    );
    EXPECT_EQ(error_of(this->log->version_of(room)).fault, StoreFault::io_failed);
    EXPECT_EQ(error_of(this->log->position_of(room, Version(1))).fault, StoreFault::io_failed);
    EXPECT_EQ(error_of(this->log->first_version_after(room, {})).fault, StoreFault::io_failed);
    EXPECT_EQ(error_of(this->log->holder_of({ClaimKind::alias, "x"})).fault, StoreFault::io_failed);
    EXPECT_EQ(error_of(this->log->remembered(KeyHash{})).fault, StoreFault::io_failed);
    EXPECT_EQ(error_of(this->log->snapshot_of(room)).fault, StoreFault::io_failed);
    EXPECT_EQ(error_of(this->log->tree_nodes()({1, 0})).fault, StoreFault::io_failed);
}

TYPED_TEST_P(EventLogReading, ReadsAllAfterAnyPosition) {
    const auto written = this->write_some();
    for (std::size_t after = 0; after <= written.size() + 2; ++after) {
        const auto skipped = static_cast<std::ptrdiff_t>(std::min(after, written.size()));
        const std::vector<RecordedEvent> expected(written.begin() + skipped, written.end());
        EXPECT_EQ(all_of(*this->log->read_all(Position(after))), expected);
    }
}

TYPED_TEST_P(EventLogReading, CursorsEndWhereTheLogEndedWhenTheyWereMade) {
    const auto written = this->write_some();
    const auto all = this->log->read_all(Position());
    const auto stream = this->log->read_stream(stream_of(harbour), Version());
    const auto fold = this->log->read_stream_for_fold(stream_of(harbour), Version());
    const auto message = this->log->read_message(harbour, Version(2));
    LogScribe scribe(*this->log);
    scribe.write(stream_of(harbour), ada, {edited(Version(2), "again"), room_created()});
    ASSERT_TRUE(scribe.commit().has_value());
    EXPECT_EQ(all_of(*all), written);
    EXPECT_EQ(all_of(*stream).size(), 5u);
    EXPECT_EQ(all_of(*fold).size(), 1u);
    EXPECT_EQ(all_of(*message).size(), 2u);
    EXPECT_EQ(all_of(*this->log->read_message(harbour, Version(2))).size(), 3u);
}

TYPED_TEST_P(EventLogReading, ReadsOneStreamAmongOthers) {
    std::vector<RecordedEvent> expected;
    LogScribe scribe(*this->log);
    for (std::uint64_t i = 0; i < 300; ++i) {
        scribe.write(stream_of(numbered_id<RoomId>(99 + i % 3)), ada, {sent(std::to_string(i))});
        if (i % 3 == 1) expected.push_back(scribe.written().back());
    }
    ASSERT_TRUE(scribe.commit().has_value());
    EXPECT_EQ(all_of(*this->log->read_stream(stream_of(harbour), Version())), expected);
    for (const std::uint64_t after : {1u, 63u, 64u, 65u, 99u, 100u, 1'000u}) {
        const auto rest = all_of(*this->log->read_stream(stream_of(harbour), Version(after)));
        ASSERT_EQ(rest.size(), after >= 100 ? 0 : 100 - after);
        if (rest.empty()) continue;
        EXPECT_EQ(rest.front(), expected[after]);
    }
    EXPECT_TRUE(all_of(*this->log->read_stream(stream_of(bea), Version())).empty());
}

TYPED_TEST_P(EventLogReading, FoldsWithoutTouchingARecordThatDoesNotBear) {
    LogScribe scribe(*this->log);
    scribe.write(stream_of(harbour), ada, {room_created()});
    for (int i = 0; i < 500; ++i) scribe.write(stream_of(harbour), ada, {sent("x")});
    scribe.write(stream_of(harbour), bea, {RoomEvent(MemberJoined{.user = bea, .added_by = {}})});
    for (int i = 0; i < 70; ++i) {
        scribe.write(stream_of(harbour), ada, {RoomEvent(MemberInvited{numbered_id<UserId>(9)})});
    }
    ASSERT_TRUE(scribe.commit().has_value());
    for (auto& gets : this->faults->gets) gets = 0;
    const auto events = all_of(*this->log->read_stream_for_fold(stream_of(harbour), Version()));
    EXPECT_EQ(this->faults->gets[EventLog::records], 72u);
    ASSERT_EQ(events.size(), 72u);
    EXPECT_EQ(events[0].version, Version(1));
    EXPECT_EQ(events[1].version, Version(502));
    EXPECT_EQ(events[71].version, Version(572));
    EXPECT_EQ(
        all_of(*this->log->read_stream_for_fold(stream_of(harbour), Version(502))).size(), 70u
    );
}

TYPED_TEST_P(EventLogReading, FoldsEveryEventOfAccountsAndReaders) {
    this->write_some();
    EXPECT_EQ(all_of(*this->log->read_stream_for_fold(stream_of(ada), Version())).size(), 1u);
    EXPECT_EQ(
        all_of(*this->log->read_stream_for_fold(reader_stream_of(ada), Version())).size(), 1u
    );
}

TYPED_TEST_P(EventLogReading, NamesAGapInAStream) {
    this->write_some();
    this->remove(EventLog::streams, stream_key(stream_of(harbour), Version(3)));
    const auto stream = this->log->read_stream(stream_of(harbour), Version(2));
    const StoreError error = error_of(stream->next());
    EXPECT_EQ(error.fault, StoreFault::missing_record);
    EXPECT_EQ(error.position, Position(5));
}

TYPED_TEST_P(EventLogReading, NamesAStreamIndexThatLeadsElsewhere) {
    this->write_some();
    this->plant(
        EventLog::streams,
        stream_key(stream_of(harbour), Version(2)),
        stream_value({Position(4), false})
    );
    const auto stream = this->log->read_stream(stream_of(harbour), Version(1));
    EXPECT_EQ(error_of(stream->next()).fault, StoreFault::corrupt_record);
    this->plant(EventLog::streams, stream_key(stream_of(harbour), Version(2)), "short");
    EXPECT_EQ(
        error_of(this->log->read_stream(stream_of(harbour), Version(1))->next()).fault,
        StoreFault::corrupt_record
    );
}

TYPED_TEST_P(EventLogReading, ReadsAMessageAndWhatNamesIt) {
    LogScribe scribe(*this->log);
    scribe.write(stream_of(harbour), ada, {room_created(), sent("two"), sent("three")});
    scribe.write(stream_of(market), ada, {room_created(), sent("another room's")});
    std::vector<RecordedEvent> expected{scribe.written()[1]};
    for (int i = 0; i < 150; ++i) {
        scribe.write(stream_of(harbour), ada, {edited(Version(2), std::to_string(i))});
        expected.push_back(scribe.written().back());
        scribe.write(stream_of(harbour), ada, {edited(Version(3), std::to_string(i))});
        scribe.write(stream_of(market), ada, {edited(Version(2), std::to_string(i))});
    }
    scribe.write(stream_of(harbour), ada, {deleted(Version(2))});
    expected.push_back(scribe.written().back());
    ASSERT_TRUE(scribe.commit().has_value());
    EXPECT_EQ(all_of(*this->log->read_message(harbour, Version(2))), expected);
    for (const std::size_t from :
         {std::size_t{1}, std::size_t{2}, std::size_t{70}, expected.size()}) {
        const std::vector<RecordedEvent> rest(
            expected.begin() + static_cast<std::ptrdiff_t>(from), expected.end()
        );
        const Version after = expected[from - 1].version;
        EXPECT_EQ(all_of(*this->log->read_message(harbour, Version(2), after)), rest);
    }
}

TYPED_TEST_P(EventLogReading, ReadsNoMessageWhereNoneWasSent) {
    this->write_some();
    EXPECT_TRUE(all_of(*this->log->read_message(harbour, Version(1))).empty());
    EXPECT_TRUE(all_of(*this->log->read_message(harbour, Version(99))).empty());
    EXPECT_TRUE(all_of(*this->log->read_message(market, Version(2))).empty());
}

TYPED_TEST_P(EventLogReading, ReadersSeeAGrowingLogWithoutGaps) {
    constexpr std::uint64_t batches = 100;
    std::vector<std::jthread> readers;
    for (int reader = 0; reader < 2; ++reader) {
        readers.emplace_back([&] {
            std::uint64_t seen = 0;
            while (seen < 3 * batches) {
                const auto events = all_of(*this->log->read_all(Position(seen)));
                for (const RecordedEvent& event : events) {
                    ASSERT_EQ(event.position, Position(++seen));
                }
                ASSERT_EQ(seen % 3, 0u);
                const auto [size, root] = this->log->tree_head();
                ASSERT_EQ(root_at(size, this->log->tree_nodes()).value(), root);
                const auto version = this->log->version_of(stream_of(harbour)).value();
                ASSERT_GE(version.value(), seen);
            }
        });
    }
    LogScribe scribe(*this->log);
    for (std::uint64_t batch = 0; batch < batches; ++batch) {
        scribe.write(stream_of(harbour), ada, {sent("a"), sent("b"), sent("c")});
        ASSERT_TRUE(scribe.commit().has_value());
    }
}

REGISTER_TYPED_TEST_SUITE_P(
    EventLogReading,
    HasNoRecordOutsideOfTheLog,
    NamesARecordThatIsMissing,
    NamesARecordThatIsDamaged,
    NamesARecordThatStandsInAnothersPlace,
    NamesARecordThatANewerBuildWrote,
    NamesAContentThatIsMissing,
    NamesAnAccountsContentThatIsMissing,
    NamesAContentWithoutItsSalt,
    PassesOverAContentThatNoRecordSpeaksOf,
    ReadsADestroyedMessageAndItsEditsWithoutTheirTexts,
    ADeletionThatOnlyHidesExcusesNoMissingContent,
    SaysThatReadingFailed,
    ReadsAllAfterAnyPosition,
    CursorsEndWhereTheLogEndedWhenTheyWereMade,
    ReadsOneStreamAmongOthers,
    FoldsWithoutTouchingARecordThatDoesNotBear,
    FoldsEveryEventOfAccountsAndReaders,
    NamesAGapInAStream,
    NamesAStreamIndexThatLeadsElsewhere,
    ReadsAMessageAndWhatNamesIt,
    ReadsNoMessageWhereNoneWasSent,
    ReadersSeeAGrowingLogWithoutGaps
);

}  // namespace verbatim::testing
