#include "protocol/node_secret.hpp"

#include "tests/support/temporary_folder.hpp"

#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace verbatim::testing {
namespace {

using ::testing::HasSubstr;
namespace fs = std::filesystem;

class NodeSecretFile : public ::testing::Test {
protected:
    TemporaryFolder folder;
    const fs::path file = folder.path() / "node.secret";

    void hold(const std::string& text, fs::perms mode = fs::perms::owner_read) {
        fs::remove(file);
        std::ofstream(file, std::ios::binary) << text;
        fs::permissions(file, mode);
    }
    std::string refusal() {
        const auto secret = NodeSecret::read(file);
        return secret ? "taken: " + secret->text() : secret.error();
    }
};

TEST_F(NodeSecretFile, IsReadWithoutTheEndOfItsLine) {
    for (const std::string end : {"", "\n", "\r\n"}) {
        hold("sixteen-letters!" + end);
        EXPECT_EQ(NodeSecret::read(file).value().text(), "sixteen-letters!");
    }
    hold(std::string(256, 'x') + "\r\n");
    EXPECT_EQ(NodeSecret::read(file).value().text(), std::string(256, 'x'));
}

TEST_F(NodeSecretFile, IsRefusedWhereItIsMissingTooShortTooLongOrNoLineOfText) {
    EXPECT_THAT(refusal(), HasSubstr("No such file"));
    hold("fifteen-letters");
    EXPECT_THAT(refusal(), HasSubstr("16 to 256 characters"));
    hold(std::string(257, 'x'));
    EXPECT_THAT(refusal(), HasSubstr("16 to 256 characters"));
    for (const std::string text :
         {"two lines of\ntext ...", "a b c d e f g h i j", "h\xc3\xa4hhhhhhhhhhhhhhhhhh"}) {
        hold(text);
        EXPECT_THAT(refusal(), HasSubstr("visible ASCII")) << text;
    }
}

TEST_F(NodeSecretFile, IsRefusedWhereEverybodyMayReadIt) {
    hold("sixteen-letters!", fs::perms::owner_read | fs::perms::others_read);
    EXPECT_THAT(refusal(), HasSubstr("everybody"));
    hold("sixteen-letters!", fs::perms::owner_read | fs::perms::group_read);
    EXPECT_EQ(refusal(), "taken: sixteen-letters!");
}

TEST(NodeSecret, MatchesItselfAlone) {
    const NodeSecret secret("sixteen-letters!");
    EXPECT_TRUE(secret.matches("sixteen-letters!"));
    for (const std::string claimed :
         {"", "sixteen-letters", "sixteen-letters!!", "Sixteen-letters!"})
        EXPECT_FALSE(secret.matches(claimed)) << claimed;
}

}  // namespace
}  // namespace verbatim::testing
