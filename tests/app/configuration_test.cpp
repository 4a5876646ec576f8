#include "tests/support/paths.hpp"
#include "tests/support/server_child.hpp"
#include "tests/support/temporary_folder.hpp"

#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sstream>

namespace verbatim::testing {

namespace {

using ::testing::HasSubstr;
using Strings = std::vector<std::string>;

class ConfigurationCommand : public ::testing::Test {
protected:
    TemporaryFolder folder;

    static Finished run(
        Strings arguments, const std::map<std::string, std::string>& environment = {}
    ) {
        return run_to_end(
            {.binary = testing::server_binary(),
             .arguments = std::move(arguments),
             .environment = environment}
        );
    }
    std::string file_with(const std::string& text) const {
        const auto path = folder.path() / "verbatim.toml";
        std::ofstream(path) << text;
        return path.string();
    }
    // "value # source" of the line about `key`.
    static std::string line_about(const Finished& finished, const std::string& key) {
        std::istringstream lines(finished.standard_output);
        std::string line;
        while (std::getline(lines, line)) {
            if (!line.starts_with(key + " = ")) continue;
            line.erase(0, key.size() + 3);
            const std::size_t hash = line.find('#');
            const std::size_t end = line.find_last_not_of(' ', hash - 1);
            return line.substr(0, end + 1) + " " + line.substr(hash);
        }
        return "no line about " + key;
    }
};

TEST_F(ConfigurationCommand, ShowsEachValueAndWhereItCameFrom) {
    const std::string file =
        file_with("http-port = 9001\nfeed-port = 9002\nlog-format = \"json\"\n");
    const Finished shown =
        run({"config", "--config", file, "--http-port", "9003"},
            {{"VERBATIM_FEED_PORT", "9004"}, {"VERBATIM_RATE_LIMITS", "off"}});
    ASSERT_EQ(shown.exit_code, 0) << shown.standard_error;
    EXPECT_EQ(line_about(shown, "http-port"), "9003 # flag");
    EXPECT_EQ(line_about(shown, "feed-port"), "9004 # environment (VERBATIM_FEED_PORT)");
    EXPECT_EQ(line_about(shown, "rate-limits"), "off # environment (VERBATIM_RATE_LIMITS)");
    EXPECT_EQ(line_about(shown, "log-format"), "json # file");
    EXPECT_EQ(line_about(shown, "bind"), "127.0.0.1 # default");
}

TEST_F(ConfigurationCommand, HasTheDefaultsOfTheContract) {
    const Finished shown = run({"config"});
    ASSERT_EQ(shown.exit_code, 0) << shown.standard_error;
    EXPECT_EQ(line_about(shown, "http-port"), "8080 # default");
    EXPECT_EQ(line_about(shown, "feed-port"), "8081 # default");
    EXPECT_EQ(line_about(shown, "rate-limits"), "on # default");
    EXPECT_EQ(line_about(shown, "deletion"), "hide # default");
    const std::string data = line_about(shown, "data");
    EXPECT_TRUE(
        data == "data # default" || data == "./data # default" || data == "\"data\" # default"
    ) << data;
}

TEST_F(ConfigurationCommand, LetsFlagsStandBeforeTheSubCommand) {
    const Finished shown = run({"--http-port=9005", "config"});
    ASSERT_EQ(shown.exit_code, 0) << shown.standard_error;
    EXPECT_EQ(line_about(shown, "http-port"), "9005 # flag");
}

TEST_F(ConfigurationCommand, RefusesUnknownKeysOfTheFile) {
    const Finished refused =
        run({"config", "--config", file_with("http-port = 9001\nhtpp-port = 9002\n")});
    EXPECT_NE(refused.exit_code, 0);
    EXPECT_THAT(refused.standard_error, HasSubstr("htpp-port"));
}

TEST_F(ConfigurationCommand, RefusesUnknownVariablesOfTheEnvironment) {
    const Finished refused = run({"config"}, {{"VERBATIM_HTPP_PORT", "9001"}});
    EXPECT_NE(refused.exit_code, 0);
    EXPECT_THAT(refused.standard_error, HasSubstr("VERBATIM_HTPP_PORT"));
}

TEST_F(ConfigurationCommand, RefusesUnknownFlagsAndValuesThatAreNone) {
    const std::pair<Strings, std::string> refused[] = {
        {{"config", "--htpp-port", "1"}, "--htpp-port"},
        {{"config", "--http-port", "many"}, "http-port"},
        {{"config", "--http-port", "65536"}, "http-port"},
        {{"config", "--rate-limits", "maybe"}, "rate-limits"},
        {{"config", "--http-threads", "0"}, "http-threads"},
        {{"config", "--config", "no-such-file.toml"}, "no-such-file.toml"},
    };
    for (const auto& [arguments, named] : refused) {
        const Finished finished = run(arguments);
        EXPECT_NE(finished.exit_code, 0) << named;
        EXPECT_THAT(finished.standard_error, HasSubstr(named));
    }
    const Finished from_environment = run({"config"}, {{"VERBATIM_HTTP_PORT", "many"}});
    EXPECT_NE(from_environment.exit_code, 0);
    EXPECT_THAT(from_environment.standard_error, HasSubstr("http-port"));
    const Finished from_file = run({"config", "--config", file_with("http-port = \"many\"\n")});
    EXPECT_NE(from_file.exit_code, 0);
}

TEST_F(ConfigurationCommand, SaysItsVersionAndHowItIsUsed) {
    EXPECT_THAT(run({"--version"}).standard_output, HasSubstr("verbatim "));
    EXPECT_THAT(run({"--help"}).standard_output, HasSubstr("serve"));
    EXPECT_NE(run({}).exit_code, 0);
}

TEST_F(ConfigurationCommand, NamesAProxyThatIsNoAddress) {
    const Finished refused = run(
        {"serve",
         "--data",
         (folder.path() / "data").string(),
         "--http-port",
         "0",
         "--feed-port",
         "0",
         "--trusted-proxies",
         "10.0.0.0/8,proxy.example"}
    );
    EXPECT_EQ(refused.exit_code, 1);
    EXPECT_THAT(refused.standard_error, HasSubstr("proxy.example"));
}

TEST_F(ConfigurationCommand, DoesNotShowTheBrokersPassword) {
    const Finished shown = run(
        {"config"},
        {{"VERBATIM_BROKER", "amqp://ada:hunter2@rabbit/chat"}, {"VERBATIM_PUBLISH_JSON", "true"}}
    );
    ASSERT_EQ(shown.exit_code, 0) << shown.standard_error;
    EXPECT_EQ(
        line_about(shown, "broker"), "amqp://ada@rabbit:5672/chat # environment (VERBATIM_BROKER)"
    );
    EXPECT_EQ(line_about(shown, "publish-json"), "true # environment (VERBATIM_PUBLISH_JSON)");
    EXPECT_THAT(shown.standard_output, ::testing::Not(HasSubstr("hunter2")));
}

}  // namespace

}  // namespace verbatim::testing
