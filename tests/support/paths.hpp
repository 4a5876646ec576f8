#pragma once

#include <filesystem>

// Where things are that tests read or start. Known to one source file alone, so that a test's
// object does not depend on the folder in which it was built.
namespace verbatim::testing {

[[nodiscard]] std::filesystem::path source_directory();
[[nodiscard]] std::filesystem::path server_binary();  // the `verbatim` that this build made

}  // namespace verbatim::testing
