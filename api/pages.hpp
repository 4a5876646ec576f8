#pragma once

#include "api/exchange.hpp"
#include "domain/type_id.hpp"
#include "protocol/request_json.hpp"

#include <algorithm>
#include <string>
#include <vector>

namespace verbatim::api {

// Which part of a list by id is asked for: `after`, exclusive, and `limit` of the query.
template <class Id>
struct IdPage {
    Id after;
    std::size_t limit = 0;
};
// 422 with the parameter's name when one is out of bounds, or `after` is not `what` ("a room's
// id").
template <class Id>
[[nodiscard]] Answer<IdPage<Id>> id_page_in_query(const HttpRequest& request, const char* what) {
    const auto limit = limit_in_query(request);
    if (!limit) return failure(limit.error());
    IdPage<Id> page{.after = {}, .limit = *limit};
    if (const std::string* cursor = request.query_value("after")) {
        const auto id = parse_id<Id>(*cursor);
        if (!id) return failure(invalid_field("after", "must be " + std::string(what)));
        page.after = *id;
    }
    return page;
}

// Of rows that are few enough to be read whole: leaves those behind `after`, and where that one is
// gone meanwhile, those of greater ids.
template <class Row, class Id, class IdOf>
void drop_up_to(std::vector<Row>& rows, const Id& after, IdOf id_of) {
    const auto found = std::ranges::find(rows, after, id_of);
    if (found != rows.end())
        rows.erase(rows.begin(), found + 1);
    else
        std::erase_if(rows, [&](const Row& row) { return id_of(row) <= after; });
}

// Answers a page of `rows` by `json_of` and `id_of`; those beyond `limit` say that there are more.
template <class Row, class JsonOf, class IdOf>
void send_rows(
    const ExchangePtr& exchange,
    const StoreResult<std::vector<Row>>& rows,
    std::size_t limit,
    JsonOf json_of,
    IdOf id_of
) {
    if (!rows) return exchange->send_problem(problem_of(rows.error()));
    std::string items;
    for (std::size_t i = 0; i < std::min(rows->size(), limit); ++i) {
        const Answer<std::string> json = json_of((*rows)[i]);
        if (!json) return exchange->send_problem(json.error());
        if (i > 0) items += ',';
        items += *json;
    }
    const bool more = rows->size() > limit;
    exchange->send_json(
        200,
        list_json(
            items,
            more ? next_url(exchange->request(), "after", to_text(id_of((*rows)[limit - 1])))
                 : std::string()
        )
    );
}

}  // namespace verbatim::api
