#pragma once

#include "tests/eventstore/event_log_contract.hpp"

// Part of the contract of every EventLog: what preparing and committing promise.
namespace verbatim::testing {

template <class Backend>
class EventLogCommitting : public EventLogContract<Backend> {};
TYPED_TEST_SUITE_P(EventLogCommitting);

TYPED_TEST_P(EventLogCommitting, GivesBackEveryEventAsItWas) {
    const auto written = this->write_some();
    for (const RecordedEvent& event : written) {
        EXPECT_EQ(this->log->read(event.position).value(), event);
    }
    EXPECT_EQ(all_of(*this->log->read_all(Position())), written);
    this->reopen();
    EXPECT_EQ(all_of(*this->log->read_all(Position())), written);
    EXPECT_EQ(this->log->head(), Position(7));
    EXPECT_EQ(this->log->last_at(), written.back().at);
}

TYPED_TEST_P(EventLogCommitting, ShowsNothingThatWasOnlyPrepared) {
    LogScribe scribe(*this->log);
    scribe.write(stream_of(ada), ada, {registered("ada")}, key_numbered(1));
    const auto prepared = scribe.prepare();
    EXPECT_EQ(prepared.last, Position(1));
    EXPECT_EQ(this->log->head(), Position());
    EXPECT_EQ(this->log->tree_head().first, 0u);
    EXPECT_EQ(error_of(this->log->read(Position(1))).fault, StoreFault::missing_record);
    EXPECT_EQ(this->log->version_of(stream_of(ada)).value(), Version());
    EXPECT_EQ(this->log->holder_of({ClaimKind::username, "ada"}).value(), std::nullopt);
}

TYPED_TEST_P(EventLogCommitting, PreparesTheNextBatchBeforeTheLastIsCommitted) {
    LogScribe scribe(*this->log);
    scribe.write(stream_of(harbour), ada, {room_created(), sent("one")});
    auto first = scribe.prepare();
    scribe.write(stream_of(harbour), ada, {sent("two")});
    auto second = scribe.prepare();
    ASSERT_TRUE(this->log->commit(std::move(first)).has_value());
    EXPECT_EQ(this->log->head(), Position(2));
    ASSERT_TRUE(this->log->commit(std::move(second)).has_value());
    EXPECT_EQ(all_of(*this->log->read_all(Position())), scribe.written());
}

TYPED_TEST_P(EventLogCommitting, PreparesWithoutReading) {
    this->write_some();
    for (auto& gets : this->faults->gets) gets = 0;
    this->faults->cursors = 0;
    CommitBatch batch;
    batch.events = {this->log->read(Position(4)).value()};
    batch.events[0].position = Position(8);
    batch.events[0].version = Version(6);
    batch.events[0].at = this->log->last_at();
    for (auto& gets : this->faults->gets) gets = 0;
    static_cast<void>(this->log->prepare(batch));
    for (const auto& gets : this->faults->gets) EXPECT_EQ(gets, 0u);
    EXPECT_EQ(this->faults->cursors, 0u);
}

TYPED_TEST_P(EventLogCommitting, ABatchStagedInPiecesIsOneWriteLikeAnyOther) {
    LogScribe scribe(*this->log);
    PreparedBatch staged;
    for (const char* const text : {"one", "two", "three"}) {
        scribe.write(stream_of(harbour), ada, {sent(text), edited(Version(1), text)});
        this->log->stage(staged, std::exchange(scribe.batch(), {}));
    }
    EXPECT_EQ(this->log->head(), Position());
    const std::size_t before = this->faults->writes;
    ASSERT_TRUE(this->log->commit(std::move(staged)).has_value());
    EXPECT_EQ(this->faults->writes, before + 1);
    EXPECT_EQ(all_of(*this->log->read_all(Position())), scribe.written());
    EXPECT_EQ(root_at(6, this->log->tree_nodes()).value(), this->log->tree_head().second);
}

TYPED_TEST_P(EventLogCommitting, CommitsOneSyncedWriteForEachBatch) {
    const std::size_t before = this->faults->writes;
    this->write_some();
    EXPECT_EQ(this->faults->writes, before + 2);
    EXPECT_EQ(this->faults->last_durability, Durability::synced);
}

TYPED_TEST_P(EventLogCommitting, TheTreeIsThatOfTheRecords) {
    this->write_some();
    MerkleFrontier tree;
    for (std::uint64_t position = 1; position <= 7; ++position) {
        const std::string record = this->log->read_record(Position(position)).value();
        const Digest leaf = leaf_hash_of(parse_record(record).value().leaf);
        EXPECT_EQ(this->log->leaf_hash(Position(position)).value(), leaf);
        tree.append(leaf, [](NodeId, const Digest&) {});
    }
    EXPECT_EQ(this->log->tree_head(), std::pair(std::uint64_t{7}, tree.root()));
    EXPECT_EQ(this->log->head_and_leaf().second, this->log->leaf_hash(Position(7)).value());
}

TYPED_TEST_P(EventLogCommitting, RemembersAKeyOfACommandWithoutEvents) {
    this->write_some();
    const IdempotencyRecord record{
        .fingerprint = key_numbered(3).fingerprint,
        .first = Position(),
        .status = 200,
        .stream = stream_of(harbour),
        .position = Position(6),
        .version = Version(5),
        .at = Timestamp(-1)};
    LogScribe scribe(*this->log);
    scribe.remember(key_numbered(3), record);
    ASSERT_TRUE(scribe.commit().has_value());
    EXPECT_EQ(this->log->head(), Position(7));
    EXPECT_EQ(this->log->remembered(key_numbered(3).key).value(), record);
    this->write_messages(harbour, 1);
    EXPECT_EQ(this->log->head(), Position(8));
}

TYPED_TEST_P(EventLogCommitting, AfterAFailedCommitEveryLaterOneFailsAndReadingGoesOn) {
    const auto written = this->write_some();
    const auto tree = this->log->tree_head();
    LogScribe scribe(*this->log);
    scribe.write(stream_of(harbour), ada, {sent("lost")});
    auto failing = scribe.prepare();
    scribe.write(stream_of(harbour), ada, {sent("prepared meanwhile")});
    auto waiting = scribe.prepare();
    this->faults->next_write = StorageFaults::Write::fails_done;
    EXPECT_EQ(error_of(this->log->commit(std::move(failing))).fault, StoreFault::outcome_unknown);
    EXPECT_EQ(error_of(this->log->commit(std::move(waiting))).fault, StoreFault::outcome_unknown);
    scribe.write(stream_of(harbour), ada, {sent("prepared later")});
    EXPECT_EQ(error_of(scribe.commit()).fault, StoreFault::outcome_unknown);
    EXPECT_EQ(
        error_of(this->log->keep_snapshot(stream_of(harbour), "state", 0)).fault,
        StoreFault::outcome_unknown
    );
    EXPECT_EQ(this->log->head(), Position(7));
    EXPECT_EQ(this->log->tree_head(), tree);
    EXPECT_EQ(all_of(*this->log->read_all(Position())), written);
    EXPECT_EQ(all_of(*this->log->read_stream(stream_of(harbour), Version())).size(), 5u);
    EXPECT_EQ(this->log->version_of(stream_of(harbour)).value(), Version(5));
    EXPECT_EQ(this->log->position_of(stream_of(harbour), Version(6)).value(), std::nullopt);
}

TYPED_TEST_P(EventLogCommitting, ReopeningTellsWhichWayAFailedCommitWent) {
    using Write = StorageFaults::Write;
    std::uint64_t expected = 0;
    for (const Write outcome : {Write::fails_undone, Write::fails_done}) {
        LogScribe scribe(*this->log);
        scribe.write(stream_of(harbour), ada, {sent("a"), sent("b")}, key_numbered(9));
        this->faults->next_write = outcome;
        EXPECT_FALSE(scribe.commit().has_value());
        this->reopen();
        if (outcome == Write::fails_done) expected = 2;
        EXPECT_EQ(this->log->head(), Position(expected));
        EXPECT_EQ(this->log->remembered(key_numbered(9).key).value().has_value(), expected > 0);
        EXPECT_EQ(all_of(*this->log->read_all(Position())).size(), expected);
    }
    this->write_messages(harbour, 1);
    EXPECT_EQ(this->log->head(), Position(3));
}

REGISTER_TYPED_TEST_SUITE_P(
    EventLogCommitting,
    GivesBackEveryEventAsItWas,
    ShowsNothingThatWasOnlyPrepared,
    PreparesTheNextBatchBeforeTheLastIsCommitted,
    PreparesWithoutReading,
    ABatchStagedInPiecesIsOneWriteLikeAnyOther,
    CommitsOneSyncedWriteForEachBatch,
    TheTreeIsThatOfTheRecords,
    RemembersAKeyOfACommandWithoutEvents,
    AfterAFailedCommitEveryLaterOneFailsAndReadingGoesOn,
    ReopeningTellsWhichWayAFailedCommitWent
);

}  // namespace verbatim::testing
