#include "protocol/jws.hpp"

#include "domain/invariant.hpp"
#include "eventstore/digest.hpp"
#include "protocol/object_writer.hpp"

#include <sodium.h>

namespace verbatim {
namespace {

const unsigned char* bytes_of(std::string_view text) {
    return reinterpret_cast<const unsigned char*>(text.data());
}

}  // namespace

std::string base64url(std::string_view bytes) {
    constexpr int variant = sodium_base64_VARIANT_URLSAFE_NO_PADDING;
    std::string text(sodium_base64_encoded_len(bytes.size(), variant), '\0');
    sodium_bin2base64(text.data(), text.size(), bytes_of(bytes), bytes.size(), variant);
    text.pop_back();  // the terminating zero
    return text;
}

std::optional<std::string> parse_base64url(std::string_view text) {
    std::string bytes(text.size() * 3 / 4, '\0');
    std::size_t length = 0;
    const int failed = sodium_base642bin(
        reinterpret_cast<unsigned char*>(bytes.data()),
        bytes.size(),
        text.data(),
        text.size(),
        nullptr,
        &length,
        nullptr,
        sodium_base64_VARIANT_URLSAFE_NO_PADDING
    );
    if (failed != 0) return std::nullopt;
    bytes.resize(length);
    return bytes;
}

SigningKey::SigningKey(const std::array<std::uint8_t, 32>& seed) {
    invariant(sodium_init() >= 0, "libsodium finds a source of randomness");
    crypto_sign_seed_keypair(public_.data(), secret_.data(), seed.data());
}

SigningKey::~SigningKey() {
    sodium_memzero(secret_.data(), secret_.size());
}

std::string SigningKey::sign(std::string_view message) const {
    std::string signature(crypto_sign_BYTES, '\0');
    crypto_sign_detached(
        reinterpret_cast<unsigned char*>(signature.data()),
        nullptr,
        bytes_of(message),
        message.size(),
        secret_.data()
    );
    return signature;
}

bool SigningKey::verifies(std::string_view message, std::string_view signature) const {
    return verbatim::verifies(public_, message, signature);
}

bool verifies(
    const std::array<std::uint8_t, 32>& public_key,
    std::string_view message,
    std::string_view signature
) {
    if (signature.size() != crypto_sign_BYTES) return false;
    return crypto_sign_verify_detached(
               bytes_of(signature), bytes_of(message), message.size(), public_key.data()
           ) == 0;
}

std::string SigningKey::x() const {
    return base64url(as_text(public_));
}

std::string SigningKey::thumbprint() const {
    // RFC 7638 fixes the members, their order and that there is no white space.
    std::string jwk;
    ObjectWriter members(jwk);
    members.put("crv", "Ed25519");
    members.put("kty", "OKP");
    members.put("x", x());
    members.close();
    return base64url(as_text(sha256({jwk})));
}

std::string sign_compact(const SigningKey& key, std::string_view header, std::string_view payload) {
    std::string token = base64url(header);
    token += '.';
    token += base64url(payload);
    const std::string signature = base64url(key.sign(token));
    token += '.';
    token += signature;
    return token;
}

}  // namespace verbatim
