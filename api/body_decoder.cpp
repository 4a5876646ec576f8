#include "api/body_decoder.hpp"

#include "api/http_limits.hpp"

#include <algorithm>
#include <charconv>

namespace verbatim::api {

namespace {

auto malformed(std::string detail) {
    return failure(HttpFault{400, "malformed_request", std::move(detail)});
}

}  // namespace

BodyDecoder::BodyDecoder(const RequestHead& head, std::size_t bytes_max)
    : left_(head.content_length), bytes_max_(bytes_max) {
    if (head.chunked) {
        state_ = State::chunk_line;
    } else if (left_ > 0) {
        state_ = State::fixed;
    }
}

Expected<std::size_t, HttpFault> BodyDecoder::take(std::string_view bytes, std::string& body) {
    std::size_t used = 0;
    while (used < bytes.size() && state_ != State::done) {
        if (state_ == State::fixed || state_ == State::chunk_data) {
            const auto room = std::min<std::uint64_t>(left_, bytes.size() - used);
            const auto now = static_cast<std::size_t>(room);
            body.append(bytes.substr(used, now));
            used += now;
            left_ -= now;
            if (left_ == 0) state_ = state_ == State::fixed ? State::done : State::chunk_end;
            continue;
        }
        const char byte = bytes[used++];
        if (auto taken = take_line_byte(byte); !taken) return failure(std::move(taken.error()));
        if (byte != '\n') continue;
        if (auto ended = end_of_line(body.size()); !ended) return failure(std::move(ended.error()));
        line_.clear();
        after_return_ = false;
    }
    return used;
}

Expected<void, HttpFault> BodyDecoder::take_line_byte(char byte) {
    if (after_return_ != (byte == '\n'))
        return malformed("A line of a chunk does not end in CR LF.");
    if (byte == '\n') return {};
    if (byte == '\r') {
        after_return_ = true;
        return {};
    }
    if (state_ == State::chunk_end) return malformed("A chunk is longer than its size.");
    if ((byte >= 0 && byte < ' ' && byte != '\t') || byte == '\x7f')
        return malformed("A line of a chunk has a control character.");
    const bool in_trailer = state_ == State::trailer;
    if (in_trailer && ++trailer_bytes_ > limits::http_trailer_bytes_max)
        return failure(HttpFault{431, "head_too_large", "The trailer is too large."});
    if (!in_trailer && line_.size() == limits::http_chunk_line_bytes_max)
        return malformed("The line of a chunk's size is too long.");
    line_.push_back(byte);
    return {};
}

Expected<void, HttpFault> BodyDecoder::end_of_line(std::size_t body_bytes) {
    if (state_ == State::chunk_end) {
        state_ = State::chunk_line;
    } else if (state_ == State::trailer) {
        if (line_.empty()) state_ = State::done;
    } else {
        return begin_chunk(body_bytes);
    }
    return {};
}

// "1a3;name=value": the size in hexadecimal digits; 8 of them are 4 GiB, more than any bound.
Expected<void, HttpFault> BodyDecoder::begin_chunk(std::size_t body_bytes) {
    const auto digits = std::string_view(line_).substr(0, line_.find(';'));
    std::uint64_t size = 0;
    const auto [end, error] =
        std::from_chars(digits.data(), digits.data() + digits.size(), size, 16);
    if (digits.empty() || error == std::errc::invalid_argument ||
        end != digits.data() + digits.size())
        return malformed("A chunk's size is not a hexadecimal number.");
    if (error != std::errc() || size > bytes_max_ - std::min(body_bytes, bytes_max_))
        return failure(HttpFault{413, "body_too_large", "The body is larger than this path takes."}
        );
    left_ = size;
    state_ = size == 0 ? State::trailer : State::chunk_data;
    return {};
}

}  // namespace verbatim::api
