#include "domain/limits.hpp"
#include "domain/type_id.hpp"
#include "protocol/request_json.hpp"
#include "tests/protocol/world.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace verbatim::testing {
namespace {

using nlohmann::json;

template <class T>
void expect_422(const Answer<T>& answer, std::string_view field) {
    ASSERT_FALSE(answer.has_value()) << field;
    EXPECT_EQ(answer.error().status, 422) << field;
    EXPECT_EQ(answer.error().field, std::string(field));
}

std::string repeated(std::size_t count, std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < count; ++i) out += text;
    return out;
}

class MessageRequests : public ::testing::Test {
protected:
    MessageRequests() {
        world_.happened(alice, signed_up("alice"))
            .happened(bob, signed_up("bob"))
            .happened(carol, signed_up("bob_"))
            .happened(dave, signed_up("d.a-v_e"));
    }

    [[nodiscard]] Answer<SendMessage> send(const json& body) {
        return read_send_message(body, world_.views().users(), find_);
    }
    [[nodiscard]] std::vector<UserId> mentions(std::string_view text) {
        return resolve_mentions(text, world_.views().users()).value();
    }

    World world_;
    FindAttachment find_ = [](const FileId& file) -> Answer<Attachment> {
        if (file == numbered<FileId>(404)) return failure(problem_of(Rule::attachment_not_found));
        Attachment found;
        found.file = file;
        found.filename = "a.txt";
        return found;
    };
};

using ReadSendMessage = MessageRequests;
using ReadEditMessage = MessageRequests;
using ResolveMentions = MessageRequests;

TEST_F(ReadSendMessage, TakesATextAlone) {
    const auto message = send({{"text", "hello\n\tworld"}}).value();
    EXPECT_EQ(message.kind, MessageKind::text);
    EXPECT_EQ(message.text, "hello\n\tworld");
    EXPECT_EQ(message.metadata, std::nullopt);
    EXPECT_EQ(message.reply_to, std::nullopt);
    EXPECT_TRUE(message.attachments.empty());
    EXPECT_TRUE(message.mentions.empty());
}

TEST_F(ReadSendMessage, TakesEveryMember) {
    const auto message = send({{"text", "hi @bob"},
                               {"kind", "action"},
                               {"metadata", {{"b", {1, 2}}, {"a", "x"}}},
                               {"reply_to", 7},
                               {"attachments", json::array()}}
    ).value();
    EXPECT_EQ(message.kind, MessageKind::action);
    EXPECT_EQ(message.metadata, R"({"a":"x","b":[1,2]})");
    EXPECT_EQ(message.reply_to, Version(7));
    EXPECT_EQ(message.mentions, std::vector{bob});
}

