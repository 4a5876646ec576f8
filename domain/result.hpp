#pragma once

#include <tl/expected.hpp>
#include <utility>

namespace verbatim {

// A value or the reason there is none. tl::expected with one thing added: a result that is
// dropped on the floor is a compiler warning, and warnings are errors here.
template <class T, class E>
class [[nodiscard]] Expected : public tl::expected<T, E> {
public:
    using tl::expected<T, E>::expected;
    Expected() = default;
    Expected(tl::expected<T, E> plain) : tl::expected<T, E>(std::move(plain)) {}
};

// Builds the failing side: `return failure(Rule::room_is_full);`
template <class E>
[[nodiscard]] constexpr tl::unexpected<std::decay_t<E>> failure(E&& error) {
    return tl::unexpected<std::decay_t<E>>(std::forward<E>(error));
}

}  // namespace verbatim
