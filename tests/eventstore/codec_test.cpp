#include "eventstore/codec.hpp"

#include "tests/eventstore/arbitrary_events.hpp"

#include <algorithm>
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <set>
#include <string>
#include <vector>

namespace verbatim {
namespace {

const UserId alice(Uuid{{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16}});

std::vector<FoundContent> found(const EncodedEvent& encoded) {
    std::vector<FoundContent> contents;
    for (const ContentPart& part : encoded.contents) contents.push_back({part.field, part.bytes});
    return contents;
}

StoreResult<Event> read_back(const EncodedEvent& encoded) {
    auto contents = found(encoded);
    return decode(encoded.type, encoded.schema, encoded.facts, contents);
}

StoreResult<Event> read(
    std::string_view type, std::string_view facts, std::vector<FoundContent> contents = {}
) {
    const auto types = event_types();
    const auto wire = std::ranges::find(types, type, &EventType::type);
    const std::uint16_t newest = wire == types.end() ? std::uint16_t{1} : wire->schema;
    return decode(type, newest, facts, contents);
}

void expect_fault(const StoreResult<Event>& result, StoreFault fault, std::string_view detail) {
    ASSERT_FALSE(result.has_value());
    EXPECT_EQ(name_of(result.error().fault), name_of(fault));
    EXPECT_NE(result.error().detail.find(detail), std::string::npos) << result.error().detail;
}
void expect_corrupt(const StoreResult<Event>& result, std::string_view detail) {
    expect_fault(result, StoreFault::corrupt_record, detail);
}

TEST(Codec, ReadsBackEveryEventAsItWasWritten) {
    EXPECT_TRUE(rc::check([] {
        const Event event = arbitrary::any_event();
        const auto decoded = read_back(encode(event));
        RC_ASSERT(decoded.has_value());
        RC_ASSERT(*decoded == event);
    }));
}

TEST(Codec, WritesTheSameBytesAgainAfterReading) {
    EXPECT_TRUE(rc::check([] {
        const EncodedEvent once = encode(arbitrary::any_event());
        const EncodedEvent twice = encode(*read_back(once));
        RC_ASSERT(once.type == twice.type && once.schema == twice.schema);
        RC_ASSERT(once.facts == twice.facts && once.contents == twice.contents);
    }));
}

TEST(Codec, ReadsAnEventWhoseTextsWereDestroyed) {
    EXPECT_TRUE(rc::check([] {
        const EncodedEvent encoded = encode(arbitrary::any_event());
        auto contents = found(encoded);
        for (FoundContent& content : contents) content.bytes.reset();
        const auto decoded = decode(encoded.type, encoded.schema, encoded.facts, contents);
        RC_ASSERT(decoded.has_value());
        RC_ASSERT(encode(*decoded).contents.empty());
    }));
}

TEST(Codec, WritesAPlainMessageWithoutFacts) {
    MessageSent sent;
    sent.text = "hello";
    const EncodedEvent encoded = encode(RoomEvent(sent));
    EXPECT_EQ(encoded.type, "message.sent");
    EXPECT_EQ(encoded.schema, 2);
    EXPECT_EQ(encoded.facts, "{}");
    EXPECT_EQ(encoded.contents, (std::vector<ContentPart>{{ContentField::text, "hello"}}));
}

// Every event that has texts, each text the same.
std::vector<Event> events_that_say(const std::string& text) {
    RoomCreated created;
    created.name = created.description = text;
    RoomUpdated updated;
    updated.name = updated.description = Text(text);
    MessageSent sent;
    sent.text = sent.metadata = text;
    sent.attachments.emplace_back().filename = text;
    MessageEdited edited;
    edited.text = text;
    return {
        RoomEvent(created),
        RoomEvent(updated),
        RoomEvent(MemberBanned{alice, text}),
        RoomEvent(sent),
        RoomEvent(edited),
        AccountEvent(UserRegistered{text, text, text}),
        AccountEvent(UserRenamed{text}),
        AccountEvent(PasswordChanged{text}),
        AccountEvent(SessionOpened{{}, text, text, text}),
        AccountEvent(SessionRefreshed{{}, text}),
    };
}

TEST(Codec, NeverPutsATextIntoFacts) {
    for (const Event& event : events_that_say("unmistakable")) {
        const EncodedEvent encoded = encode(event);
        EXPECT_EQ(encoded.facts.find("unmistakable"), std::string::npos) << encoded.type;
        EXPECT_FALSE(encoded.contents.empty()) << encoded.type;
    }
}

TEST(Codec, MarksHashesAsSecrets) {
    for (const ContentPart& part : encode(AccountEvent(UserRegistered{"a", "b", "c"})).contents)
        EXPECT_EQ(is_secret(part.field), part.bytes == "c");
    EXPECT_TRUE(is_secret(encode(AccountEvent(PasswordChanged{"c"})).contents.at(0).field));
    EXPECT_TRUE(is_secret(encode(AccountEvent(SessionRefreshed{{}, "c"})).contents.at(0).field));
}

TEST(Codec, TellsUnchangedClearedAndSetTextsApart) {
    const std::vector<Change<Text>> states = {std::nullopt, Text(), Text("set")};
    for (const Change<Text>& name : states) {
        for (const Change<Text>& description : states) {
            RoomUpdated updated;
            updated.name = name;
            updated.description = description;
            const auto decoded = read_back(encode(RoomEvent(updated)));
            ASSERT_TRUE(decoded.has_value());
            EXPECT_EQ(*decoded, Event(RoomEvent(updated)));
        }
    }
}

TEST(Codec, NamesInFactsWhatWasCleared) {
    RoomUpdated updated;
    updated.name.emplace();
    updated.alias.emplace();
    EXPECT_EQ(encode(RoomEvent(updated)).facts, R"({"alias":null,"changed":["name"]})");
}

TEST(Codec, GivesEachAttachmentItsOwnFileName) {
    MessageSent sent;
    sent.attachments.resize(3);
    sent.attachments[1].filename = "second.png";
    const auto decoded = read_back(encode(RoomEvent(sent)));
    ASSERT_TRUE(decoded.has_value());
    EXPECT_EQ(*decoded, Event(RoomEvent(sent)));
}

TEST(Codec, IgnoresMembersThatItDoesNotKnow) {
    const auto decoded = read("message.deleted", R"({"seq":3,"mood":{"x":[1,2]}})");
    ASSERT_TRUE(decoded.has_value());
    EXPECT_EQ(*decoded, Event(RoomEvent(MessageDeleted{.seq = Version(3)})));
}

TEST(Codec, RefusesATypeThatThisBuildDoesNotKnow) {
    expect_fault(
        read("message.translated", "{}"), StoreFault::written_by_newer_build, "no such event"
    );
    expect_fault(read("", "{}"), StoreFault::written_by_newer_build, "no such event");
}

TEST(Codec, RefusesASchemaNewerThanThisBuild) {
    for (const EventType& wire : event_types()) {
        const auto next = static_cast<std::uint16_t>(wire.schema + 1);
        expect_fault(
            decode(wire.type, next, "{}", {}), StoreFault::written_by_newer_build, "newer"
        );
        expect_corrupt(decode(wire.type, 0, "{}", {}), "count from 1");
    }
}

TEST(Codec, RefusesFactsThatAreNoObject) {
    for (const std::string_view facts : {"", "[]", "null", "7", "\"x\"", "{", "{}x", "{\"a\":}"})
        expect_corrupt(read("room.archived", facts), "no JSON object");
}

TEST(Codec, RefusesAMissingMember) {
    expect_corrupt(read("member.left", "{}"), "user_id");
    expect_corrupt(read("message.deleted", "{}"), "seq");
    expect_corrupt(read("room.created", "{}"), "max_members");
    expect_corrupt(read("user.role_granted", "{}"), "role");
    expect_corrupt(read("session.closed", R"({"reason":"revoked"})"), "session_id");
    expect_corrupt(read("room.read", R"({"up_to":1})"), "room_id");
    expect_corrupt(read("message.sent", R"({"attachments":[{}]})"), "file_id");
}

TEST(Codec, RefusesAMemberOfTheWrongType) {
    expect_corrupt(read("message.deleted", R"({"seq":"3"})"), "seq");
    expect_corrupt(read("message.deleted", R"({"seq":3.0})"), "seq");
    expect_corrupt(read("message.deleted", R"({"seq":null})"), "seq");
    expect_corrupt(read("message.deleted", R"({"seq":3,"destroyed":1})"), "destroyed");
    expect_corrupt(read("message.sent", R"({"mentions":{}})"), "mentions");
    expect_corrupt(read("message.sent", R"({"mentions":[7]})"), "mentions");
    expect_corrupt(read("message.sent", R"({"attachments":[[]]})"), "attachments");
    expect_corrupt(read("message.sent", R"({"attachments":null})"), "attachments");
    expect_corrupt(read("message.sent", R"({"kind":0})"), "kind");
    expect_corrupt(read("room.updated", R"({"alias":7})"), "alias");
    expect_corrupt(read("room.updated", R"({"changed":["topic"]})"), "changed");
}

TEST(Codec, RefusesANumberOutOfRange) {
    expect_corrupt(read("message.deleted", R"({"seq":-1})"), "seq");
    expect_corrupt(read("message.deleted", R"({"seq":18446744073709551616})"), "seq");
    expect_corrupt(read("room.created", R"({"max_members":4294967296})"), "max_members");
    EXPECT_TRUE(read("message.deleted", R"({"seq":18446744073709551615})").has_value());
    EXPECT_TRUE(read("room.created", R"({"max_members":4294967295})").has_value());
}

TEST(Codec, RefusesATextThatIsNoneOfTheEnumerators) {
    expect_corrupt(read("message.sent", R"({"kind":"shout"})"), "kind");
    expect_corrupt(read("user.role_granted", R"({"role":"owner"})"), "role");
    expect_corrupt(read("room.updated", R"({"visibility":"public_"})"), "visibility");
}

TEST(Codec, RefusesAnIdOfAnotherKind) {
    expect_corrupt(
        read("member.left", R"({"user_id":"room_00000000000000000000000000"})"), "user_id"
    );
    expect_corrupt(read("member.left", R"({"user_id":"user_0"})"), "user_id");
    EXPECT_TRUE(read("member.left", R"({"user_id":"user_00000000000000000000000000"})").has_value()
    );
}

TEST(Codec, RefusesContentsThatAreNotOfTheEvent) {
    const FoundContent text{ContentField::text, "hello"};
    const FoundContent metadata{ContentField::metadata, "{}"};
    const FoundContent filename{ContentField::filename, "a.png"};
    expect_corrupt(read("room.archived", "{}", {text}), "contents");
    expect_corrupt(read("message.sent", "{}", {text, text}), "contents");
    expect_corrupt(read("message.sent", "{}", {metadata, text}), "contents");
    expect_corrupt(read("message.sent", "{}", {text, filename}), "contents");
    EXPECT_TRUE(read("message.sent", "{}", {text, metadata}).has_value());
}

TEST(Codec, NeverFailsInAnotherWayThanByAFault) {
    EXPECT_TRUE(rc::check([](const std::string& noise) {
        const EncodedEvent encoded = encode(arbitrary::any_event());
        std::string facts = encoded.facts;
        const auto at = *rc::gen::inRange<std::size_t>(0, facts.size() + 1);
        facts.replace(at, noise.size(), noise);
        auto contents = found(encoded);
        const auto decoded = decode(encoded.type, encoded.schema, facts, contents);
        if (!decoded) RC_ASSERT(decoded.error().fault == StoreFault::corrupt_record);
    }));
}

TEST(EventTypes, HaveEachTheirOwnName) {
    std::set<std::string_view> names;
    for (const EventType& wire : event_types()) names.insert(wire.type);
    EXPECT_EQ(names.size(), event_types().size());
    EXPECT_EQ(names.size(), 39U);
}

TEST(EventTypes, AreNamedAsTheyAreWritten) {
    EXPECT_TRUE(rc::check([] {
        const Event event = arbitrary::any_event();
        RC_ASSERT(type_of(event) == encode(event).type);
    }));
}

}  // namespace
}  // namespace verbatim
