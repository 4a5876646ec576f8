#include "tests/support/paths.hpp"

namespace verbatim::testing {

std::filesystem::path source_directory() {
    return VERBATIM_SOURCE_DIR;
}

std::filesystem::path server_binary() {
    return VERBATIM_BINARY;
}

}  // namespace verbatim::testing
