#include "api/node_routes.hpp"

#include "domain/limits.hpp"
#include "tests/api/test_server.hpp"
#include "tests/api/unmade_services.hpp"
#include "tests/support/http_client.hpp"
#include "tests/support/temporary_folder.hpp"

#include <filesystem>
#include <fstream>
#include <latch>

namespace verbatim::api::test {
namespace {

namespace fs = std::filesystem;
using verbatim::testing::HttpClient;

constexpr auto secret = "a-secret-of-the-nodes";

NodeSecret node_secret(const verbatim::testing::TemporaryFolder& folder) {
    const fs::path file = folder.path() / "node.secret";
    std::ofstream(file) << secret << "\n";
    fs::permissions(file, fs::perms::owner_read);
    return NodeSecret::read(file).value();
}

// As many as may are being read, which takes their time, and as many as may wait.
TEST(NodeRoutes, RefuseAPageOfTheLogBeyondThoseThatAreReadAndThoseThatWait) {
    const verbatim::testing::TemporaryFolder folder;
    const UnmadeServices unmade;  // a page that is refused asks nobody
    std::latch all_read(limits::log_pages_at_once_max);
    std::latch read_on(1);
    WorkPool pages(limits::log_pages_at_once_max, limits::log_pages_waiting_max);
    const NodeAccess access{
        .secret = node_secret(folder),
        .instance = {},
        .leads = [] { return true; },
        .pages = pages};
    RouteTable routes;
    add_node_routes(routes, unmade.services, access);
    TestServer server(std::move(routes));
    for (std::size_t i = 0; i < limits::log_pages_at_once_max; ++i)
        ASSERT_TRUE(pages.submit([&] {
            all_read.count_down();
            read_on.wait();
        }));
    all_read.wait();
    for (std::size_t i = 0; i < limits::log_pages_waiting_max; ++i)
        ASSERT_TRUE(pages.submit([] {}));

    HttpClient node(server.port());
    const std::string bearer = std::string("Bearer ") + secret;
    const auto refused = node.ask("GET", "/internal/log?after=0", {{"Authorization", bearer}});
    read_on.count_down();
    ASSERT_TRUE(refused);
    EXPECT_EQ(refused->status, 503) << refused->body;
    EXPECT_NE(refused->body.find("Too many pages"), std::string::npos) << refused->body;
    EXPECT_EQ(node.ask("GET", "/internal/log?after=0")->status, 401) << "without the secret";
}

}  // namespace
}  // namespace verbatim::api::test
