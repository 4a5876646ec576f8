#include "domain/type_id.hpp"
#include "eventstore/codec.hpp"
#include "eventstore/digest.hpp"
#include "tests/support/paths.hpp"

#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

// tests/golden/ holds one payload of each (type, schema) that was ever written. A file there is
// never changed; what it must mean to this build is written out here.
namespace verbatim {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

template <class Id>
Id id(std::string_view text) {
    return parse_id<Id>(text).value();
}
const auto alice = id<UserId>("user_01jgfjjy00fabtarbxv5hkq9ve");
const auto bob = id<UserId>("user_01jgfjmrh0e8z8rncqd1fxh6ms");
const auto lobby = id<RoomId>("room_01jgfjp400fk8r2h7v8q5y3m1c");
const auto picture = id<FileId>("file_01jgfjq3900gk8tqg5d1v3x7an");
const auto notes = id<FileId>("file_01jgfjs1ha0ehx9m2f6v8b4c7d");
const auto invitation = id<LinkId>("link_01jgfjtzt0e2s8r4w6y7z9x1c5");
const auto bot_key = id<KeyId>("key_01jgfjtzt0e2s8r4w6y7z9x1c5");
const auto laptop = id<SessionId>("session_01jgfjtzt0e2s8r4w6y7z9x1c5");

TokenHash some_hash() {
    return parse_hex("00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff").value();
}

MessageSent ringing(const std::vector<Attachment>& attachments) {
    return {
        .kind = MessageKind::action,
        .text = "rings the bell for @bob \u2014 \u5317\u4eac",
        .metadata = R"({"volume":11})",
        .attachments = attachments,
        .reply_to = Version(41),
        .mentions = {bob, alice}};
}

// What each file must decode to.
std::map<std::string, Event> expected_events() {
    const std::vector<Attachment> attachments = {
        {picture, "north tower.png", "image/png", 1'234'567, 640, 480, some_hash()},
        {notes, std::nullopt, "text/plain", 0, std::nullopt, std::nullopt, sha256({})},
    };
    return {
        {"room.created.v1",
         RoomEvent(RoomCreated{
             .kind = RoomKind::direct,
             .name = "Bell ringers",
             .description = "Sundays, nine o'clock",
             .alias = "bells",
             .visibility = Visibility::private_,
             .history = History::since_join,
             .max_members = 2,
             .direct_with = bob})},
        {"room.updated.v1",
         RoomEvent(RoomUpdated{
             .name = Text("Ringers"),
             .description = Text(),
             .alias = std::optional<std::string>(),
             .visibility = Visibility::public_,
             .history = History::shared,
             .max_members = 50})},
        {"room.archived.v1", RoomEvent(RoomArchived{})},
        {"member.joined.v1", RoomEvent(MemberJoined{bob, MemberRole::admin, alice})},
        {"member.joined.v2",
         RoomEvent(MemberJoined{bob, MemberRole::member, std::nullopt, invitation})},
        {"member.left.v1", RoomEvent(MemberLeft{bob})},
        {"member.removed.v1", RoomEvent(MemberRemoved{bob})},
        {"member.role_changed.v1", RoomEvent(MemberRoleChanged{bob, MemberRole::owner})},
        {"member.invited.v1", RoomEvent(MemberInvited{bob})},
        {"member.invite_revoked.v1", RoomEvent(MemberInviteRevoked{bob})},
        {"member.banned.v1", RoomEvent(MemberBanned{bob, "rang at night"})},
        {"member.unbanned.v1", RoomEvent(MemberUnbanned{bob})},
        {"message.sent.v1",
         RoomEvent(ringing(
             {{picture, "north tower.png", "image/png", 1'234'567, 640, 480},
              {notes, std::nullopt, "text/plain", 0, std::nullopt, std::nullopt}}
         ))},
        {"message.sent.v2", RoomEvent(ringing(attachments))},
        {"message.edited.v1", RoomEvent(MessageEdited{Version(42), "rings it again", {bob}})},
        {"message.deleted.v1", RoomEvent(MessageDeleted{Version(42), true})},
        {"room.invite_link_created.v1",
         RoomEvent(InviteLinkCreated{invitation, some_hash(), 3, Timestamp(1'735'787'045'678'901)}
         )},
        {"room.invite_link_revoked.v1", RoomEvent(InviteLinkRevoked{invitation})},
        {"message.pinned.v1", RoomEvent(MessagePinned{Version(42)})},
        {"message.unpinned.v1", RoomEvent(MessageUnpinned{Version(42)})},
        {"reaction.added.v1", RoomEvent(ReactionAdded{Version(42), "\U0001f514"})},
        {"reaction.removed.v1", RoomEvent(ReactionRemoved{Version(42), "\U0001f514"})},
        {"room.retention_changed.v1", RoomEvent(RetentionChanged{90})},
        {"room.contents_expired.v1", RoomEvent(ContentsExpired{Version(41)})},
        {"user.erasure_begun.v1", AccountEvent(ErasureBegun{})},
        {"user.erased.v1", AccountEvent(UserErased{})},
        {"audit.read.v1", AccountEvent(AuditRead{"GET /api/v1/events", lobby})},
        {"hold.set.v1", ServerEvent(HoldSet{bob, std::nullopt, "case 17"})},
        {"hold.lifted.v1", ServerEvent(HoldLifted{std::nullopt, lobby})},
        {"log.epoch_begun.v1",
         ServerEvent(EpochBegun{
             EpochCause::loss_accepted, laptop.value(), Position(40), Position(42)})},
        {"key.created.v1",
         AccountEvent(KeyCreated{bot_key, "bell bot", {KeyScope::read, KeyScope::send}, some_hash()}
         )},
        {"key.revoked.v1", AccountEvent(KeyRevoked{bot_key})},
        {"user.registered.v1", AccountEvent(UserRegistered{"alice", "Alice", "$argon2id$v=19$x"})},
        {"user.renamed.v1", AccountEvent(UserRenamed{"Alice of the North Tower"})},
        {"user.password_changed.v1", AccountEvent(PasswordChanged{"$argon2id$v=19$y"})},
        {"user.role_granted.v1", AccountEvent(RoleGranted{ServerRole::auditor})},
        {"user.role_revoked.v1", AccountEvent(RoleRevoked{ServerRole::admin})},
        {"session.opened.v1",
         AccountEvent(SessionOpened{laptop, "192.0.2.7", "curl/7.88.1", "refresh hash one"})},
        {"session.refreshed.v1", AccountEvent(SessionRefreshed{laptop, "refresh hash two"})},
        {"session.closed.v1", AccountEvent(SessionClosed{laptop, SessionEnd::refresh_reused})},
        {"room.read.v1", ReaderEvent(RoomRead{lobby, Version(42)})},
    };
}

struct Golden {
    std::string type;
    std::uint16_t schema = 0;
    std::string facts;
    std::vector<FoundContent> contents;
};

Golden read_golden(const fs::path& file) {
    std::ifstream stream(file);
    const Json json = Json::parse(stream);
    Golden golden{json.at("type"), json.at("schema"), json.at("facts").dump(), {}};
    for (const Json& content : json.at("contents"))
        golden.contents.push_back(
            {static_cast<ContentField>(content.at("field").get<std::uint8_t>()),
             content.at("bytes").get<std::string>()}
        );
    return golden;
}

std::map<std::string, Golden> all_goldens() {
    std::map<std::string, Golden> goldens;
    for (const auto& entry : fs::directory_iterator(testing::source_directory() / "tests/golden"))
        if (entry.path().extension() == ".json")
            goldens.emplace(entry.path().stem().string(), read_golden(entry.path()));
    return goldens;
}

std::string name_of_golden(std::string_view type, std::uint16_t schema) {
    return std::string(type) + ".v" + std::to_string(schema);
}

std::vector<ContentPart> parts(const Golden& golden) {
    std::vector<ContentPart> contents;
    for (const FoundContent& content : golden.contents)
        contents.push_back({content.field, content.bytes.value()});
    return contents;
}

TEST(Goldens, DecodeToWhatTheyMeantWhenTheyWereWritten) {
    const auto expected = expected_events();
    for (auto& [name, golden] : all_goldens()) {
        SCOPED_TRACE(name);
        ASSERT_TRUE(expected.contains(name)) << "say in this test what it must mean";
        EXPECT_EQ(name, name_of_golden(golden.type, golden.schema));
        auto contents = golden.contents;
        const auto event = decode(golden.type, golden.schema, golden.facts, contents);
        ASSERT_TRUE(event.has_value()) << describe(event.error());
        EXPECT_EQ(*event, expected.at(name));
    }
}

TEST(Goldens, AreWhatThisBuildWritesForItsNewestSchemas) {
    for (const auto& [name, event] : expected_events()) {
        SCOPED_TRACE(name);
        const EncodedEvent encoded = encode(event);
        if (name != name_of_golden(encoded.type, encoded.schema)) continue;
        const Golden golden = all_goldens().at(name);
        EXPECT_EQ(encoded.facts, golden.facts);
        EXPECT_EQ(encoded.contents, parts(golden));
    }
}

TEST(Goldens, ExistForEverySchemaOfEveryType) {
    const auto goldens = all_goldens();
    for (const EventType& wire : event_types())
        for (std::uint16_t schema = 1; schema <= wire.schema; ++schema)
            EXPECT_TRUE(goldens.contains(name_of_golden(wire.type, schema))) << wire.type;
}

}  // namespace
}  // namespace verbatim
