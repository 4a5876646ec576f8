#pragma once

#include <string_view>

namespace verbatim {

// A place in the source: filled in by the compiler where a function that has it as a default
// argument is called. (std::source_location is not usable with clang 14 and libstdc++ 12.)
struct SourcePlace {
    const char* file;
    unsigned line;

    static constexpr SourcePlace here(
        const char* file = __builtin_FILE(), unsigned line = __builtin_LINE()
    ) {
        return {file, line};
    }
};

// States what must hold for the program to be right. On in all builds: when it does not hold, the
// sentence and its place go to standard error and the process aborts. Never for input from
// outside or for what a disk or a network may do.
[[noreturn]] void broken_invariant(
    std::string_view why_it_must_hold, SourcePlace where = SourcePlace::here()
);

inline void invariant(
    bool holds, std::string_view why_it_must_hold, SourcePlace where = SourcePlace::here()
) {
    if (!holds) [[unlikely]]
        broken_invariant(why_it_must_hold, where);
}

}  // namespace verbatim
