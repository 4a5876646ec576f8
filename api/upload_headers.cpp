#include "api/upload_headers.hpp"

#include "api/http_text.hpp"
#include "domain/limits.hpp"
#include "protocol/base64.hpp"
#include "protocol/chunk_checksum.hpp"
#include "protocol/request_json.hpp"

#include <array>
#include <charconv>
#include <ctime>

namespace verbatim::api::uploads {

Answer<std::uint64_t> number_in_header(const HttpRequest& request, const char* name) {
    const std::string* text = request.header(lower_case(name));
    if (text != nullptr) {
        std::uint64_t value = 0;
        const char* const end = text->data() + text->size();
        const auto parsed = std::from_chars(text->data(), end, value);
        if (!text->empty() && parsed.ec == std::errc() && parsed.ptr == end) return value;
    }
    return failure(bad_request(std::string(name) + " must be a whole number"));
}

Answer<std::string> filename_in_metadata(std::string_view metadata) {
    if (metadata.size() > limits::upload_metadata_bytes_max)
        return failure(bad_request(
            "Upload-Metadata has at most " + std::to_string(limits::upload_metadata_bytes_max) +
            " bytes"
        ));
    std::string filename;
    while (!metadata.empty()) {
        const auto comma = metadata.find(',');
        const std::string_view pair = trimmed(metadata.substr(0, comma));
        metadata.remove_prefix(comma == metadata.npos ? metadata.size() : comma + 1);
        const auto space = pair.find(' ');
        const auto value = parse_base64(space == pair.npos ? "" : trimmed(pair.substr(space + 1)));
        if (pair.empty() || !value)
            return failure(
                bad_request("Upload-Metadata must be a list of: key, space, value in base64")
            );
        if (pair.substr(0, space) == "filename") filename = *value;
    }
    return read_filename(filename);
}

Answer<void> check_chunk_type(const HttpRequest& request) {
    const std::string* type = request.header("content-type");
    if (type != nullptr && equals_ignoring_case(*type, "application/offset+octet-stream"))
        return {};
    if (type == nullptr && request.body.empty()) return {};
    return failure(http_problem(415, "send application/offset+octet-stream"));
}

Answer<void> check_checksum(const HttpRequest& request) {
    const std::string* header = request.header("upload-checksum");
    if (header == nullptr) return {};
    const auto checksum = parse_checksum(*header);
    if (!checksum)
        return failure(bad_request(
            "Upload-Checksum must be one of " + std::string(checksum_algorithms) +
            ", a space and the digest in base64"
        ));
    if (matches(*checksum, request.body)) return {};
    return failure(problem_named(
        "checksum_mismatch", "The chunk is not what its checksum says. Nothing of it was kept."
    ));
}

std::string http_date(Timestamp time) {
    const std::time_t seconds = time.microseconds() / 1'000'000;
    std::tm parts{};
    gmtime_r(&seconds, &parts);
    std::array<char, 32> text{};
    const auto size = std::strftime(text.data(), text.size(), "%a, %d %b %Y %H:%M:%S GMT", &parts);
    return {text.data(), size};
}

}  // namespace verbatim::api::uploads
