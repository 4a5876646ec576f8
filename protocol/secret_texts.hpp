#pragma once

#include "domain/account_events.hpp"

#include <string>
#include <string_view>

namespace verbatim {

// A random text that opens something, shown once to whoever asked for it; what is stored is `hash`.
// It has so many random bits of its own that a plain SHA-256 of it tells nobody anything.
struct SecretText {
    std::string text;
    TokenHash hash{};
};

// "vbk_" and base64url of 32 random bytes. The prefix tells it from an access token, and tools that
// look for leaked secrets what it is.
[[nodiscard]] SecretText make_api_key();
// base64url of 16 random bytes: a path segment of 22 characters.
[[nodiscard]] SecretText make_invite_code();

// Whether `token` claims to be an API key.
[[nodiscard]] bool is_api_key(std::string_view token);
[[nodiscard]] TokenHash hash_of_secret(std::string_view text);

}  // namespace verbatim
