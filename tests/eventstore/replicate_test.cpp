#include "eventstore/commit_listener.hpp"
#include "eventstore/replica.hpp"
#include "tests/eventstore/event_log_contract.hpp"

namespace verbatim::testing {
namespace {

using Column = std::vector<std::pair<std::string, std::string>>;

// A log and the storage under it, which can be looked into and reopened.
struct Store {
    std::shared_ptr<StorageFaults> faults = std::make_shared<StorageFaults>();
    std::shared_ptr<Storage> storage = make_memory_storage(EventLog::column_names().size());
    std::unique_ptr<EventLog> log;

    explicit Store(const LogOrigin& origin) { open(origin); }
    void open(const LogOrigin& origin) {
        log.reset();
        log = EventLog::open(
                  std::make_unique<FaultyStorage>(storage, faults), counted_bytes(), origin
        )
                  .value();
    }
    [[nodiscard]] Column column(EventLog::Columns which) const {
        Column entries;
        const auto cursor = storage->cursor(which);
        for (cursor->seek({}); cursor->valid(); cursor->next())
            entries.emplace_back(cursor->key(), cursor->value());
        return entries;
    }
};

constexpr auto derived_and_true = std::to_array<EventLog::Columns>(
    {EventLog::records,
     EventLog::contents,
     EventLog::streams,
     EventLog::claims,
     EventLog::idempotency,
     EventLog::merkle,
     EventLog::meta}
);

class Replicate : public ::testing::Test {
protected:
    // Everything that leaves a trace in some column, in several commits.
    void write_all_kinds() {
        LogScribe scribe(*original.log);
        scribe.write(stream_of(ada), ada, {registered("ada")}, key_numbered(1));
        scribe.write(stream_of(bea), bea, {registered("bea")});
        scribe.write(
            stream_of(harbour),
            ada,
            {room_created("harbour"), sent("hello"), sent("to be destroyed")},
            key_numbered(2)
        );
        commit(scribe);
        RoomUpdated updated;
        updated.alias = Change<std::optional<std::string>>("port");
        scribe.write(stream_of(harbour), ada, {edited(Version(3), "edited"), RoomEvent(updated)});
        scribe.write(reader_stream_of(ada), ada, {ReaderEvent(RoomRead{harbour, Version(3)})});
        commit(scribe);
        scribe.write(stream_of(harbour), bea, {sent("kept")}, key_numbered(3));
        commit(scribe);
    }
    void destroy_the_third() {
        LogScribe scribe(*original.log);
        scribe.write(stream_of(harbour), ada, {destroyed(Version(3))});
        for (const RecordedEvent& event : all_of(*original.log->read_message(harbour, Version(3))))
            scribe.batch().destroyed.contents.push_back({event.position});
        commit(scribe);
    }
    static void commit(LogScribe& scribe) { ASSERT_TRUE(scribe.commit().has_value()); }

    [[nodiscard]] ReplicaPart part(std::uint64_t after, std::uint64_t up_to) const {
        ReplicaPart part{
            .after = Position(after),
            .root_before = root_at(after, original.log->tree_nodes()).value(),
            .events = {}};
        for (std::uint64_t at = after + 1; at <= up_to; ++at)
            part.events.push_back(original.log->read_stored(Position(at)).value());
        return part;
    }
    [[nodiscard]] ReplicaPart rest_in(const EventLog& copied) const {
        return part(copied.head().value(), original.log->head().value());
    }
    static StoreResult<std::shared_ptr<const CommittedBatch>> replicate(
        EventLog& into, ReplicaPart part
    ) {
        auto verified = verify(std::move(part));
        if (!verified) return failure(verified.error());
        return into.replicate(std::move(*verified));
    }
    void copy_rest() { ASSERT_TRUE(replicate(*copy.log, rest_in(*copy.log)).has_value()); }
    void expect_equal() {
        for (const EventLog::Columns column : derived_and_true)
            EXPECT_EQ(copy.column(column), original.column(column))
                << EventLog::column_names()[column];
        EXPECT_EQ(copy.log->tree_head(), original.log->tree_head());
    }
    // Without secrets, as a leader gives it away.
    [[nodiscard]] static ReplicaPart without_secrets(ReplicaPart part) {
        for (StoredEvent& event : part.events) {
            const auto record = parse_record(event.record).value();
            for (std::size_t i = 0; i < event.contents.size(); ++i)
                if (is_secret(record.commitments[i].field)) event.contents[i].reset();
        }
        return part;
    }

