#pragma once

#include "domain/result.hpp"

#include <filesystem>
#include <string>
#include <string_view>
#include <utility>

namespace verbatim {

// What the nodes of one log know and nobody else does: it opens /internal/*. A value; any thread.
class NodeSecret {
public:
    static constexpr std::size_t characters_min = 16;
    static constexpr std::size_t characters_max = 256;

    // The only line of `file`: visible ASCII, within the bounds above. Errors: a sentence for
    // people; also where others than the file's owner and group may read it.
    [[nodiscard]] static Expected<NodeSecret, std::string> read(const std::filesystem::path& file);
    explicit NodeSecret(std::string text) : text_(std::move(text)) {}

    // In a time that tells nothing about the secret.
    [[nodiscard]] bool matches(std::string_view claimed) const;
    // For `Authorization: Bearer`.
    [[nodiscard]] const std::string& text() const { return text_; }

private:
    std::string text_;
};

}  // namespace verbatim
