#include "tests/app/server_test.hpp"

namespace verbatim::testing {

namespace {

// It finds node; what npm has to bring is in tests/node/package.json.
const std::filesystem::path environment = "/usr/bin/env";

TEST(TusJsClient, UploadsPausesAndGoesOn) {
    const auto folder = source_directory() / "tests/node";
    if (!std::filesystem::exists(folder / "node_modules/tus-js-client"))
        FAIL() << "missing: run ./test, or npm ci --prefix tests/node";
    const TemporaryFolder data;
    ServerProcess server{{.binary = server_binary(), .data = data.path() / "data"}};
    Person alice(server, "alice");
    const auto done = run_to_end(
        {.binary = environment,
         .arguments =
             {"node",
              (folder / "tus_upload.mjs").string(),
              "http://127.0.0.1:" + std::to_string(server.http_port()),
              alice.token()},
         .environment = {}}
    );
    ASSERT_EQ(done.exit_code, 0) << done.standard_error;
    const std::string file = done.standard_output.substr(0, done.standard_output.find('\n'));
    const std::string room = alice.create_room();
    const auto sent = alice.post("/rooms/" + room + "/messages", {{"attachments", {file}}});
    ASSERT_EQ(sent.status, 201) << sent.body;
    EXPECT_EQ(sent.json().at("attachments").at(0).at("filename"), "зима ❄.bin");
}

}  // namespace

}  // namespace verbatim::testing
