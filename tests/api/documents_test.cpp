#include "api/assets.hpp"
#include "api/docs_routes.hpp"
#include "api/routes.hpp"
#include "domain/limits.hpp"
#include "eventstore/codec.hpp"
#include "protocol/answer_json.hpp"
#include "protocol/problem.hpp"
#include "tests/api/unmade_services.hpp"

#include <algorithm>
#include <gtest/gtest.h>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <string>

namespace verbatim::api {
namespace {

using nlohmann::json;

json document(std::string_view path) {
    const auto found = std::ranges::find(assets(), path, &Asset::path);
    return found == assets().end() ? json() : json::parse(found->plain);
}
const json& openapi() {
    static const json parsed = document("/api/v1/openapi.json");
    return parsed;
}
const json& asyncapi() {
    static const json parsed = document("/api/v1/asyncapi.json");
    return parsed;
}
const json& schema(const json& of, const std::string& name) {
    return of.at("components").at("schemas").at(name);
}

std::set<std::string> routes_of_code() {
    const test::UnmadeServices unmade;
    std::set<std::string> routes;
    for (const auto& route : make_routes(unmade.services).list())
        routes.insert(std::string(method_name(route.method)) + " " + route.pattern);
    return routes;
}

std::set<std::string> routes_of_document() {
    const std::set<std::string> methods = {
        "get", "head", "post", "put", "patch", "delete", "options"};
    std::set<std::string> routes;
    for (const auto& [path, item] : openapi().at("paths").items())
        for (const auto& [method, operation] : item.items()) {
            if (!methods.contains(method)) continue;
            std::string name = method;
            std::ranges::transform(name, name.begin(), [](char c) {
                return static_cast<char>(c - 'a' + 'A');
            });
            routes.insert(name + " " + path);
        }
    return routes;
}

TEST(OpenApi, HasEveryRouteAndNoOther) {
    EXPECT_EQ(routes_of_document(), routes_of_code());
}

TEST(Documents, HaveEveryProblemCodeAndNoOther) {
    std::set<std::string> codes;
    for (const ProblemCode& problem : problem_codes()) codes.emplace(problem.code);
    EXPECT_EQ(schema(openapi(), "ProblemCode").at("enum").get<std::set<std::string>>(), codes);
    EXPECT_EQ(schema(asyncapi(), "ProblemCode").at("enum").get<std::set<std::string>>(), codes);
}

TEST(OpenApi, HasTheCodesOfEachStatusThatItNames) {
    std::map<int, std::set<std::string>> by_status;
    for (const ProblemCode& problem : problem_codes())
        by_status[problem.status].emplace(problem.code);
    int named = 0;
    for (const auto& [name, response] : openapi().at("components").at("responses").items()) {
        if (!name.starts_with("Problem") || name == "Problem") continue;
        const auto& properties =
            response.at("content").at("application/problem+json").at("schema").at("properties");
        const int status = properties.at("status").at("const");
        EXPECT_EQ(name, "Problem" + std::to_string(status));
        EXPECT_EQ(properties.at("code").at("enum").get<std::set<std::string>>(), by_status[status])
            << name;
        ++named;
    }
    EXPECT_GT(named, 0);
}

TEST(OpenApi, HasEveryLimitWithItsValueAndNoOther) {
    std::map<std::string, json> described;
    for (const auto& [name, value] : schema(openapi(), "Limits").at("properties").items())
        described[name] = value.contains("const") ? value.at("const") : value.at("default");
    EXPECT_EQ(json(described), json::parse(limits_json(limits::file_bytes_max)));
}

TEST(Documents, HaveEveryEventTypeWithItsSchemaAndNoOther) {
    std::map<std::string, int> types;
    std::set<std::string> names;
    for (const EventType& type : event_types()) {
        types[std::string(type.type)] = type.schema;
        names.emplace(type.type);
    }
    for (const json* each : {&openapi(), &asyncapi()}) {
        const json& envelope = schema(*each, "Envelope");
        std::map<std::string, int> described;
        for (const json& branch : envelope.at("oneOf")) {
            const json& properties = branch.at("properties");
            described[properties.at("type").at("const")] = properties.at("schema").at("const");
        }
        EXPECT_EQ(described, types);
        const auto& listed = envelope.at("properties").at("type").at("enum");
        EXPECT_EQ(listed.get<std::set<std::string>>(), names);
    }
}

TEST(ProblemPage, ExplainsEveryCodeAtItsOwnPlace) {
    const std::string page = problem_page();
    for (const ProblemCode& problem : problem_codes()) {
        EXPECT_NE(advice_about(problem.code), "") << problem.code;
        EXPECT_NE(
            page.find("<section id=\"" + std::string(problem.code) + "\">"), std::string::npos
        ) << problem.code;
    }
}

}  // namespace
}  // namespace verbatim::api
