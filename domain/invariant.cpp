#include "domain/invariant.hpp"

#include <cstdio>
#include <cstdlib>

namespace verbatim {

void broken_invariant(std::string_view why_it_must_hold, SourcePlace where) {
    std::fprintf(
        stderr,
        "verbatim: broken invariant at %s:%u: %.*s\n",
        where.file,
        where.line,
        static_cast<int>(why_it_must_hold.size()),
        why_it_must_hold.data()
    );
    std::abort();
}

}  // namespace verbatim
