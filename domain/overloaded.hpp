#pragma once

namespace verbatim {

// One lambda per alternative for std::visit; a missing one does not compile.
template <class... Lambdas>
struct Overloaded : Lambdas... {
    using Lambdas::operator()...;
};
// Implied since C++20, but clang 14 wants it written.
template <class... Lambdas>
Overloaded(Lambdas...) -> Overloaded<Lambdas...>;

}  // namespace verbatim
