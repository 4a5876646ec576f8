#include "eventstore/delivery.hpp"

#include "tests/support/log_scribe.hpp"

#include <gtest/gtest.h>
#include <limits>
#include <rapidcheck/gtest.h>

namespace verbatim::testing {
namespace {

const auto ada = numbered_id<UserId>(1);
const auto harbour = numbered_id<RoomId>(2);
const Uuid epoch = numbered_uuid(3);
const Uuid instance = numbered_uuid(4);
constexpr DeliveryBounds no_bounds{
    .events_max = std::numeric_limits<std::size_t>::max(),
    .bytes_max = std::numeric_limits<std::size_t>::max()};

class Gathering : public ::testing::Test {
protected:
    std::unique_ptr<EventLog> log =
        open_memory_event_log(counted_bytes(), epoch, Timestamp(7)).value();

    void write(std::vector<std::string> texts) {
        LogScribe scribe(*log);
        if (log->head() == Position())
            scribe.write(stream_of(ada), ada, {registered("ada")})
                .write(stream_of(harbour), ada, {room_created()});
        for (const std::string& text : texts) scribe.write(stream_of(harbour), ada, {sent(text)});
        ASSERT_TRUE(scribe.commit().has_value());
    }
    [[nodiscard]] Delivery gather(Position after, const DeliveryBounds& bounds = no_bounds) const {
        return gather_delivery(*log, instance, after, bounds).value();
    }
};

TEST_F(Gathering, GivesRecordsAsTheyStandWithTheirContentsAndSalts) {
    write({"one", "two"});
    const Delivery delivery = gather(Position(2));
    ASSERT_EQ(delivery.events.size(), 2u);
    for (std::uint64_t i = 0; i < 2; ++i) {
        const StoredEvent stored = log->read_stored(Position(3 + i)).value();
        EXPECT_EQ(delivery.events[i].record, stored.record);
        EXPECT_EQ(delivery.events[i].contents, stored.contents);
    }
    EXPECT_EQ(delivery.events[1].contents.at(0)->bytes, "two");
}

TEST_F(Gathering, SaysWhoseLogItIsAndHowFarItReaches) {
    write({"one"});
    const Delivery delivery = gather(Position(1), {.events_max = 1, .bytes_max = 1});
    EXPECT_EQ(delivery.epoch, epoch);
    EXPECT_EQ(delivery.instance, instance);
    EXPECT_EQ(delivery.created, Timestamp(7));
    EXPECT_EQ(delivery.min_reader, log->min_reader());
    EXPECT_GT(delivery.min_reader, 0u);
    EXPECT_EQ(delivery.head, Position(3));
    EXPECT_EQ(delivery.after, Position(1));
    EXPECT_EQ(delivery.last(), Position(2));
}

TEST_F(Gathering, NamesTheRootOfTheTreeBeforeItsFirstEvent) {
    write({});
    const Digest root = log->tree_head().second;
    EXPECT_EQ(gather(Position()).root_before, empty_tree_root());
    write({"one"});
    EXPECT_EQ(gather(Position(2)).root_before, root);
    EXPECT_NE(gather(Position(3)).root_before, root);
}

TEST_F(Gathering, KeepsSecretsToItself) {
    write({});
    const Delivery delivery = gather(Position());
    const StoredEvent stored = log->read_stored(Position(1)).value();
    const auto commitments = parse_record(stored.record)->commitments;
    ASSERT_EQ(delivery.events[0].contents.size(), commitments.size());
    std::size_t secrets = 0;
    for (std::size_t ordinal = 0; ordinal < commitments.size(); ++ordinal) {
        const bool secret = is_secret(commitments[ordinal].field);
        secrets += secret ? 1 : 0;
        ASSERT_TRUE(stored.contents[ordinal].has_value());
        EXPECT_EQ(delivery.events[0].contents[ordinal].has_value(), !secret);
        if (!secret) continue;
        EXPECT_EQ(
            encode_delivery(delivery).find(stored.contents[ordinal]->bytes), std::string::npos
        );
    }
    EXPECT_EQ(secrets, 1u);
}

TEST_F(Gathering, LeavesThePlaceOfADestroyedContentEmpty) {
    write({"one", "two"});
    LogScribe scribe(*log);
    scribe.write(stream_of(harbour), ada, {destroyed(Version(2))});
    scribe.batch().destroyed.contents.push_back({Position(3)});
    ASSERT_TRUE(scribe.commit().has_value());
    const Delivery delivery = gather(Position(2));
    EXPECT_FALSE(delivery.events[0].contents.at(0).has_value());
    EXPECT_TRUE(delivery.events[1].contents.at(0).has_value());
}

TEST_F(Gathering, StopsAtEitherBoundButGivesAtLeastOneEvent) {
    write({"one", "two", "three", std::string(2'000, 'x')});
    EXPECT_EQ(gather(Position(2), {.events_max = 3, .bytes_max = 100'000}).events.size(), 3u);
    EXPECT_EQ(gather(Position(2), {.events_max = 9, .bytes_max = 1'000}).events.size(), 3u);
    EXPECT_EQ(gather(Position(2), {.events_max = 9, .bytes_max = 10}).events.size(), 1u);
    EXPECT_EQ(gather(Position(5), {.events_max = 9, .bytes_max = 10}).events.size(), 1u);
}

TEST_F(Gathering, StaysWithinItsBoundWhenItIsEncoded) {
    write(std::vector<std::string>(200, "x"));
    for (const std::size_t bytes_max : {1'000u, 5'000u, 20'000u}) {
        const Delivery delivery = gather(Position(2), {.events_max = 200, .bytes_max = bytes_max});
        EXPECT_GT(delivery.events.size(), 1u);
        EXPECT_LT(delivery.events.size(), 200u);
        EXPECT_LE(encode_delivery(delivery).size(), bytes_max);
    }
}

TEST_F(Gathering, GivesAHeartbeatAtTheHeadAndNothingBeyondIt) {
    write({"one"});
    const Delivery heartbeat = gather(Position(3));
    EXPECT_TRUE(heartbeat.events.empty());
    EXPECT_EQ(heartbeat.last(), Position(3));
    EXPECT_EQ(heartbeat.root_before, log->tree_head().second);
    const auto beyond = gather_delivery(*log, instance, Position(4), no_bounds);
    ASSERT_FALSE(beyond.has_value());
    EXPECT_EQ(beyond.error().fault, StoreFault::missing_record);
}

Delivery example() {
    Delivery delivery{
        .epoch = epoch,
        .instance = instance,
        .min_reader = 1,
        .created = Timestamp(-1),
        .head = Position(12),
        .after = Position(9),
        .root_before = empty_tree_root(),
        .events = {}};
    delivery.events.push_back({.record = "a record", .contents = {}});
    delivery.events.push_back(
        {.record = std::string(300, '\0'),
         .contents = {StoredContent{.salt = {1, 2}, .bytes = "text"}, std::nullopt}}
    );
    return delivery;
}

std::string with_checksum(std::string covered) {
    const std::uint32_t crc = crc32c(covered);
    for (int shift = 24; shift >= 0; shift -= 8)
        covered.push_back(static_cast<char>(crc >> shift & 0xff));
    return covered;
}
std::string without_checksum(const std::string& bytes) {
    return bytes.substr(0, bytes.size() - 4);
}
StoreFault fault_of(std::string_view bytes) {
    const auto parsed = parse_delivery(bytes);
    EXPECT_FALSE(parsed.has_value());
    return parsed ? StoreFault::io_failed : parsed.error().fault;
}

TEST(DeliveryBytes, AreReadAsTheyWereWritten) {
    const Delivery delivery = example();
    EXPECT_EQ(parse_delivery(encode_delivery(delivery)).value(), delivery);
    Delivery heartbeat = delivery;
    heartbeat.events.clear();
    EXPECT_EQ(parse_delivery(encode_delivery(heartbeat)).value(), heartbeat);
}

TEST(DeliveryBytes, AreRefusedWhenAnyByteIsChangedOrCutOff) {
    const std::string whole = encode_delivery(example());
    for (std::size_t at = 0; at < whole.size(); ++at) {
        std::string damaged = whole;
        damaged[at] = static_cast<char>(damaged[at] ^ 0x40);
        EXPECT_EQ(fault_of(damaged), StoreFault::corrupt_record);
        EXPECT_EQ(fault_of(whole.substr(0, at)), StoreFault::corrupt_record);
    }
}

TEST(DeliveryBytes, AreRefusedWhenCutOffUnderARightChecksum) {
    const std::string covered = without_checksum(encode_delivery(example()));
    for (std::size_t size = 0; size < covered.size(); ++size)
        EXPECT_EQ(fault_of(with_checksum(covered.substr(0, size))), StoreFault::corrupt_record);
    EXPECT_EQ(fault_of(with_checksum(covered + '\0')), StoreFault::corrupt_record);
}

TEST(DeliveryBytes, OfALaterLayoutAreSaidToBeNewer) {
    std::string covered = without_checksum(encode_delivery(example()));
    covered[4] = 2;
    EXPECT_EQ(fault_of(with_checksum(covered)), StoreFault::written_by_newer_build);
    covered[4] = 0;
    EXPECT_EQ(fault_of(with_checksum(covered)), StoreFault::corrupt_record);
}

TEST(DeliveryBytes, WithEventsBeyondTheirHeadAreRefused) {
    Delivery delivery = example();
    delivery.head = Position(10);
    EXPECT_EQ(fault_of(encode_delivery(delivery)), StoreFault::corrupt_record);
    delivery.events.clear();
    delivery.head = Position(8);
    EXPECT_EQ(fault_of(encode_delivery(delivery)), StoreFault::corrupt_record);
}

RC_GTEST_PROP(DeliveryBytes, OfAnyKindAreReadOrRefused, ()) {
    std::string covered = without_checksum(encode_delivery(example()));
    for (const auto& [at, byte] : *rc::gen::arbitrary<std::vector<std::pair<std::size_t, char>>>())
        covered[at % covered.size()] = byte;
    const auto parsed = parse_delivery(with_checksum(covered));
    if (parsed) {
        RC_ASSERT(encode_delivery(*parsed) == with_checksum(covered));
    } else {
        RC_ASSERT(
            parsed.error().fault == StoreFault::corrupt_record ||
            parsed.error().fault == StoreFault::written_by_newer_build
        );
    }
}

}  // namespace
}  // namespace verbatim::testing
