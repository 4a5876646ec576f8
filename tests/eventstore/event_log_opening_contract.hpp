#pragma once

#include "tests/eventstore/event_log_contract.hpp"

// Part of the contract of every EventLog: how a log begins and is taken up again.
namespace verbatim::testing {

template <class Backend>
class EventLogOpening : public EventLogContract<Backend> {};
TYPED_TEST_SUITE_P(EventLogOpening);

TYPED_TEST_P(EventLogOpening, BeginsEmpty) {
    EXPECT_EQ(this->log->head(), Position());
    EXPECT_EQ(this->log->head_and_leaf(), std::pair(Position(), Digest{}));
    EXPECT_EQ(this->log->tree_head(), std::pair(std::uint64_t{0}, empty_tree_root()));
    EXPECT_EQ(this->log->last_at(), Timestamp());
    EXPECT_EQ(this->log->epoch(), first_epoch);
    EXPECT_EQ(this->log->created_at(), creation);
    EXPECT_TRUE(all_of(*this->log->read_all(Position())).empty());
}

TYPED_TEST_P(EventLogOpening, KeepsTheEpochAndTimeOfItsFirstOpening) {
    this->log = this->try_reopen(numbered_uuid(8), Timestamp(5)).value();
    EXPECT_EQ(this->log->epoch(), first_epoch);
    EXPECT_EQ(this->log->created_at(), creation);
}

TYPED_TEST_P(EventLogOpening, ReopensWhereItEnded) {
    for (int events = 1; events <= 70; ++events) {
        this->write_messages(harbour, 1);
        const auto end = this->log->head_and_leaf();
        const auto tree = this->log->tree_head();
        const Timestamp at = this->log->last_at();
        this->reopen();
        ASSERT_EQ(this->log->head_and_leaf(), end);
        ASSERT_EQ(this->log->tree_head(), tree);
        ASSERT_EQ(this->log->last_at(), at);
    }
    EXPECT_EQ(this->log->head(), Position(70));
    EXPECT_EQ(all_of(*this->log->read_all(Position())).size(), 70u);
}

TYPED_TEST_P(EventLogOpening, OpensWithoutReadingMoreOfALongLog) {
    this->write_messages(harbour, 1'000);
    this->reopen();
    for (auto& gets : this->faults->gets) gets = 0;
    this->reopen();
    std::size_t gets = 0;
    for (const auto& of_column : this->faults->gets) gets += of_column;
    EXPECT_LE(gets, 16u);
}

TYPED_TEST_P(EventLogOpening, RefusesALogThatNeedsANewerReader) {
    this->plant(
        EventLog::meta,
        meta_key,
        meta_value({.format = log_format + 1, .min_reader = log_format + 1})
    );
    EXPECT_EQ(error_of(this->try_reopen()).fault, StoreFault::written_by_newer_build);
}

TYPED_TEST_P(EventLogOpening, ReadsANewerLogThatOlderReadersMayRead) {
    const LogMeta meta{.format = log_format + 1, .epoch = first_epoch, .created_at = creation};
    this->plant(EventLog::meta, meta_key, meta_value(meta) + "later fields");
    EXPECT_TRUE(this->try_reopen().has_value());
}

TYPED_TEST_P(EventLogOpening, RefusesADamagedMetaRecord) {
    this->plant(EventLog::meta, meta_key, "short");
    EXPECT_EQ(error_of(this->try_reopen()).fault, StoreFault::corrupt_record);
}

TYPED_TEST_P(EventLogOpening, RefusesRecordsWithoutAMetaRecord) {
    this->write_some();
    this->remove(EventLog::meta, meta_key);
    EXPECT_EQ(error_of(this->try_reopen()).fault, StoreFault::corrupt_record);
}

TYPED_TEST_P(EventLogOpening, RefusesADamagedRecordAtItsEnd) {
    this->write_some();
    for (const std::uint64_t damaged : {6u, 7u}) {
        this->flip_last_byte(EventLog::records, record_key(Position(damaged)));
        const StoreError error = error_of(this->try_reopen());
        EXPECT_EQ(error.fault, StoreFault::corrupt_record);
        EXPECT_EQ(error.position, Position(damaged));
        this->flip_last_byte(EventLog::records, record_key(Position(damaged)));
    }
    EXPECT_TRUE(this->try_reopen().has_value());
}

TYPED_TEST_P(EventLogOpening, RefusesAGapAtItsEnd) {
    this->write_some();
    for (const std::uint64_t missing : {6u, 1u}) {
        const Key key = record_key(Position(missing));
        const std::string record = this->storage->get(EventLog::records, key).value().value();
        this->remove(EventLog::records, key);
        const StoreError error = error_of(this->try_reopen());
        EXPECT_EQ(error.fault, StoreFault::missing_record);
        EXPECT_EQ(error.position, Position(missing));
        this->plant(EventLog::records, key, record);
    }
}

TYPED_TEST_P(EventLogOpening, RefusesAStreamIndexThatMissesTheLastRecord) {
    this->write_some();
    this->remove(EventLog::streams, stream_key(reader_stream_of(ada), Version(1)));
    const StoreError error = error_of(this->try_reopen());
    EXPECT_EQ(error.fault, StoreFault::corrupt_record);
    EXPECT_EQ(error.position, Position(7));
}

TYPED_TEST_P(EventLogOpening, RefusesATreeWithoutAPeak) {
    this->write_some();
    this->plant(EventLog::merkle, merkle_key({2, 0}), "no digest");
    EXPECT_EQ(error_of(this->try_reopen()).fault, StoreFault::corrupt_record);
    this->remove(EventLog::merkle, merkle_key({2, 0}));
    EXPECT_EQ(error_of(this->try_reopen()).fault, StoreFault::missing_record);
}

TYPED_TEST_P(EventLogOpening, SaysWhenOpeningCouldNotRead) {
    this->write_some();
    this->faults->reads_fail = true;
    EXPECT_EQ(error_of(this->try_reopen()).fault, StoreFault::io_failed);
}

TYPED_TEST_P(EventLogOpening, SaysWhenItsFirstWriteFailed) {
    this->remove(EventLog::meta, meta_key);
    this->faults->next_write = StorageFaults::Write::fails_undone;
    EXPECT_EQ(error_of(this->try_reopen()).fault, StoreFault::outcome_unknown);
    EXPECT_TRUE(this->try_reopen().has_value());
}

REGISTER_TYPED_TEST_SUITE_P(
    EventLogOpening,
    BeginsEmpty,
    KeepsTheEpochAndTimeOfItsFirstOpening,
    ReopensWhereItEnded,
    OpensWithoutReadingMoreOfALongLog,
    RefusesALogThatNeedsANewerReader,
    ReadsANewerLogThatOlderReadersMayRead,
    RefusesADamagedMetaRecord,
    RefusesRecordsWithoutAMetaRecord,
    RefusesADamagedRecordAtItsEnd,
    RefusesAGapAtItsEnd,
    RefusesAStreamIndexThatMissesTheLastRecord,
    RefusesATreeWithoutAPeak,
    SaysWhenOpeningCouldNotRead,
    SaysWhenItsFirstWriteFailed
);

}  // namespace verbatim::testing
