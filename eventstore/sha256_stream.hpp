#pragma once

#include "eventstore/digest.hpp"

#include <memory>

namespace verbatim {

// SHA-256 of bytes that come piece by piece. One thread at a time.
class Sha256Stream {
public:
    Sha256Stream();
    ~Sha256Stream();
    Sha256Stream(const Sha256Stream&) = delete;
    Sha256Stream& operator=(const Sha256Stream&) = delete;

    void add(std::string_view piece);
    // Once, after the last piece.
    [[nodiscard]] Digest finish();

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace verbatim
