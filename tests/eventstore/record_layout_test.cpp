#include "eventstore/record_layout.hpp"

#include "domain/limits.hpp"
#include "tests/eventstore/arbitrary_events.hpp"
#include "tests/eventstore/hex.hpp"
#include "tests/support/paths.hpp"

#include <algorithm>
#include <fstream>
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <sstream>
#include <string>

namespace verbatim {
namespace {

template <std::size_t Size>
std::array<std::uint8_t, Size> counting_from(std::uint8_t first) {
    std::array<std::uint8_t, Size> bytes{};
    for (std::uint8_t& byte : bytes) byte = first++;
    return bytes;
}

// The record of docs/event_format.md.
RecordedEvent example_envelope() {
    RecordedEvent envelope;
    envelope.position = Position(17);
    envelope.stream = {StreamKind::room, {counting_from<16>(0x10)}};
    envelope.version = Version(5);
    envelope.id = EventId(Uuid{counting_from<16>(0x20)});
    envelope.command = CommandId(Uuid{counting_from<16>(0x30)});
    envelope.at = Timestamp(1'735'689'600'000'000);
    envelope.occurred_at = Timestamp(946'684'800'000'000);
    envelope.actor = UserId(Uuid{counting_from<16>(0x40)});
    envelope.key = CommandKey{counting_from<16>(0x50), counting_from<16>(0x60), 201};
    MessageSent sent;
    sent.text = "hello";
    sent.reply_to = Version(4);
    envelope.event = RoomEvent(sent);
    return envelope;
}

std::string example_record() {
    const RecordedEvent envelope = example_envelope();
    const Commitment commitment{
        ContentField::text,
        commitment_to(envelope.position, ContentField::text, 0, counting_from<16>(0x70), "hello")};
    EncodedEvent payload = encode(envelope.event);
    payload.schema = 1;  // the example was written when that was the newest
    return encode_record(envelope, payload, {&commitment, 1});
}

std::string with_checksum(std::string leaf) {
    const std::uint32_t crc = crc32c(leaf);
    for (int shift = 24; shift >= 0; shift -= 8) leaf += static_cast<char>(crc >> shift & 0xff);
    return leaf;
}

std::string leaf_of(const std::string& stored) {
    return stored.substr(0, stored.size() - 4);
}

std::vector<Commitment> any_commitments() {
    return arbitrary::several([] {
        return Commitment{
            static_cast<ContentField>(arbitrary::number<std::uint8_t>()),
            sha256({as_text(arbitrary::uuid().bytes)})};
    });
}

// What parse_record() found, written again. Fields of later builds are appended as they came.
std::string written_again(const RecordView& view) {
    RecordedEvent envelope;
    envelope.position = view.position;
    envelope.stream = view.stream;
    envelope.version = view.version;
    envelope.id = view.id;
    envelope.command = view.command;
    envelope.at = view.at;
    envelope.occurred_at = view.occurred_at;
    envelope.actor = view.actor;
    envelope.key = view.key;
    const EncodedEvent payload{view.type, view.schema, std::string(view.facts), {}};
    const std::string known = encode_record(envelope, payload, view.commitments);
    return with_checksum(leaf_of(known) + std::string(view.tail));
}

void refuses_or_understands(const std::string& stored) {
    const auto view = parse_record(stored);
    if (view) {
        RC_ASSERT(written_again(*view) == stored);
    } else {
        RC_ASSERT(
            view.error().fault == StoreFault::corrupt_record ||
            view.error().fault == StoreFault::written_by_newer_build
        );
    }
}

void expect_fault(const std::string& stored, StoreFault fault, Position position = {}) {
    const auto view = parse_record(stored);
    ASSERT_FALSE(view.has_value());
    EXPECT_EQ(name_of(view.error().fault), name_of(fault)) << describe(view.error());
    EXPECT_EQ(view.error().position, position) << describe(view.error());
}

std::string without_comments(std::istream& lines) {
    std::string digits;
    for (std::string line; std::getline(lines, line);) digits += line.substr(0, line.find('#'));
    return digits;
}

TEST(Record, ReadsBackAsItWasWritten) {
    EXPECT_TRUE(rc::check([] {
        const RecordedEvent envelope = arbitrary::any_envelope();
        const EncodedEvent payload = encode(arbitrary::any_event());
        const auto commitments = any_commitments();
        const std::string stored = encode_record(envelope, payload, commitments);
        const auto view = parse_record(stored);
        RC_ASSERT(view.has_value());
        RC_ASSERT(view->position == envelope.position && view->stream == envelope.stream);
        RC_ASSERT(view->version == envelope.version && view->id == envelope.id);
        RC_ASSERT(view->command == envelope.command && view->at == envelope.at);
        RC_ASSERT(view->occurred_at == envelope.occurred_at && view->actor == envelope.actor);
        RC_ASSERT(view->key == envelope.key);
        RC_ASSERT(view->type == payload.type && view->schema == payload.schema);
        RC_ASSERT(view->facts == payload.facts && view->commitments == commitments);
        RC_ASSERT(view->tail.empty() && view->leaf == leaf_of(stored));
    }));
}

TEST(Record, IsRefusedOrUnderstoodWhateverTheBytes) {
    EXPECT_TRUE(rc::check([](const std::string& bytes) {
        refuses_or_understands(bytes);
        refuses_or_understands(with_checksum(bytes));
        refuses_or_understands(with_checksum("\x01" + std::string(5, '\0') + bytes));
    }));
}

TEST(Record, IsRefusedOrUnderstoodAfterAnyMutationUnderARightChecksum) {
    EXPECT_TRUE(rc::check([] {
        std::string leaf = leaf_of(encode_record(
            arbitrary::any_envelope(), encode(arbitrary::any_event()), any_commitments()
        ));
        const auto at = *rc::gen::inRange<std::size_t>(0, leaf.size());
        const auto removed = *rc::gen::inRange<std::size_t>(0, 4);
        const auto inserted = *rc::gen::resize(4, rc::gen::arbitrary<std::string>());
        leaf.replace(at, removed, inserted);
        refuses_or_understands(with_checksum(leaf));
    }));
}

TEST(Record, IsRefusedWhenAnyByteIsChanged) {
    const std::string stored = example_record();
    for (std::size_t at = 0; at < stored.size(); ++at) {
        std::string damaged = stored;
        damaged[at] = static_cast<char>(damaged[at] ^ 0x40);
        expect_fault(damaged, StoreFault::corrupt_record);
    }
}

TEST(Record, IsRefusedWhenCutOffAnywhere) {
    const std::string stored = example_record();
    for (std::size_t size = 0; size < stored.size(); ++size) {
        expect_fault(stored.substr(0, size), StoreFault::corrupt_record);
        if (size >= leaf_of(stored).size()) continue;
        EXPECT_FALSE(parse_record(with_checksum(stored.substr(0, size))).has_value());
    }
}

TEST(Record, OfANewerFormatIsSaidToBeNewer) {
    std::string leaf = leaf_of(example_record());
    leaf[0] = 2;
    expect_fault(with_checksum(leaf), StoreFault::written_by_newer_build);
    leaf[0] = 0;
    expect_fault(with_checksum(leaf), StoreFault::corrupt_record, Position(17));
}

TEST(Record, WithAnUnknownRealmFlagOrKindOfStreamIsSaidToBeNewer) {
    for (const std::size_t at : {std::size_t{1}, std::size_t{5}, std::size_t{14}}) {
        std::string leaf = leaf_of(example_record());
        leaf[at] = static_cast<char>(leaf[at] | 0x40);
        expect_fault(with_checksum(leaf), StoreFault::written_by_newer_build, Position(17));
    }
    std::string leaf = leaf_of(example_record());
    leaf[14] = 0;
    expect_fault(with_checksum(leaf), StoreFault::corrupt_record, Position(17));
}

TEST(Record, KeepsFieldsOfLaterBuildsAsTheyAre) {
    const std::string fields = unhex("07 0003 616263  ff 0000");
    const std::string stored = with_checksum(leaf_of(example_record()) + fields);
    const auto view = parse_record(stored);
    ASSERT_TRUE(view.has_value());
    EXPECT_EQ(view->tail, fields);
    EXPECT_EQ(view->facts, R"({"reply_to":4})");
    EXPECT_EQ(written_again(*view), stored);
}

TEST(Record, WithABrokenFieldOfALaterBuildIsRefused) {
    for (const std::string_view fields : {"07", "07 00", "07 0003 6162"})
        expect_fault(
            with_checksum(leaf_of(example_record()) + unhex(fields)),
            StoreFault::corrupt_record,
            Position(17)
        );
}

TEST(Record, LargerThanTheLimitIsRefused) {
    const std::string zeros(limits::record_bytes_max + 1, '\0');
    expect_fault(zeros, StoreFault::corrupt_record);
}

TEST(RecordDeathTest, IsNeverWrittenLargerThanTheLimit) {
    EncodedEvent payload = encode(example_envelope().event);
    payload.facts.assign(limits::record_bytes_max, ' ');
    EXPECT_DEATH(
        static_cast<void>(encode_record(example_envelope(), payload, {})), "keep records small"
    );
}

TEST(Record, IsTheGoldenOne) {
    std::ifstream golden(testing::source_directory() / "tests/golden/record.v1.hex");
    EXPECT_EQ(hex(example_record()), hex(unhex(without_comments(golden))));
}

TEST(Record, IsTheWorkedExampleOfTheDocument) {
    std::ifstream file(testing::source_directory() / "docs/event_format.md");
    std::stringstream document;
    document << file.rdbuf();
    const std::string text = document.str();
    const std::string opening = "```hex\n";
    const std::size_t begin = text.find(opening);
    ASSERT_NE(begin, std::string::npos);
    const std::size_t end = text.find("```", begin + opening.size());
    std::istringstream block(text.substr(begin + opening.size(), end - begin - opening.size()));
    EXPECT_EQ(hex(example_record()), hex(unhex(without_comments(block))));
}

TEST(LeafHash, IsThatOfRfc6962) {
    EXPECT_EQ(
        hex(as_text(leaf_hash_of(""))),
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"
    );
}

TEST(Commitment, CoversEverythingThatTellsOneContentFromAnother) {
    const Salt salt = counting_from<16>(1);
    const Salt other_salt = counting_from<16>(2);
    const auto text = ContentField::text;
    const Digest whole = commitment_to(Position(1), text, 0, salt, "hello");
    EXPECT_EQ(
        whole,
        sha256(
            {"verbatim/content/1",
             unhex("0000000000000001 01 0000"),
             unhex("0102030405060708090a0b0c0d0e0f10"),
             "hello"}
        )
    );
    EXPECT_NE(whole, commitment_to(Position(2), text, 0, salt, "hello"));
    EXPECT_NE(whole, commitment_to(Position(1), ContentField::metadata, 0, salt, "hello"));
    EXPECT_NE(whole, commitment_to(Position(1), text, 1, salt, "hello"));
    EXPECT_NE(whole, commitment_to(Position(1), text, 0, other_salt, "hello"));
    EXPECT_NE(whole, commitment_to(Position(1), text, 0, salt, "Hello"));
}

}  // namespace
}  // namespace verbatim
