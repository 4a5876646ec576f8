#include "tests/support/temporary_folder.hpp"

#include "domain/invariant.hpp"

#include <stdlib.h>
#include <string>
#include <system_error>

namespace verbatim::testing {

TemporaryFolder::TemporaryFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "verbatim-XXXXXX").string();
    invariant(::mkdtemp(name.data()) != nullptr, "tests may make folders for temporary files");
    path_ = name;
}

TemporaryFolder::~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
}

}  // namespace verbatim::testing
