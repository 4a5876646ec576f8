#pragma once

#include "api/request_head.hpp"
#include "domain/result.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace verbatim::api {

// Takes the body of one request out of the bytes as they come, cut anywhere. Both ways of telling
// its length: Content-Length and chunks (RFC 9112, 7.1; extensions and trailers are dropped).
class BodyDecoder {
public:
    BodyDecoder() = default;
    // `bytes_max` bounds chunked bodies; a Content-Length is the caller's to judge beforehand.
    BodyDecoder(const RequestHead& head, std::size_t bytes_max);

    // Appends to `body` what `bytes` holds of it and returns how many of `bytes` were used: all of
    // them, unless the body ended among them.
    // Errors: 400 for chunks that are none, 413 for more than `bytes_max`.
    [[nodiscard]] Expected<std::size_t, HttpFault> take(std::string_view bytes, std::string& body);

    [[nodiscard]] bool is_done() const { return state_ == State::done; }

private:
    enum class State { fixed, chunk_line, chunk_data, chunk_end, trailer, done };

    Expected<void, HttpFault> take_line_byte(char byte);
    Expected<void, HttpFault> end_of_line(std::size_t body_bytes);
    Expected<void, HttpFault> begin_chunk(std::size_t body_bytes);

    State state_ = State::done;
    std::uint64_t left_ = 0;  // of the fixed body or of this chunk
    std::size_t bytes_max_ = 0;
    std::size_t trailer_bytes_ = 0;
    std::string line_;  // of a chunk's size, of a chunk's end or of the trailer, without its CR LF
    bool after_return_ = false;
};

}  // namespace verbatim::api
