#include "protocol/command_key.hpp"

#include "domain/type_id.hpp"
#include "protocol/request_json.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <sodium.h>

namespace verbatim {

namespace {

constexpr std::string_view separator("\0", 1);

const std::uint8_t* bytes_of(std::string_view text) {
    return reinterpret_cast<const std::uint8_t*>(text.data());
}

Digest authenticated(const Seed& secret, std::string_view target, std::string_view body) {
    crypto_auth_hmacsha256_state state;
    crypto_auth_hmacsha256_init(&state, secret.data(), secret.size());
    for (const std::string_view part : {target, separator, body})
        crypto_auth_hmacsha256_update(&state, bytes_of(part), part.size());
    Digest digest;
    static_assert(sizeof(Digest) == crypto_auth_hmacsha256_BYTES);
    crypto_auth_hmacsha256_final(&state, digest.data());
    return digest;
}

}  // namespace

StoreResult<CommandKeys> CommandKeys::open(const std::filesystem::path& keys_directory) {
    const auto secret = read_or_make_seed(keys_directory / "request.key");
    if (!secret) return failure(secret.error());
    return CommandKeys(*secret);
}

CommandKey CommandKeys::make(
    const UserId& user,
    std::string_view key,
    std::string_view method_and_target,
    std::string_view body,
    std::uint16_t status
) const {
    const Digest name = sha256({to_text(user), separator, key});
    const Digest request = authenticated(secret_, method_and_target, body);
    CommandKey made{.status = status};
    std::copy_n(name.begin(), made.key.size(), made.key.begin());
    std::copy_n(request.begin(), made.fingerprint.size(), made.fingerprint.begin());
    return made;
}

std::string canonical_body(std::string_view body) {
    const auto object = parse_object(body);
    return object ? object->dump() : std::string(body);
}

}  // namespace verbatim
