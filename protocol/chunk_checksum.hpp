#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace verbatim {

// What tus's checksum extension sends along with a chunk.
struct ChunkChecksum {
    enum class Algorithm { sha1, sha256 };
    Algorithm algorithm = Algorithm::sha1;
    std::string digest;
};
// "sha1", "sha256": as Tus-Checksum-Algorithm lists them.
inline constexpr std::string_view checksum_algorithms = "sha1,sha256";

// "sha1 Kq5sNclPz7QV2+lfQIuc6R7oRu0="; nullopt: another algorithm, no base64 or the wrong length.
[[nodiscard]] std::optional<ChunkChecksum> parse_checksum(std::string_view header);
[[nodiscard]] bool matches(const ChunkChecksum& checksum, std::string_view chunk);

}  // namespace verbatim