    const LogOrigin origin{.epoch = first_epoch, .created_at = creation};
    Store original{origin};
    Store copy{origin};
};

TEST_F(Replicate, MakesTheSameLogByteForByte) {
    write_all_kinds();
    destroy_the_third();
    copy_rest();
    expect_equal();
}

TEST_F(Replicate, MakesTheSameLogFromPartsOfAnySize) {
    write_all_kinds();
    destroy_the_third();
    for (std::uint64_t size = 1; size <= original.log->head().value(); ++size) {
        copy = Store(origin);
        while (copy.log->head() < original.log->head()) {
            const std::uint64_t after = copy.log->head().value();
            const std::uint64_t end = std::min(after + size, original.log->head().value());
            ASSERT_TRUE(replicate(*copy.log, part(after, end)).has_value());
            copy.open(origin);  // what is known of the past is in the log, not in its memory
        }
        expect_equal();
    }
}

TEST_F(Replicate, DestroysWhatWasCopiedBeforeItWasDestroyed) {
    write_all_kinds();
    copy_rest();
    const std::size_t before = copy.column(EventLog::contents).size();
    destroy_the_third();
    copy_rest();
    expect_equal();
    EXPECT_EQ(copy.column(EventLog::contents).size(), before - 2);  // the text and its edit
}

TEST_F(Replicate, GivesTheEventsThatItAppended) {
    write_all_kinds();
    const auto committed = replicate(*copy.log, rest_in(*copy.log)).value();
    EXPECT_EQ(committed->events, all_of(*original.log->read_all(Position())));
    EXPECT_EQ(committed->last_leaf, original.log->head_and_leaf().second);
}

TEST_F(Replicate, ReleasesTheNameOfWhomIsErased) {
    write_all_kinds();
    copy_rest();
    LogScribe scribe(*original.log);
    scribe.write(stream_of(ada), ada, {AccountEvent(ErasureBegun{})});
    scribe.batch().claims = {{{ClaimKind::username, "ada"}, std::nullopt}};
    commit(scribe);
    copy_rest();
    EXPECT_EQ(copy.log->holder_of({ClaimKind::username, "ada"}).value(), std::nullopt);
    EXPECT_EQ(copy.column(EventLog::meta), original.column(EventLog::meta));
}

TEST_F(Replicate, ReadsAReplicaWithoutItsSecrets) {
    copy = Store({.epoch = first_epoch, .created_at = creation, .is_replica = true});
    write_all_kinds();
    ASSERT_TRUE(replicate(*copy.log, without_secrets(rest_in(*copy.log))).has_value());
    const auto registered = copy.log->read(Position(1)).value();
    const auto& account = std::get<UserRegistered>(std::get<AccountEvent>(registered.event));
    EXPECT_EQ(account.username, "ada");
    EXPECT_EQ(account.password_hash, std::nullopt);
    EXPECT_EQ(copy.log->tree_head(), original.log->tree_head());
}

TEST_F(Replicate, ReadsInAReplicaWhatIsDestroyedByAnEventThatHasNotCome) {
    copy = Store({.epoch = first_epoch, .created_at = creation, .is_replica = true});
    write_all_kinds();
    destroy_the_third();
    ASSERT_TRUE(replicate(*copy.log, part(0, 5)).has_value());
    const auto gone = copy.log->read(Position(5)).value();
    EXPECT_EQ(std::get<MessageSent>(std::get<RoomEvent>(gone.event)).text, std::nullopt);
}

TEST_F(Replicate, KnowsThatALogIsAReplicaWhenItIsOpenedAgain) {
    EXPECT_FALSE(copy.log->origin().is_replica);
    ASSERT_TRUE(copy.log->mark_replica().has_value());
    copy.open(origin);
    EXPECT_TRUE(copy.log->origin().is_replica);
    EXPECT_EQ(copy.log->epoch(), first_epoch);
    EXPECT_EQ(copy.log->created_at(), creation);
}

TEST_F(Replicate, RefusesToBeginALogForANewerReader) {
    const auto opened = open_memory_event_log(
        counted_bytes(),
        {.epoch = first_epoch, .created_at = creation, .min_reader = log_format + 1}
    );
    EXPECT_EQ(error_of(opened).fault, StoreFault::written_by_newer_build);
}

// ---- Refusals: nothing is written, and the right part is taken afterwards -----------------------

class ReplicateRefusal : public Replicate {
protected:
    ReplicateRefusal() {
        write_all_kinds();
        EXPECT_TRUE(replicate(*copy.log, part(0, 3)).has_value());
    }
    void expect_refused(ReplicaPart part, StoreFault fault, Position position) {
        const StoreError error = error_of(replicate(*copy.log, std::move(part)));
        EXPECT_EQ(error.fault, fault) << describe(error);
        EXPECT_EQ(error.position, position) << describe(error);
        EXPECT_EQ(copy.log->head(), Position(3));
        copy_rest();
        expect_equal();
    }
    [[nodiscard]] ReplicaPart good() const { return rest_in(*copy.log); }
};

TEST_F(ReplicateRefusal, OfAPartBeyondTheEnd) {
    expect_refused(part(4, 6), StoreFault::does_not_follow, Position(5));
}
TEST_F(ReplicateRefusal, OfAPartThatIsThereAlready) {
    expect_refused(part(2, 6), StoreFault::does_not_follow, Position(3));
}
TEST_F(ReplicateRefusal, OfAGapInAPart) {
    auto bad = good();
    bad.events.erase(bad.events.begin() + 1);
    expect_refused(std::move(bad), StoreFault::does_not_follow, Position(5));
}
TEST_F(ReplicateRefusal, OfAnotherTree) {
    auto bad = good();
    bad.root_before->front() ^= 1;
    expect_refused(std::move(bad), StoreFault::log_diverged, Position(3));
}
TEST_F(ReplicateRefusal, OfADamagedRecord) {
    auto bad = good();
    bad.events[1].record[40] ^= 1;
    expect_refused(std::move(bad), StoreFault::corrupt_record, Position(5));
}
TEST_F(ReplicateRefusal, OfATextThatIsNotWhatTheRecordCommitsTo) {
    auto bad = good();
    bad.events[0].contents[0]->bytes += "!";
    expect_refused(std::move(bad), StoreFault::corrupt_record, Position(4));
}
TEST_F(ReplicateRefusal, OfAnotherSalt) {
    auto bad = good();
    bad.events[0].contents[0]->salt[0] ^= 1;
    expect_refused(std::move(bad), StoreFault::corrupt_record, Position(4));
}
TEST_F(ReplicateRefusal, OfAContentTooMany) {
    auto bad = good();
    bad.events[0].contents.emplace_back();
    expect_refused(std::move(bad), StoreFault::corrupt_record, Position(4));
}
TEST_F(ReplicateRefusal, OfAWriteThatFails) {
    copy.faults->next_write = StorageFaults::Write::fails_undone;
    EXPECT_EQ(error_of(replicate(*copy.log, good())).fault, StoreFault::outcome_unknown);
    EXPECT_EQ(error_of(replicate(*copy.log, good())).fault, StoreFault::outcome_unknown);
    copy.open(origin);
    copy_rest();
    expect_equal();
}

// A stream's versions are judged by what is in the log, also when it was just opened.
TEST_F(ReplicateRefusal, OfAVersionThatDoesNotFollow) {
    Store other{origin};
    LogScribe scribe(*other.log);
    scribe.write(stream_of(ada), ada, {registered("ada")});
    scribe.write(stream_of(bea), bea, {registered("bea")});
    scribe.write(stream_of(market), ada, {room_created(), sent("a")});
    commit(scribe);
    ReplicaPart foreign{.after = Position(3), .root_before = std::nullopt, .events = {}};
    foreign.events.push_back(other.log->read_stored(Position(4)).value());
    copy.open(origin);
    expect_refused(std::move(foreign), StoreFault::does_not_follow, Position(4));
}

}  // namespace
}  // namespace verbatim::testing
