#pragma once

#include "domain/ids.hpp"
#include "eventstore/event_record.hpp"
#include "protocol/key_file.hpp"

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

namespace verbatim {

// How a client's retry is recognised: the key's scope is the user, and the fingerprint tells the
// same request from another one with the same key. A retry through the other door is the same
// request, since both describe it alike.
//
// The fingerprint is an HMAC under a secret of this node: it stands in the record for ever, and
// without the secret says nothing about a short text that was destroyed.
//
// Threads: any.
class CommandKeys {
public:
    // Reads keys/request.key or makes it. With another secret, a retry of what was sent before is
    // another request. Errors: those of read_or_make_seed().
    [[nodiscard]] static StoreResult<CommandKeys> open(const std::filesystem::path& keys_directory);
    explicit CommandKeys(const Seed& secret) : secret_(secret) {}

    // `method_and_target`: what is asked of what, such as "POST /api/v1/rooms/room_…/messages".
    // `body`: what was sent, from clients as canonical_body() has it. `status`: what the first
    // success is answered with.
    [[nodiscard]] CommandKey make(
        const UserId& user,
        std::string_view key,
        std::string_view method_and_target,
        std::string_view body,
        std::uint16_t status
    ) const;

private:
    Seed secret_;
};

// One spelling for all spellings of a JSON object: its members in order of their names, without
// spaces. No body is an empty object; what is no such object stays as it is.
[[nodiscard]] std::string canonical_body(std::string_view body);

}  // namespace verbatim
