#include "protocol/envelope_json.hpp"

#include "domain/type_id.hpp"
#include "eventstore/codec.hpp"
#include "tests/protocol/world.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <set>

namespace verbatim::testing {
namespace {

// The people of the tests, as they stand in the literals below.
constexpr std::string_view alice_text = "user_01h455vb4pex5vskg000000001";
constexpr std::string_view bob_text = "user_01h455vb4pex5vskg000000002";

RecordedEvent recorded(StreamId stream, Event event) {
    return {
        .position = Position(1'234),
        .stream = stream,
        .version = Version(57),
        .id = numbered<EventId>(1),
        .command = numbered<CommandId>(3),
        .at = noon,
        .occurred_at = std::nullopt,
        .actor = alice,
        .key = std::nullopt,
        .event = std::move(event)};
}

std::string envelope_of(const RecordedEvent& event) {
    std::string out;
    append_envelope(out, event);
    return out;
}

// How `data` is written, and that all around it is what the contract says.
std::string data_in(const RecordedEvent& event) {
    const std::string envelope = envelope_of(event);
    constexpr std::string_view mark = R"(,"data":)";
    const auto data = envelope.find(mark);
    EXPECT_NE(data, envelope.npos) << envelope;
    EXPECT_TRUE(nlohmann::json::accept(envelope)) << envelope;
    return envelope.substr(data + mark.size(), envelope.size() - data - mark.size() - 1);
}
std::string data_of(RoomEvent event) {
    return data_in(recorded(stream_of(hall), std::move(event)));
}
std::string data_of(AccountEvent event) {
    return data_in(recorded(stream_of(alice), std::move(event)));
}

TEST(Envelope, OfARoomsEventHasItsRoomAndPlace) {
    EXPECT_EQ(
        envelope_of(recorded(stream_of(hall), RoomEvent(RoomArchived{}))),
        R"({"position":1234,"room_id":"room_01h455vb4pex5vskg000000035","room_seq":57,)"
        R"("type":"room.archived","schema":1,"at":"2026-01-01T12:00:00.000000Z",)"
        R"("actor_id":"user_01h455vb4pex5vskg000000001",)"
        R"("command_id":"command_01h455vb4pex5vskg000000003","data":{}})"
    );
}

TEST(Envelope, OfAnAccountsEventHasNoRoom) {
    EXPECT_EQ(
        envelope_of(recorded(stream_of(alice), AccountEvent(UserRenamed{.display_name = "Al"}))),
        R"({"position":1234,"room_id":null,"room_seq":null,"type":"user.renamed","schema":1,)"
        R"("at":"2026-01-01T12:00:00.000000Z","actor_id":"user_01h455vb4pex5vskg000000001",)"
        R"("command_id":"command_01h455vb4pex5vskg000000003","data":{"display_name":"Al"}})"
    );
}

TEST(Envelope, OfReadingHasTheRoomWithoutAPlaceInIt) {
    EXPECT_EQ(
        envelope_of(recorded(
            reader_stream_of(alice), ReaderEvent(RoomRead{.room = hall, .up_to = Version(12)})
        )),
        R"({"position":1234,"room_id":"room_01h455vb4pex5vskg000000035","room_seq":null,)"
        R"("type":"room.read","schema":1,"at":"2026-01-01T12:00:00.000000Z",)"
        R"("actor_id":"user_01h455vb4pex5vskg000000001",)"
        R"("command_id":"command_01h455vb4pex5vskg000000003","data":{"up_to":12}})"
    );
}

TEST(Envelope, SaysWhatAnImportClaimsAboutThePast) {
    RecordedEvent event = recorded(stream_of(hall), RoomEvent(RoomArchived{}));
    event.occurred_at = Timestamp(1);
    EXPECT_NE(
        envelope_of(event).find(R"("at":"2026-01-01T12:00:00.000000Z",)"
                                R"("occurred_at":"1970-01-01T00:00:00.000001Z","actor_id")"),
        std::string::npos
    );
}

TEST(Envelope, IsAppended) {
    std::string out = "[";
    append_envelope(out, recorded(stream_of(hall), RoomEvent(RoomArchived{})));
    EXPECT_TRUE(out.starts_with(R"([{"position")"));
}

TEST(Envelope, HoldsTheDataOfEachAccountEvent) {
    const std::string user = R"("user_id":")" + std::string(alice_text) + '"';
    const std::string session = R"("session_id":"session_01h455vb4pex5vskg000000069")";
    EXPECT_EQ(
        data_of(AccountEvent(UserRegistered{
            .username = "alice", .display_name = std::nullopt, .password_hash = "secret"})),
        "{" + user + R"(,"username":"alice","display_name":null})"
    );
    EXPECT_EQ(
        data_of(AccountEvent(UserRenamed{.display_name = "A \"B\" C"})),
        R"({"display_name":"A \"B\" C"})"
    );
    EXPECT_EQ(data_of(AccountEvent(PasswordChanged{.password_hash = "secret"})), "{}");
    EXPECT_EQ(
        data_of(AccountEvent(RoleGranted{.role = ServerRole::auditor})),
        "{" + user + R"(,"role":"auditor"})"
    );
    EXPECT_EQ(
        data_of(AccountEvent(RoleRevoked{.role = ServerRole::admin})),
        "{" + user + R"(,"role":"admin"})"
    );
    EXPECT_EQ(
        data_of(AccountEvent(SessionOpened{
            .session = laptop, .address = "192.0.2.7", .agent = "curl", .refresh_hash = "secret"})),
        "{" + session + R"(,"address":"192.0.2.7","agent":"curl"})"
    );
    EXPECT_EQ(
        data_of(AccountEvent(SessionRefreshed{.session = laptop, .refresh_hash = "secret"})),
        "{" + session + "}"
    );
    EXPECT_EQ(
        data_of(AccountEvent(SessionClosed{.session = laptop, .reason = SessionEnd::refresh_reused})
        ),
        "{" + session + R"(,"reason":"refresh_reused"})"
    );
}

