#pragma once

#include "api/services.hpp"

#include <string>

namespace verbatim::api {

// What a password is checked against: the stored Argon2id hash and the version of the event that
// holds it, which the command then names so that a change in between is noticed.
struct StoredCredential {
    Version version;
    std::string hash;  // "" when there is none: it never matches
};
[[nodiscard]] Answer<StoredCredential> credential_of(const Services& services, const UserRow& user);

// 429 of a password pool whose queue is full.
[[nodiscard]] Problem passwords_are_busy();

}  // namespace verbatim::api
