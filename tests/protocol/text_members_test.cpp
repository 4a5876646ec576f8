#include "domain/limits.hpp"
#include "protocol/request_json.hpp"
#include "tests/protocol/world.hpp"

#include <functional>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace verbatim::testing {
namespace {

Answer<Attachment> no_file(const FileId& /*any*/) {
    return failure(problem_of(Rule::attachment_not_found));
}

using nlohmann::json;

// A member of some request that people will read, and what becomes of a text there.
struct TextMember {
    const char* name;
    std::function<std::optional<Problem>(const std::string& text)> read;
};

template <class T>
std::optional<Problem> problem_in(const Answer<T>& answer) {
    return answer ? std::nullopt : std::optional(answer.error());
}

class TextMembers : public ::testing::Test {
protected:
    World world_;
    const Users& users_ = world_.views().users();
    const std::vector<TextMember> members_ = {
        {"display_name",
         [](const std::string& text) {
             return problem_in(read_registration(
                 {{"username", "ada"}, {"password", "a good password"}, {"display_name", text}}
             ));
         }},
        {"display_name",
         [](const std::string& text) {
             return problem_in(read_rename({{"display_name", text}}));
         }},
        {"name",
         [](const std::string& text) {
             return problem_in(read_new_key({{"name", text}, {"scopes", {"read"}}}));
         }},
        {"name",
         [](const std::string& text) {
             return problem_in(read_create_room({{"name", text}}));
         }},
        {"description",
         [](const std::string& text) {
             return problem_in(read_create_room({{"name", "Hall"}, {"description", text}}));
         }},
        {"name",
         [](const std::string& text) {
             return problem_in(read_update_room({{"name", text}}));
         }},
        {"description",
         [](const std::string& text) {
             return problem_in(read_update_room({{"description", text}}));
         }},
        {"reason",
         [](const std::string& text) {
             return problem_in(read_ban({{"reason", text}}, alice));
         }},
        {"text",
         [this](const std::string& text) {
             return problem_in(read_send_message({{"text", text}}, users_, no_file));
         }},
        {"text",
         [this](const std::string& text) {
             return problem_in(read_edit_message({{"text", text}}, Version(1), users_));
         }},
    };
};

TEST_F(TextMembers, RefuseControlCharactersNamingTheMember) {
    const std::string refused[] = {
        std::string("a\0b", 3), "a\x01", "\x1b[31m", "a\rb", "\x7f", "a\u0080", "\u009f"};
    for (const TextMember& member : members_) {
        for (const std::string& text : refused) {
            const auto problem = member.read(text);
            ASSERT_TRUE(problem.has_value()) << member.name;
            EXPECT_EQ(problem->code, "invalid_field");
            EXPECT_EQ(problem->field, member.name);
        }
    }
}

TEST_F(TextMembers, TakeNewlinesTabsAndEveryScript) {
    for (const TextMember& member : members_)
        for (const char* text : {"a\nb\tc", "\u00a0é 漢字 🎉", "\u202eabc"})
            EXPECT_FALSE(member.read(text).has_value()) << member.name << ": " << text;
}

TEST(Metadata, KeepsControlCharactersEscapedAsItsJsonHasThem) {
    World world;
    const json body = {{"text", "t"}, {"metadata", {{"a", std::string("\0\x1b", 2)}}}};
    const auto command = read_send_message(body, world.views().users(), no_file);
    ASSERT_TRUE(command.has_value());
    EXPECT_EQ(command->metadata, R"({"a":"\u0000\u001b"})");
}

TEST(NewKey, TakesItsNameAndEachScopeOnce) {
    const auto key = read_new_key({{"name", "bot"}, {"scopes", {"send", "read"}}});
    ASSERT_TRUE(key.has_value());
    EXPECT_EQ(key->name, "bot");
    EXPECT_EQ(key->scopes, (std::vector{KeyScope::send, KeyScope::read}));
    const std::string longest(limits::key_name_characters_max, 'n');
    EXPECT_TRUE(read_new_key({{"name", longest}, {"scopes", {"read"}}}).has_value());
    EXPECT_EQ(read_new_key({{"name", longest + "n"}, {"scopes", {"read"}}}).error().field, "name");
    for (const json& scopes :
         {json(), json::array(), json("read"), json({"admin"}), json({"read", "read"}), json({1})})
        EXPECT_EQ(read_new_key({{"name", "bot"}, {"scopes", scopes}}).error().field, "scopes")
            << scopes;
}

TEST(NewInviteLink, MayHaveABoundAndAnEnd) {
    const auto open = read_new_invite_link(json::object());
    ASSERT_TRUE(open.has_value());
    EXPECT_EQ(open->max_uses, std::nullopt);
    EXPECT_EQ(open->expires_in, std::nullopt);
    const auto largest = read_new_invite_link(
        {{"max_uses", limits::invite_link_uses_max},
         {"expires_in", limits::invite_link_seconds_max}}
    );
    ASSERT_TRUE(largest.has_value());
    EXPECT_EQ(largest->max_uses, limits::invite_link_uses_max);
    EXPECT_EQ(largest->expires_in, limits::invite_link_seconds_max);
    for (const json& uses : {json(0), json(limits::invite_link_uses_max + 1), json("1"), json(1.0)})
        EXPECT_EQ(read_new_invite_link({{"max_uses", uses}}).error().field, "max_uses") << uses;
    for (const json& seconds : {json(0), json(limits::invite_link_seconds_max + 1), json(-1)})
        EXPECT_EQ(read_new_invite_link({{"expires_in", seconds}}).error().field, "expires_in")
            << seconds;
}

}  // namespace
}  // namespace verbatim::testing
