#include "api/route_table.hpp"

#include <gtest/gtest.h>
#include <string>
#include <utility>
#include <vector>

namespace verbatim::api {
namespace {

using Outcome = RouteTable::Outcome;
using Parameters = std::vector<std::pair<std::string, std::string>>;

RouteTable table() {
    RouteTable routes;
    const Handler none = [](auto, auto) {};
    routes.add(Method::get, "/", none);
    routes.add(Method::get, "/api/v1/users/me", none);
    routes.add(Method::patch, "/api/v1/users/me", none);
    routes.add(Method::get, "/api/v1/users/{user_id}", none);
    routes.add(Method::get, "/api/v1/users/{user_id}/rooms", none);
    routes.add(Method::post, "/api/v1/rooms", none, 7);
    routes.add(Method::get, "/api/v1/rooms/{room_id}/messages/{seq}", none);
    routes.add(Method::del, "/api/v1/rooms/{room_id}/messages/{seq}", none);
    routes.add(Method::head, "/uploads/{id}", none);
    return routes;
}

std::string pattern_of(const RouteTable& routes, Method method, std::string_view path) {
    const auto match = routes.match(method, path);
    return match.route == nullptr ? "" : match.route->pattern;
}

TEST(RouteTable, FindsTheRouteAndItsParameters) {
    const auto routes = table();
    const auto match = routes.match(Method::get, "/api/v1/rooms/room_7/messages/12");
    ASSERT_EQ(match.outcome, Outcome::found);
    EXPECT_EQ(match.route->pattern, "/api/v1/rooms/{room_id}/messages/{seq}");
    EXPECT_EQ(match.parameters, (Parameters{{"room_id", "room_7"}, {"seq", "12"}}));
    EXPECT_EQ(pattern_of(routes, Method::get, "/"), "/");
}

TEST(RouteTable, PrefersLiteralSegmentsToParameters) {
    const auto routes = table();
    EXPECT_EQ(pattern_of(routes, Method::get, "/api/v1/users/me"), "/api/v1/users/me");
    EXPECT_EQ(pattern_of(routes, Method::get, "/api/v1/users/you"), "/api/v1/users/{user_id}");
}

TEST(RouteTable, FallsBackToTheParameterWhenTheLiteralLeadsNowhere) {
    const auto routes = table();
    const auto match = routes.match(Method::get, "/api/v1/users/me/rooms");
    ASSERT_EQ(match.outcome, Outcome::found);
    EXPECT_EQ(match.parameters, (Parameters{{"user_id", "me"}}));
}

TEST(RouteTable, DecodesSegmentsAfterItHasSplitThePath) {
    const auto routes = table();
    const auto match = routes.match(Method::get, "/api/v1/users/a%2Fb%20%C3%A9");
    ASSERT_EQ(match.outcome, Outcome::found);
    EXPECT_EQ(match.parameters, (Parameters{{"user_id", "a/b \xC3\xA9"}}));
    EXPECT_EQ(pattern_of(routes, Method::get, "/api/v1/users/%6De"), "/api/v1/users/me");
}

TEST(RouteTable, RefusesPathsThatAreNotPercentEncodedUtf8) {
    const auto routes = table();
    for (const auto* path :
         {"/api/v1/users/%",
          "/api/v1/users/%2",
          "/api/v1/users/%zz",
          "/api/v1/users/%ff",
          "/api/v1/users/%C0%AF",
          "/api/v1/users/%ED%A0%80",
          "/nowhere/%e2%82",
          "",
          "no-slash"})
        EXPECT_EQ(routes.match(Method::get, path).outcome, Outcome::bad_path) << path;
}

TEST(RouteTable, DoesNotKnowPathsThatOnlyLookAlike) {
    const auto routes = table();
    for (const auto* path :
         {"/api/v1",
          "/api/v1/users",
          "/api/v1/users/",
          "/api/v1/rooms/",
          "//",
          "/api//v1/rooms",
          "/api/v1/users/../users/me"})
        EXPECT_EQ(routes.match(Method::get, path).outcome, Outcome::unknown_path) << path;
}

TEST(RouteTable, DoesNotFollowPathsBelowItsDepth) {
    const auto routes = table();
    std::string path;
    for (int segment = 0; segment < 4'000; ++segment) path += "/a";
    EXPECT_EQ(routes.match(Method::get, path).outcome, Outcome::unknown_path);
}

TEST(RouteTable, NamesTheMethodsOfAPathThatDoesNotTakeThisOne) {
    const auto routes = table();
    const auto match = routes.match(Method::post, "/api/v1/rooms/r/messages/1");
    EXPECT_EQ(match.outcome, Outcome::method_not_allowed);
    EXPECT_EQ(match.allow, "GET, HEAD, DELETE, OPTIONS");
    EXPECT_EQ(routes.match(Method::get, "/api/v1/rooms").allow, "POST, OPTIONS");
    EXPECT_EQ(routes.match(Method::other, "/api/v1/rooms").outcome, Outcome::method_not_allowed);
}

TEST(RouteTable, ServesHeadWithTheHandlerOfGetUnlessItHasItsOwn) {
    const auto routes = table();
    EXPECT_EQ(pattern_of(routes, Method::head, "/api/v1/users/me"), "/api/v1/users/me");
    EXPECT_EQ(routes.match(Method::head, "/api/v1/rooms").outcome, Outcome::method_not_allowed);
    EXPECT_EQ(pattern_of(routes, Method::head, "/uploads/7"), "/uploads/{id}");
    EXPECT_EQ(routes.match(Method::get, "/uploads/7").allow, "HEAD, OPTIONS");
}

TEST(RouteTable, KeepsTheBodyBoundOfEachRoute) {
    const auto routes = table();
    EXPECT_EQ(routes.match(Method::post, "/api/v1/rooms").route->body_bytes_max, 7U);
    EXPECT_EQ(
        routes.match(Method::get, "/").route->body_bytes_max, limits::http_body_bytes_default
    );
    EXPECT_EQ(routes.size(), 9U);
}

}  // namespace
}  // namespace verbatim::api
