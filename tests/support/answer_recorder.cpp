#include "tests/support/answer_recorder.hpp"

#include "domain/invariant.hpp"
#include "tests/support/http_client.hpp"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <mutex>
#include <nlohmann/json.hpp>
#include <unistd.h>

namespace verbatim::testing {

namespace {

using nlohmann::json;

class Recording {
public:
    explicit Recording(const std::filesystem::path& folder) {
        std::filesystem::create_directories(folder);
        file_.open(folder / (std::to_string(::getpid()) + ".ndjson"), std::ios::app);
        invariant(file_.is_open(), "tests may write where VERBATIM_ANSWERS says");
    }

    void add(const json& entry) {
        // Tests send broken texts on purpose, and some come back in URLs.
        const std::string line = entry.dump(-1, ' ', false, json::error_handler_t::replace) + '\n';
        const std::lock_guard lock(mutex_);
        // Flushed: a test may end the process in any way.
        file_ << line << std::flush;
    }

private:
    std::mutex mutex_;
    std::ofstream file_;
};

// Null where nothing is kept.
Recording* recording() {
    static const std::unique_ptr<Recording> instance = []() -> std::unique_ptr<Recording> {
        const char* const folder = std::getenv("VERBATIM_ANSWERS");
        if (folder == nullptr || *folder == '\0') return nullptr;
        return std::make_unique<Recording>(folder);
    }();
    return instance.get();
}

}  // namespace

void record_answer(
    std::string_view method,
    std::string_view target,
    std::string_view request_body,
    const HttpAnswer& answer
) {
    if (recording() == nullptr) return;
    const bool is_json = answer.header("content-type").find("json") != std::string::npos;
    recording()->add(
        {{"method", method},
         {"target", target},
         {"request", request_body},
         {"status", answer.status},
         {"headers", answer.headers},
         {"body", is_json ? answer.body : std::string()}}
    );
}

void record_frame(const json& frame) {
    if (recording() != nullptr) recording()->add({{"frame", frame}});
}

}  // namespace verbatim::testing