TEST_F(ReadSendMessage, HoldsTheTextToItsBoundsInCharacters) {
    EXPECT_TRUE(send({{"text", "x"}}).has_value());
    EXPECT_TRUE(send({{"text", repeated(20'000, "\xf0\x9f\x98\x80")}}).has_value());
    for (const json& bad :
         {json(""),
          json(repeated(20'001, "x")),
          json(5),
          json(nullptr),
          json(json::array()),
          json("bell\x07"),
          json(std::string("nul\0", 4)),
          json("cr\r")})
        expect_422(send({{"text", bad}}), "text");
    expect_422(send(json::object()), "text");
}

TEST_F(ReadSendMessage, RefusesOtherKinds) {
    EXPECT_TRUE(send({{"text", "x"}, {"kind", "notice"}}).has_value());
    expect_422(send({{"text", "x"}, {"kind", "shout"}}), "kind");
    expect_422(send({{"text", "x"}, {"kind", 1}}), "kind");
}

TEST_F(ReadSendMessage, HoldsMetadataToAnObjectWithinItsBytes) {
    const std::size_t frame = std::string(R"({"k":""})").size();
    const std::string most(limits::metadata_bytes_max - frame, 'x');
    EXPECT_TRUE(send({{"text", "x"}, {"metadata", {{"k", most}}}}).has_value());
    EXPECT_EQ(send({{"text", "x"}, {"metadata", json::object()}}).value().metadata, "{}");
    expect_422(send({{"text", "x"}, {"metadata", {{"k", most + "x"}}}}), "metadata");
    for (const json& bad : {json("{}"), json(json::array()), json(1)})
        expect_422(send({{"text", "x"}, {"metadata", bad}}), "metadata");
}

TEST_F(ReadSendMessage, TakesAPositiveWholeNumberToReplyTo) {
    EXPECT_EQ(send({{"text", "x"}, {"reply_to", 1}}).value().reply_to, Version(1));
    for (const json& bad : {json(0), json(-1), json(1.5), json(1.0), json("1"), json(true)})
        expect_422(send({{"text", "x"}, {"reply_to", bad}}), "reply_to");
}

TEST_F(ReadSendMessage, AttachesFilesInOrderEachOnce) {
    const auto one = numbered<FileId>(1);
    const auto two = numbered<FileId>(2);
    const auto message =
        send({{"text", ""}, {"attachments", {to_text(two), to_text(one), to_text(two)}}}).value();
    EXPECT_EQ(message.text, std::nullopt);
    ASSERT_EQ(message.attachments.size(), 2U);
    EXPECT_EQ(message.attachments[0].file, two);
    EXPECT_EQ(message.attachments[1].file, one);
    EXPECT_EQ(message.attachments[1].filename, "a.txt");
}

TEST_F(ReadSendMessage, SaysWhenAFileIsNotFound) {
    const std::string file = to_text(numbered<FileId>(404));
    const auto refused = send({{"text", "x"}, {"attachments", {file}}});
    ASSERT_FALSE(refused.has_value());
    EXPECT_EQ(refused.error().code, "attachment_not_found");
    EXPECT_EQ(refused.error().status, 404);
}

TEST_F(ReadSendMessage, CountsWhatTheCallerWillAttach) {
    json files = json::array();
    for (std::uint32_t i = 1; i <= 10; ++i) files.push_back(to_text(numbered<FileId>(i)));
    const Users& users = world_.views().users();
    EXPECT_TRUE(read_send_message({{"attachments", files}}, users, find_).has_value());
    expect_422(read_send_message({{"attachments", files}}, users, find_, 1), "attachments");
    EXPECT_TRUE(read_send_message(json::object(), users, find_, 1).has_value());
}

TEST(ReadFilename, CutsFoldersOffAndRefusesWhatIsNoName) {
    EXPECT_EQ(read_filename("report.pdf").value(), "report.pdf");
    EXPECT_EQ(read_filename("../../etc/passwd").value(), "passwd");
    EXPECT_EQ(read_filename("C:\\temp\\report.pdf").value(), "report.pdf");
    EXPECT_EQ(read_filename("").value(), "");
    EXPECT_EQ(read_filename(repeated(255, "\xc3\xa4")).value(), repeated(255, "\xc3\xa4"));
    expect_422(read_filename(repeated(256, "x")), "filename");
    expect_422(read_filename("bell\x07"), "filename");
    expect_422(read_filename("\xff"), "filename");
}

TEST_F(ReadSendMessage, RefusesAttachmentsThatAreNoFileIdsOrTooMany) {
    const std::string file = to_text(numbered<FileId>(1));
    for (const json& bad : {json(file), json{"file_1"}, json{7}, json(11, file)})
        expect_422(send({{"text", "x"}, {"attachments", bad}}), "attachments");
}

TEST_F(ReadEditMessage, NeedsATextAndMentionsAnew) {
    const Users& users = world_.views().users();
    const auto edit = read_edit_message({{"text", "@alice"}}, Version(3), users).value();
    EXPECT_EQ(edit.seq, Version(3));
    EXPECT_EQ(edit.text, "@alice");
    EXPECT_EQ(edit.mentions, std::vector{alice});
    expect_422(read_edit_message(json::object(), Version(3), users), "text");
    expect_422(read_edit_message({{"text", ""}}, Version(3), users), "text");
}

TEST(ReadUpTo, TakesAWholeNumber) {
    EXPECT_EQ(read_up_to({{"up_to", 12}}).value(), Version(12));
    EXPECT_EQ(read_up_to({{"up_to", 0}}).value(), Version(0));
    for (const json& bad : {json(-1), json(1.5), json("1"), json(nullptr)})
        expect_422(read_up_to({{"up_to", bad}}), "up_to");
    expect_422(read_up_to(json::object()), "up_to");
}

TEST(ReadTyping, TakesTrueOrFalse) {
    EXPECT_TRUE(read_typing({{"typing", true}}).value());
    EXPECT_FALSE(read_typing({{"typing", false}}).value());
    expect_422(read_typing({{"typing", "yes"}}), "typing");
    expect_422(read_typing(json::object()), "typing");
}

TEST_F(ResolveMentions, FindsUsersInOrderWithoutRepetition) {
    EXPECT_EQ(mentions("@bob and @alice and @bob"), (std::vector{bob, alice}));
}

TEST_F(ResolveMentions, FoldsCase) {
    EXPECT_EQ(mentions("@Alice @BOB"), (std::vector{alice, bob}));
}

TEST_F(ResolveMentions, LeavesTheSentencesPunctuationAway) {
    EXPECT_EQ(mentions("ask @alice."), std::vector{alice});
    EXPECT_EQ(mentions("@alice... @d.a-v_e--"), (std::vector{alice, dave}));
    EXPECT_EQ(mentions("(@alice), @d.a-v_e!"), (std::vector{alice, dave}));
    EXPECT_EQ(mentions("@alice" + std::string(5'000, '.')), std::vector{alice});
}

TEST_F(ResolveMentions, TakesTheLongestNameThatThereIs) {
    EXPECT_EQ(mentions("@bob_"), std::vector{carol});
    EXPECT_EQ(mentions("@bob__ @bob__"), std::vector{carol});
    EXPECT_EQ(mentions("@bob-"), std::vector{bob});
}

TEST_F(ResolveMentions, StandsNextToOtherScripts) {
    EXPECT_EQ(mentions("\xe4\xbd\xa0\xe5\xa5\xbd@alice\xe4\xbd\xa0"), std::vector{alice});
}

TEST_F(ResolveMentions, IgnoresAddressesUnknownNamesAndBareSigns) {
    EXPECT_TRUE(mentions("mail me@alice or x_@bob").empty());
    EXPECT_TRUE(mentions("@nobody @ @@ @a @alic").empty());
    EXPECT_TRUE(mentions("@" + std::string(33, 'a')).empty());
    EXPECT_EQ(mentions("@@alice"), std::vector{alice});
}

TEST_F(ResolveMentions, StopsAtTheLimit) {
    std::string text;
    for (std::uint32_t i = 0; i <= limits::mentions_per_message_max; ++i) {
        const std::string name = "guest" + std::to_string(i);
        world_.happened(numbered<UserId>(1'000 + i), signed_up(name));
        text += "@" + name + " ";
    }
    EXPECT_EQ(mentions(text).size(), limits::mentions_per_message_max);
}

}  // namespace
}  // namespace verbatim::testing
