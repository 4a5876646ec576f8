#include "protocol/secret_texts.hpp"

#include "eventstore/digest.hpp"
#include "protocol/jws.hpp"
#include "protocol/random.hpp"

#include <array>
#include <utility>

namespace verbatim {
namespace {

constexpr std::string_view api_key_prefix = "vbk_";

template <std::size_t bytes>
SecretText make_secret(std::string_view prefix) {
    std::array<std::uint8_t, bytes> random{};
    random_bytes(random);
    std::string text(prefix);
    text += base64url(as_text(random));
    const TokenHash hash = hash_of_secret(text);
    return {.text = std::move(text), .hash = hash};
}

}  // namespace

SecretText make_api_key() {
    return make_secret<32>(api_key_prefix);
}

SecretText make_invite_code() {
    return make_secret<16>("");
}

bool is_api_key(std::string_view token) {
    return token.starts_with(api_key_prefix);
}

TokenHash hash_of_secret(std::string_view text) {
    return sha256({text});
}

}  // namespace verbatim