TEST(Envelope, HoldsTheDataOfEachEventOfARoomItself) {
    RoomCreated created = group_named("Hall");
    EXPECT_EQ(
        data_of(created),
        R"({"kind":"group","name":"Hall","description":null,"alias":null,)"
        R"("visibility":"public","history":"shared","max_members":1000})"
    );
    created.kind = RoomKind::channel;
    created.description = "News";
    created.alias = "the.hall";
    created.visibility = Visibility::private_;
    created.history = History::since_join;
    EXPECT_EQ(
        data_of(created),
        R"({"kind":"channel","name":"Hall","description":"News","alias":"the.hall",)"
        R"("visibility":"private","history":"since_join","max_members":1000})"
    );
    EXPECT_EQ(data_of(RoomUpdated{}), "{}");
    RoomUpdated updated;
    updated.name = Text("Big hall");
    updated.description = Text();
    updated.alias = std::optional<std::string>();
    EXPECT_EQ(data_of(updated), R"({"name":"Big hall","description":null,"alias":null})");
    updated = {};
    updated.visibility = Visibility::private_;
    updated.history = History::since_join;
    updated.max_members = 7;
    EXPECT_EQ(
        data_of(updated), R"({"visibility":"private","history":"since_join","max_members":7})"
    );
    EXPECT_EQ(data_of(RoomArchived{}), "{}");
}

TEST(Envelope, HoldsTheDataOfEachEventOfMembers) {
    const std::string user = R"({"user_id":")" + std::string(bob_text) + '"';
    EXPECT_EQ(data_of(joined(bob)), user + R"(,"role":"member"})");
    EXPECT_EQ(
        data_of(MemberJoined{.user = bob, .role = MemberRole::owner, .added_by = alice}),
        user + R"(,"role":"owner","added_by":")" + std::string(alice_text) + R"("})"
    );
    EXPECT_EQ(data_of(MemberLeft{.user = bob}), user + "}");
    EXPECT_EQ(data_of(MemberRemoved{.user = bob}), user + "}");
    EXPECT_EQ(
        data_of(MemberRoleChanged{.user = bob, .role = MemberRole::admin}),
        user + R"(,"role":"admin"})"
    );
    EXPECT_EQ(data_of(MemberInvited{.user = bob}), user + "}");
    EXPECT_EQ(data_of(MemberInviteRevoked{.user = bob}), user + "}");
    EXPECT_EQ(
        data_of(MemberBanned{.user = bob, .reason = "spam\n"}), user + R"(,"reason":"spam\n"})"
    );
    EXPECT_EQ(
        data_of(MemberBanned{.user = bob, .reason = std::nullopt}), user + R"(,"reason":null})"
    );
    EXPECT_EQ(data_of(MemberUnbanned{.user = bob}), user + "}");
}

MessageSent full_message() {
    return {
        .kind = MessageKind::action,
        .text = "hi @bob \xf0\x9f\x98\x80",
        .metadata = R"({"z":1,"a":[true,null]})",
        .attachments =
            {{.file = numbered<FileId>(1),
              .filename = "a \"b\".png",
              .media_type = "image/png",
              .bytes = 1'000,
              .width = 640,
              .height = 480},
             {.file = numbered<FileId>(2),
              .filename = std::nullopt,
              .media_type = "text/plain",
              .bytes = 5,
              .width = std::nullopt,
              .height = std::nullopt}},
        .reply_to = Version(12),
        .mentions = {bob, alice}};
}

