#include "protocol/password_hash.hpp"

#include "domain/invariant.hpp"

#include <array>
#include <sodium.h>

namespace verbatim {

std::string password_hash(const std::string& password) {
    invariant(sodium_init() >= 0, "libsodium finds a source of randomness");
    std::array<char, crypto_pwhash_STRBYTES> encoded{};
    const int outcome = crypto_pwhash_str(
        encoded.data(),
        password.data(),
        password.size(),
        crypto_pwhash_OPSLIMIT_INTERACTIVE,
        crypto_pwhash_MEMLIMIT_INTERACTIVE
    );
    return outcome == 0 ? std::string(encoded.data()) : std::string();
}

}  // namespace verbatim
