#pragma once

#include "tests/eventstore/event_log_contract.hpp"

// Part of the contract of every EventLog: what is found without reading events.
namespace verbatim::testing {

template <class Backend>
class EventLogIndexes : public EventLogContract<Backend> {};
TYPED_TEST_SUITE_P(EventLogIndexes);

TYPED_TEST_P(EventLogIndexes, KnowsTheVersionOfEachStream) {
    this->write_some();
    EXPECT_EQ(this->log->version_of(stream_of(ada)).value(), Version(1));
    EXPECT_EQ(this->log->version_of(stream_of(harbour)).value(), Version(5));
    EXPECT_EQ(this->log->version_of(reader_stream_of(ada)).value(), Version(1));
    EXPECT_EQ(this->log->version_of(reader_stream_of(bea)).value(), Version());
    EXPECT_EQ(this->log->version_of(stream_of(market)).value(), Version());
}

TYPED_TEST_P(EventLogIndexes, FindsThePositionOfAVersion) {
    for (const RecordedEvent& event : this->write_some()) {
        EXPECT_EQ(this->log->position_of(event.stream, event.version).value(), event.position);
    }
    EXPECT_EQ(this->log->position_of(stream_of(harbour), Version()).value(), std::nullopt);
    EXPECT_EQ(this->log->position_of(stream_of(harbour), Version(6)).value(), std::nullopt);
    EXPECT_EQ(this->log->position_of(stream_of(market), Version(1)).value(), std::nullopt);
}

TYPED_TEST_P(EventLogIndexes, FindsTheFirstVersionAfterAPosition) {
    LogScribe scribe(*this->log);
    for (std::uint64_t i = 0; i < 60; ++i) {
        scribe.write(stream_of(i * i % 7 < 3 ? harbour : market), ada, {sent("x")});
    }
    ASSERT_TRUE(scribe.commit().has_value());
    for (std::uint64_t after = 0; after <= 61; ++after) {
        std::uint64_t expected = 1;
        for (const RecordedEvent& event : scribe.written()) {
            if (event.stream == stream_of(harbour) && event.position.value() <= after) ++expected;
        }
        EXPECT_EQ(
            this->log->first_version_after(stream_of(harbour), Position(after)).value(),
            Version(expected)
        );
    }
    EXPECT_EQ(this->log->first_version_after(stream_of(bea), Position()).value(), Version(1));
}

TYPED_TEST_P(EventLogIndexes, KnowsWhoHoldsAName) {
    const auto holder = [&](ClaimKind kind, const std::string& name) {
        return this->log->holder_of({kind, name}).value();
    };
    this->write_some();
    EXPECT_EQ(holder(ClaimKind::username, "ada"), ada.value());
    EXPECT_EQ(holder(ClaimKind::alias, "harbour"), harbour.value());
    EXPECT_EQ(holder(ClaimKind::alias, "ada"), std::nullopt);
    EXPECT_EQ(holder(ClaimKind::username, "ad"), std::nullopt);

    LogScribe scribe(*this->log);
    scribe.batch().claims = {
        {{ClaimKind::alias, "harbour"}, std::nullopt},
        {{ClaimKind::alias, "port"}, harbour.value()}};
    ASSERT_TRUE(scribe.commit().has_value());
    EXPECT_EQ(holder(ClaimKind::alias, "harbour"), std::nullopt);
    EXPECT_EQ(holder(ClaimKind::alias, "port"), harbour.value());
}

TYPED_TEST_P(EventLogIndexes, RemembersTheKeysOfCommands) {
    const auto written = this->write_some();
    const IdempotencyRecord expected{
        .fingerprint = key_numbered(2).fingerprint,
        .first = Position(2),
        .count = 3,
        .status = 201,
        .stream = stream_of(harbour),
        .position = Position(4),
        .version = Version(3),
        .at = written[3].at};
    EXPECT_EQ(this->log->remembered(key_numbered(2).key).value(), expected);
    EXPECT_EQ(this->log->remembered(key_numbered(5).key).value(), std::nullopt);
}

TYPED_TEST_P(EventLogIndexes, NamesAnIndexEntryThatIsDamaged) {
    this->write_some();
    this->plant(EventLog::claims, claim_key({ClaimKind::username, "ada"}), "short");
    this->plant(EventLog::idempotency, as_text(key_numbered(1).key), "short");
    EXPECT_EQ(
        error_of(this->log->holder_of({ClaimKind::username, "ada"})).fault,
        StoreFault::corrupt_record
    );
    EXPECT_EQ(
        error_of(this->log->remembered(key_numbered(1).key)).fault, StoreFault::corrupt_record
    );
}

TYPED_TEST_P(EventLogIndexes, KeepsTheNewestSnapshotOfAStream) {
    EXPECT_EQ(this->log->snapshot_of(stream_of(harbour)).value(), std::nullopt);
    ASSERT_TRUE(this->log->keep_snapshot(stream_of(harbour), "old", 0).has_value());
    ASSERT_TRUE(this->log->keep_snapshot(stream_of(harbour), "new", 0).has_value());
    EXPECT_EQ(this->faults->last_durability, Durability::buffered);
    ASSERT_TRUE(this->log->keep_snapshot(stream_of(market), "other", 0).has_value());
    this->reopen();
    EXPECT_EQ(this->log->snapshot_of(stream_of(harbour)).value(), "new");
    EXPECT_EQ(this->log->snapshot_of(stream_of(ada)).value(), std::nullopt);
}

TYPED_TEST_P(EventLogIndexes, AFailedSnapshotStopsCommitsToo) {
    this->faults->next_write = StorageFaults::Write::fails_undone;
    EXPECT_EQ(
        error_of(this->log->keep_snapshot(stream_of(harbour), "x", 0)).fault,
        StoreFault::outcome_unknown
    );
    LogScribe scribe(*this->log);
    scribe.write(stream_of(harbour), ada, {sent("x")});
    EXPECT_EQ(error_of(scribe.commit()).fault, StoreFault::outcome_unknown);
}

TYPED_TEST_P(EventLogIndexes, KeepsSnapshotsWhileAnotherThreadCommits) {
    std::jthread keeper([&] {
        for (int i = 0; i < 100; ++i) {
            ASSERT_TRUE(
                this->log->keep_snapshot(stream_of(market), std::to_string(i), 0).has_value()
            );
        }
    });
    for (int i = 0; i < 50; ++i) this->write_messages(harbour, 1);
    keeper.join();
    EXPECT_EQ(this->log->head(), Position(50));
    EXPECT_EQ(this->log->snapshot_of(stream_of(market)).value(), "99");
}

TYPED_TEST_P(EventLogIndexes, GivesTheNodesOfEveryTreeItEverHad) {
    std::vector<Digest> roots{empty_tree_root()};
    for (int i = 0; i < 20; ++i) {
        this->write_messages(harbour, 1);
        roots.push_back(this->log->tree_head().second);
    }
    const NodeSource nodes = this->log->tree_nodes();
    for (std::uint64_t size = 1; size <= 20; ++size) {
        EXPECT_EQ(root_at(size, nodes).value(), roots[size]);
        const auto proof = inclusion_proof(size - 1, 20, nodes).value();
        const Digest leaf = this->log->leaf_hash(Position(size)).value();
        EXPECT_TRUE(verify_inclusion(size - 1, 20, leaf, proof, roots[20]));
    }
    for (const NodeId beyond : {NodeId{0, 20}, NodeId{2, 5}, NodeId{5, 0}, NodeId{64, 0}}) {
        EXPECT_EQ(error_of(nodes(beyond)).fault, StoreFault::missing_record);
    }
}

TYPED_TEST_P(EventLogIndexes, MakesItsIndexesAgainAsTheyWere) {
    this->write_some();
    LogScribe scribe(*this->log);
    scribe.write(stream_of(market), ada, {room_created("market")}, key_numbered(3));
    scribe.write(stream_of(market), ada, {sent("a")}, key_numbered(4));
    scribe.write(stream_of(bea), bea, {registered("bea")}, key_numbered(5));
    ASSERT_TRUE(scribe.commit().has_value());
    RoomUpdated renamed;
    renamed.alias = Change<std::optional<std::string>>(std::optional<std::string>("square"));
    RoomUpdated cleared;
    cleared.alias = Change<std::optional<std::string>>(std::optional<std::string>());
    scribe.write(stream_of(market), ada, {RoomEvent(renamed)}, key_numbered(6));
    scribe.write(stream_of(numbered_id<RoomId>(102)), bea, {room_created("market")});
    scribe.write(
        stream_of(numbered_id<RoomId>(103)), bea, {room_created("brief"), RoomEvent(cleared)}
    );
    RoomCreated direct;
    direct.direct_with = ada;
    scribe.write(stream_of(numbered_id<RoomId>(104)), bea, {RoomEvent(direct)});
    ASSERT_TRUE(scribe.commit().has_value());

    const Entries claims = entries_of(*this->storage, EventLog::claims);
    const Entries keys = entries_of(*this->storage, EventLog::idempotency);
    EXPECT_EQ(claims.size(), 6u);
    EXPECT_EQ(keys.size(), 6u);
    this->plant(EventLog::claims, claim_key({ClaimKind::alias, "stale"}), std::string(16, 'x'));
    this->remove(EventLog::claims, claim_key({ClaimKind::username, "ada"}));
    this->plant(EventLog::idempotency, std::string(16, 'x'), "stale");
    ASSERT_TRUE(this->log->rebuild_indexes().has_value());
    EXPECT_EQ(entries_of(*this->storage, EventLog::claims), claims);
    EXPECT_EQ(entries_of(*this->storage, EventLog::idempotency), keys);
    EXPECT_EQ(this->storage->get(EventLog::meta, rebuilding_key).value(), std::nullopt);
    this->write_messages(harbour, 1);
}

TYPED_TEST_P(EventLogIndexes, OpeningFinishesAnInterruptedRebuild) {
    this->write_some();
    const Entries claims = entries_of(*this->storage, EventLog::claims);
    const Entries keys = entries_of(*this->storage, EventLog::idempotency);
    const Key record = record_key(Position(2));
    const std::string kept = this->log->read_record(Position(2)).value();
    this->flip_last_byte(EventLog::records, record);
    EXPECT_EQ(error_of(this->log->rebuild_indexes()).fault, StoreFault::corrupt_record);
    LogScribe scribe(*this->log);
    scribe.write(stream_of(harbour), ada, {sent("names are not known")});
    EXPECT_EQ(error_of(scribe.commit()).fault, StoreFault::outcome_unknown);

    this->plant(EventLog::records, record, kept);
    this->reopen();
    EXPECT_EQ(entries_of(*this->storage, EventLog::claims), claims);
    EXPECT_EQ(entries_of(*this->storage, EventLog::idempotency), keys);
}

TYPED_TEST_P(EventLogIndexes, SaysHowMuchItHolds) {
    const auto before = this->log->disk_bytes();
    this->write_messages(harbour, 100);
    EXPECT_GT(this->log->disk_bytes(), before);
}

REGISTER_TYPED_TEST_SUITE_P(
    EventLogIndexes,
    KnowsTheVersionOfEachStream,
    FindsThePositionOfAVersion,
    FindsTheFirstVersionAfterAPosition,
    KnowsWhoHoldsAName,
    RemembersTheKeysOfCommands,
    NamesAnIndexEntryThatIsDamaged,
    KeepsTheNewestSnapshotOfAStream,
    AFailedSnapshotStopsCommitsToo,
    KeepsSnapshotsWhileAnotherThreadCommits,
    GivesTheNodesOfEveryTreeItEverHad,
    MakesItsIndexesAgainAsTheyWere,
    OpeningFinishesAnInterruptedRebuild,
    SaysHowMuchItHolds
);

}  // namespace verbatim::testing
