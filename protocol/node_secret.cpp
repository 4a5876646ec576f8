#include "protocol/node_secret.hpp"

#include "eventstore/digest.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <fstream>
#include <sodium.h>
#include <sys/stat.h>
#include <system_error>

namespace verbatim {

namespace {

tl::unexpected<std::string> refused(const std::filesystem::path& file, const std::string& why) {
    return failure("the node secret in " + file.string() + " " + why);
}

}  // namespace

Expected<NodeSecret, std::string> NodeSecret::read(const std::filesystem::path& file) {
    struct stat status {};
    if (::stat(file.c_str(), &status) != 0)
        return refused(file, "cannot be read: " + std::system_category().message(errno));
    if ((status.st_mode & S_IRWXO) != 0)
        return refused(file, "can be read or written by everybody: chmod 600 it");
    std::ifstream in(file, std::ios::binary);
    // One character more than the longest with its line's end, to notice a longer one.
    std::array<char, characters_max + 3> bytes{};
    in.read(bytes.data(), bytes.size());
    if (!in.is_open() || in.bad()) return refused(file, "cannot be read");
    std::string text(bytes.data(), static_cast<std::size_t>(in.gcount()));
    if (text.ends_with('\n')) text.pop_back();
    if (text.ends_with('\r')) text.pop_back();
    if (text.size() < characters_min || text.size() > characters_max)
        return refused(
            file,
            "must have " + std::to_string(characters_min) + " to " +
                std::to_string(characters_max) + " characters"
        );
    const bool visible = std::ranges::all_of(text, [](char c) { return c > ' ' && c < '\x7f'; });
    if (!visible) return refused(file, "must be one line of visible ASCII");
    return NodeSecret(std::move(text));
}

bool NodeSecret::matches(std::string_view claimed) const {
    // Of digests, so that their length tells nothing either.
    const Digest own = sha256({text_});
    const Digest other = sha256({claimed});
    return sodium_memcmp(own.data(), other.data(), own.size()) == 0;
}

}  // namespace verbatim
