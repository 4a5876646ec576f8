#pragma once

#include <string>

namespace verbatim {

// The projections of a server that runs, asked over REST with the token or API key of an admin.
struct RemoteProjectionOptions {
    std::string url;
    std::string token;
    std::string name;  // one of them, or "all"
    bool json = false;
};

// Both print as their likes on a data directory do, and return the same exit codes; 130 where the
// user wants no more: what was begun goes on in the server. Progress goes to standard error.
[[nodiscard]] int list_remote_projections(const RemoteProjectionOptions& options);
enum class RemoteWork { rebuild, compare };
[[nodiscard]] int rebuild_remote_projections(
    const RemoteProjectionOptions& options, RemoteWork work
);

}  // namespace verbatim
