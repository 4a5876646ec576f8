#include "protocol/chunk_checksum.hpp"

#include "domain/invariant.hpp"
#include "eventstore/digest.hpp"
#include "protocol/base64.hpp"

#include <array>
#include <openssl/evp.h>

namespace verbatim {
namespace {

constexpr std::size_t sha1_bytes = 20;
constexpr std::size_t sha256_bytes = 32;

std::string sha1(std::string_view bytes) {
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned size = 0;
    const int done =
        EVP_Digest(bytes.data(), bytes.size(), digest.data(), &size, EVP_sha1(), nullptr);
    invariant(done == 1 && size == sha1_bytes, "SHA-1 of bytes in memory cannot fail");
    return {digest.begin(), digest.begin() + sha1_bytes};
}

}  // namespace

std::optional<ChunkChecksum> parse_checksum(std::string_view header) {
    const auto space = header.find(' ');
    if (space == header.npos) return std::nullopt;
    const std::string_view name = header.substr(0, space);
    ChunkChecksum checksum;
    std::size_t size = sha1_bytes;
    if (name == "sha256") {
        checksum.algorithm = ChunkChecksum::Algorithm::sha256;
        size = sha256_bytes;
    } else if (name != "sha1") {
        return std::nullopt;
    }
    auto digest = parse_base64(header.substr(space + 1));
    if (!digest || digest->size() != size) return std::nullopt;
    checksum.digest = std::move(*digest);
    return checksum;
}

bool matches(const ChunkChecksum& checksum, std::string_view chunk) {
    switch (checksum.algorithm) {
        case ChunkChecksum::Algorithm::sha1: return checksum.digest == sha1(chunk);
        case ChunkChecksum::Algorithm::sha256: return checksum.digest == as_text(sha256({chunk}));
    }
    broken_invariant("every Algorithm is listed above");
}

}  // namespace verbatim
