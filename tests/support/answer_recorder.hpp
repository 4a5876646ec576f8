#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string_view>

namespace verbatim::testing {

struct HttpAnswer;

// What tests are answered, kept for tests/node/check_answers.mjs, which compares all of it with the
// API documents. Written to a file of this process's own in the folder that VERBATIM_ANSWERS names;
// nothing is kept where it names none. From any thread.
void record_answer(
    std::string_view method,
    std::string_view target,
    std::string_view request_body,
    const HttpAnswer& answer
);
void record_frame(const nlohmann::json& frame);

}  // namespace verbatim::testing
