#include "protocol/answer_json.hpp"

#include "domain/limits.hpp"
#include "domain/type_id.hpp"
#include "tests/protocol/world.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace verbatim::testing {
namespace {

using nlohmann::json;

class AnswerJsonTest : public ::testing::Test {
protected:
    AnswerJsonTest() {
        world_.happened(alice, signed_up("alice"))
            .happened(bob, signed_up("bob"))
            .happened(carol, signed_up("carol"));
    }
    [[nodiscard]] json room_for(UserId user) {
        const auto access = room_access(world_.views(), hall, user).value();
        return json::parse(room_json(world_.views(), access, user).value());
    }

    World world_;
};
using RoomJson = AnswerJsonTest;
using AnswerJson = AnswerJsonTest;

TEST_F(RoomJson, IsWrittenAsTheContractHasIt) {
    world_.happened(hall, alice, group_named("Hall"));
    const auto access = room_access(world_.views(), hall, carol).value();
    EXPECT_EQ(
        room_json(world_.views(), access, carol).value(),
        R"({"room_id":"room_01h455vb4pex5vskg000000035","kind":"group","name":"Hall",)"
        R"("description":null,"alias":null,"visibility":"public","history":"shared",)"
        R"("max_members":1000,"member_count":1,"created_by":"user_01h455vb4pex5vskg000000001",)"
        R"("created_at":"2026-01-01T12:00:04.000000Z","updated_at":"2026-01-01T12:00:04.000000Z",)"
        R"("archived":false,"room_seq":1,"pinned":[],"my":null,"last_message":null})"
    );
}

TEST_F(RoomJson, ShowsMembersTheirOwnPlaceAndTheLastMessage) {
    world_
        .happened(hall, alice, group_named("Hall"))  // 1
        .happened(hall, bob, joined(bob))            // 2
        .happened(hall, alice, said("one"))          // 3
        .happened(hall, alice, said("two"));         // 4
    const json bobs = room_for(bob);
    EXPECT_EQ(bobs.at("member_count"), 2);
    EXPECT_EQ(bobs.at("room_seq"), 4);
    EXPECT_EQ(
        bobs.at("my"),
        (json{{"role", "member"}, {"unread_count", 2}, {"read_up_to", 2}, {"joined_seq", 2}})
    );
    EXPECT_EQ(bobs.at("last_message").at("seq"), 4);
    EXPECT_EQ(bobs.at("last_message").at("text"), "two");

    world_.read(bob, hall, 3);
    EXPECT_EQ(room_for(bob).at("my").at("unread_count"), 1);
    EXPECT_EQ(room_for(bob).at("my").at("read_up_to"), 3);
    EXPECT_EQ(room_for(alice).at("my").at("unread_count"), 0) << "sending moves one's own marker";
    EXPECT_EQ(room_for(alice).at("my").at("role"), "owner");
}

TEST_F(RoomJson, ShowsStrangersNeitherMessagesNorAPlace) {
    world_.happened(hall, alice, group_named("Hall")).happened(hall, alice, said("one"));
    EXPECT_TRUE(room_for(carol).at("my").is_null());
    EXPECT_TRUE(room_for(carol).at("last_message").is_null());
}

TEST_F(RoomJson, ShowsNoMessageFromBeforeAStayWhereHistoryBeginsWithJoining) {
    RoomCreated created = group_named("Hall");
    created.history = History::since_join;
    world_.happened(hall, alice, created)
        .happened(hall, alice, said("before"))
        .happened(hall, bob, joined(bob));
    EXPECT_TRUE(room_for(bob).at("last_message").is_null());
    EXPECT_EQ(room_for(bob).at("my").at("unread_count"), 0);
    world_.happened(hall, alice, said("after"));
    EXPECT_EQ(room_for(bob).at("last_message").at("text"), "after");
}

TEST_F(RoomJson, HasNoNameWhereADirectRoomHasNone) {
    RoomCreated direct = group_named("");
    direct.name = std::nullopt;
    direct.kind = RoomKind::direct;
    direct.visibility = Visibility::private_;
    direct.max_members = 2;
    direct.direct_with = bob;
    world_.happened(hall, alice, direct);
    EXPECT_TRUE(room_for(alice).at("name").is_null());
    EXPECT_EQ(room_for(alice).at("kind"), "direct");
    EXPECT_EQ(room_for(alice).at("visibility"), "private");
}

TEST_F(RoomJson, SaysWhenItIsArchived) {
    world_.happened(hall, alice, group_named("Hall")).happened(hall, alice, RoomArchived{});
    EXPECT_EQ(room_for(alice).at("archived"), true);
    EXPECT_EQ(room_for(alice).at("updated_at"), "2026-01-01T12:00:05.000000Z");
}

TEST_F(AnswerJson, OfAUserHasNoSecretOrRole) {
    const auto row = world_.views().users().user(alice).value().value();
    EXPECT_EQ(
        user_json(row),
        R"({"user_id":"user_01h455vb4pex5vskg000000001","username":"alice",)"
        R"("display_name":"The alice","created_at":"2026-01-01T12:00:01.000000Z"})"
    );
}

TEST_F(AnswerJson, OfASessionSaysWhetherItIsTheOneThatAsks) {
    world_.happened(alice, opened(laptop));
    const auto row = world_.views().sessions().session(laptop).value().value();
    EXPECT_EQ(
        session_json(row, laptop),
        R"({"session_id":"session_01h455vb4pex5vskg000000069",)"
        R"("opened_at":"2026-01-01T12:00:04.000000Z",)"
        R"("refreshed_at":"2026-01-01T12:00:04.000000Z",)"
        R"("address":"192.0.2.7","agent":"curl/8","current":true})"
    );
    EXPECT_EQ(json::parse(session_json(row, phone)).at("current"), false);
}

TEST_F(AnswerJson, OfAMemberHasBothNames) {
    world_.happened(hall, alice, group_named("Hall")).happened(hall, bob, joined(bob));
    const auto row = world_.views().memberships().member(hall, bob).value().value();
    EXPECT_EQ(
        member_json(world_.views(), row, [](const UserId& user) { return user == bob; }).value(),
        R"({"user_id":"user_01h455vb4pex5vskg000000002","username":"bob",)"
        R"("display_name":"The bob","role":"member","joined_at":"2026-01-01T12:00:05.000000Z",)"
        R"("online":true})"
    );
}

TEST_F(AnswerJson, OfAnInviteNamesTheRoomAndTheGuest) {
    world_.happened(hall, alice, group_named("Hall"))
        .happened(hall, alice, MemberInvited{.user = bob});
    const auto row = world_.views().memberships().invite(hall, bob).value().value();
    EXPECT_EQ(
        invite_json(world_.views(), row).value(),
        R"({"room_id":"room_01h455vb4pex5vskg000000035","room_name":"Hall",)"
        R"("user_id":"user_01h455vb4pex5vskg000000002","username":"bob",)"
        R"("display_name":"The bob","invited_by":"user_01h455vb4pex5vskg000000001",)"
        R"("invited_at":"2026-01-01T12:00:05.000000Z"})"
    );
}

TEST_F(AnswerJson, OfABanSaysWhyAndByWhom) {
    world_.happened(hall, alice, group_named("Hall"))
        .happened(hall, alice, MemberBanned{.user = bob, .reason = "spam"});
    const auto row = world_.views().memberships().ban(hall, bob).value().value();
    EXPECT_EQ(
        ban_json(world_.views(), row).value(),
        R"({"user_id":"user_01h455vb4pex5vskg000000002","username":"bob",)"
        R"("display_name":"The bob","reason":"spam",)"
        R"("banned_by":"user_01h455vb4pex5vskg000000001",)"
        R"("banned_at":"2026-01-01T12:00:05.000000Z"})"
    );
}

TEST_F(AnswerJson, OfAReadMarkerIsWhoAndHowFar) {
    EXPECT_EQ(
        read_marker_json({.user = bob, .up_to = Version(7), .at = noon}),
        R"({"user_id":"user_01h455vb4pex5vskg000000002","up_to":7,)"
        R"("at":"2026-01-01T12:00:00.000000Z"})"
    );
}

TEST(ReceiptOf, HasARoomSeqOnlyForRooms) {
    Accepted accepted;
    accepted.position = Position(12);
    accepted.version = Version(3);
    accepted.stream = stream_of(hall);
    EXPECT_EQ(receipt_of(accepted).position, Position(12));
    EXPECT_EQ(receipt_of(accepted).room_seq, Version(3));
    accepted.stream = stream_of(alice);
    EXPECT_EQ(receipt_of(accepted).room_seq, std::nullopt);
    accepted.stream = reader_stream_of(alice);
    EXPECT_EQ(receipt_of(accepted).room_seq, std::nullopt);
}

TEST(WithReceipt, AddsItAtTheEnd) {
    const Receipt in_room{.position = Position(12), .room_seq = Version(3)};
    const Receipt elsewhere{.position = Position(12), .room_seq = std::nullopt};
    EXPECT_EQ(
        with_receipt(R"({"a":1})", in_room), R"({"a":1,"receipt":{"position":12,"room_seq":3}})"
    );
    EXPECT_EQ(with_receipt("{}", elsewhere), R"({"receipt":{"position":12,"room_seq":null}})");
    EXPECT_EQ(
        with_receipt(R"({"a":{}})", elsewhere),
        R"({"a":{},"receipt":{"position":12,"room_seq":null}})"
    );
}

TEST(LimitsJson, ShowsWhatAClientCanMeet) {
    const json shown = json::parse(limits_json(123));
    EXPECT_EQ(shown.at("body_bytes_max"), 1'048'576);
    EXPECT_EQ(shown.at("file_bytes_max"), 123);
    EXPECT_EQ(shown.at("upload_chunk_bytes_max"), 8 * 1'048'576);
    EXPECT_EQ(shown.at("feed_frame_bytes_max"), 2 * 1'048'576);
    EXPECT_EQ(shown.at("feed_backlog_bytes_max"), 4 * 1'048'576);
    EXPECT_EQ(shown.at("feed_backlog_frames_max"), 4'096);
    EXPECT_EQ(shown.at("json_nesting_max"), 32);
    EXPECT_EQ(shown.at("text_characters_max"), 20'000);
    for (const auto& [name, value] : shown.items()) EXPECT_TRUE(value.is_number_unsigned()) << name;
    EXPECT_EQ(shown.count("command_queue_max"), 0U);
}

}  // namespace
}  // namespace verbatim::testing