TEST(Envelope, HoldsTheDataOfEachEventOfMessages) {
    EXPECT_EQ(
        data_of(said("hello")),
        R"({"kind":"text","text":"hello","metadata":null,"attachments":[],"reply_to":null,)"
        R"("mentions":[]})"
    );
    EXPECT_EQ(
        data_of(full_message()),
        R"({"kind":"action","text":"hi @bob )"
        "\xf0\x9f\x98\x80"
        R"(","metadata":{"z":1,"a":[true,null]},"attachments":[)"
        R"({"file_id":"file_01h455vb4pex5vskg000000001","filename":"a \"b\".png",)"
        R"("media_type":"image/png","bytes":1000,"width":640,"height":480},)"
        R"({"file_id":"file_01h455vb4pex5vskg000000002","filename":null,)"
        R"("media_type":"text/plain","bytes":5}],"reply_to":12,)"
        R"("mentions":["user_01h455vb4pex5vskg000000002","user_01h455vb4pex5vskg000000001"]})"
    );
    EXPECT_EQ(
        data_of(MessageEdited{.seq = Version(12), .text = "new", .mentions = {bob}}),
        R"({"seq":12,"text":"new","mentions":["user_01h455vb4pex5vskg000000002"]})"
    );
    EXPECT_EQ(
        data_of(MessageDeleted{.seq = Version(12), .destroyed = false}),
        R"({"seq":12,"destroyed":false})"
    );
    EXPECT_EQ(
        data_of(MessageDeleted{.seq = Version(12), .destroyed = true}),
        R"({"seq":12,"destroyed":true})"
    );
}

TEST(Envelope, HasNoSecretInIt) {
    const AccountEvent events[] = {
        UserRegistered{.username = "a", .display_name = "b", .password_hash = "hush"},
        PasswordChanged{.password_hash = "hush"},
        SessionOpened{.session = laptop, .address = "a", .agent = "b", .refresh_hash = "hush"},
        SessionRefreshed{.session = laptop, .refresh_hash = "hush"}};
    for (const AccountEvent& event : events)
        EXPECT_EQ(envelope_of(recorded(stream_of(alice), event)).find("hush"), std::string::npos);
}

// One event of each alternative, in order.
template <class Variant, std::size_t... index>
std::vector<Event> one_of_each(std::index_sequence<index...> /*alternatives*/) {
    return {Event(Variant(std::in_place_index<index>))...};
}

TEST(Envelope, NamesEachTypeAsTheLogDoes) {
    std::vector<Event> events =
        one_of_each<RoomEvent>(std::make_index_sequence<std::variant_size_v<RoomEvent>>());
    for (Event& event :
         one_of_each<AccountEvent>(std::make_index_sequence<std::variant_size_v<AccountEvent>>()))
        events.push_back(std::move(event));
    events.emplace_back(ReaderEvent());
    for (Event& event :
         one_of_each<ServerEvent>(std::make_index_sequence<std::variant_size_v<ServerEvent>>()))
        events.push_back(std::move(event));
    std::set<std::string> types;
    for (const Event& event : events) {
        const bool is_room = std::holds_alternative<RoomEvent>(event);
        const StreamId stream = is_room ? stream_of(hall) : stream_of(alice);
        const auto envelope = nlohmann::json::parse(envelope_of(recorded(stream, event)));
        EXPECT_EQ(envelope.at("type"), std::string(type_of(event)));
        types.insert(envelope.at("type").get<std::string>());
    }
    EXPECT_EQ(types.size(), event_types().size());
}

TEST(WithoutContents, EmptiesASentMessage) {
    const auto bare = without_contents(recorded(stream_of(hall), RoomEvent(full_message())));
    EXPECT_EQ(
        data_in(bare),
        R"({"kind":"action","text":null,"metadata":null,"attachments":[],"reply_to":12,)"
        R"("mentions":[]})"
    );
}

TEST(WithoutContents, EmptiesAnEdit) {
    const auto bare = without_contents(recorded(
        stream_of(hall),
        RoomEvent(MessageEdited{.seq = Version(12), .text = "new", .mentions = {bob}})
    ));
    EXPECT_EQ(data_in(bare), R"({"seq":12,"text":null,"mentions":[]})");
}

TEST(WithoutContents, LeavesEverythingElseAsItIs) {
    const RecordedEvent events[] = {
        recorded(stream_of(hall), RoomEvent(group_named("Hall"))),
        recorded(stream_of(hall), RoomEvent(MessageDeleted{.seq = Version(1), .destroyed = true})),
        recorded(stream_of(alice), signed_up("alice"))};
    for (const RecordedEvent& event : events) EXPECT_EQ(without_contents(event), event);
}

}  // namespace
}  // namespace verbatim::testing
