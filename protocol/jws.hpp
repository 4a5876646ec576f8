#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

// The pieces of JOSE that tokens are made of, by libsodium. Private to the makers of tokens.
namespace verbatim {

// RFC 4648 section 5, without padding.
[[nodiscard]] std::string base64url(std::string_view bytes);
// Only what base64url() writes; nullopt for padding, other characters and stray bits.
[[nodiscard]] std::optional<std::string> parse_base64url(std::string_view text);

// An Ed25519 key pair (RFC 8032). Its secret half is wiped when it goes.
class SigningKey {
public:
    explicit SigningKey(const std::array<std::uint8_t, 32>& seed);
    ~SigningKey();
    SigningKey(const SigningKey&) = delete;
    SigningKey& operator=(const SigningKey&) = delete;

    [[nodiscard]] std::string sign(std::string_view message) const;  // 64 bytes
    [[nodiscard]] bool verifies(std::string_view message, std::string_view signature) const;
    // The public half as RFC 8037 writes it: a JWK's `x`.
    [[nodiscard]] std::string x() const;
    // RFC 7638: what names this key.
    [[nodiscard]] std::string thumbprint() const;

private:
    std::array<std::uint8_t, 32> public_{};
    std::array<std::uint8_t, 64> secret_{};
};

// Whether `signature` is Ed25519's of `message` by the owner of `public_key` (32 bytes).
[[nodiscard]] bool verifies(
    const std::array<std::uint8_t, 32>& public_key,
    std::string_view message,
    std::string_view signature
);

// RFC 7515 compact serialization: header.payload.signature, each base64url.
[[nodiscard]] std::string sign_compact(
    const SigningKey& key, std::string_view header, std::string_view payload
);

}  // namespace verbatim
