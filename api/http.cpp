#include "api/http.hpp"

#include <algorithm>
#include <array>

namespace verbatim::api {

namespace {

using Fields = std::vector<std::pair<std::string, std::string>>;

const std::string* first_of(const Fields& fields, std::string_view name) {
    const auto found = std::find_if(fields.begin(), fields.end(), [&](const auto& field) {
        return field.first == name;
    });
    return found == fields.end() ? nullptr : &found->second;
}

constexpr auto method_names = std::to_array<std::pair<Method, std::string_view>>({
    {Method::get, "GET"},
    {Method::head, "HEAD"},
    {Method::post, "POST"},
    {Method::put, "PUT"},
    {Method::patch, "PATCH"},
    {Method::del, "DELETE"},
    {Method::options, "OPTIONS"},
});

}  // namespace

const std::string* HttpRequest::header(std::string_view lower_case_name) const {
    return first_of(headers, lower_case_name);
}

const std::string* HttpRequest::query_value(std::string_view name) const {
    return first_of(query, name);
}

std::string_view HttpRequest::parameter(std::string_view name) const {
    const std::string* value = first_of(parameters, name);
    return value == nullptr ? std::string_view() : std::string_view(*value);
}

std::string_view method_name(Method method) {
    for (const auto& [candidate, name] : method_names)
        if (candidate == method) return name;
    return "OTHER";
}

Method parse_method(std::string_view name) {
    for (const auto& [method, candidate] : method_names)
        if (candidate == name) return method;
    return Method::other;
}

}  // namespace verbatim::api
