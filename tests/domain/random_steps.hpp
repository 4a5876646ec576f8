#pragma once

#include <array>
#include <cstdint>
#include <rapidcheck.h>
#include <vector>

namespace verbatim::testing {

// Raw material of one random command or event: which, by whom, about whom, and a number.
using Step = std::array<std::uint8_t, 4>;

// Of a fixed length, since rules meet each other only in long stories; shrinks like any list.
[[nodiscard]] inline rc::Gen<std::vector<Step>> steps(std::size_t count) {
    const auto step = rc::gen::resize(rc::kNominalSize, rc::gen::arbitrary<Step>());
    return rc::gen::container<std::vector<Step>>(count, step);
}

}  // namespace verbatim::testing
