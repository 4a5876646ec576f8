#pragma once

#include "domain/type_id.hpp"
#include "eventstore/event_record.hpp"

#include <algorithm>
#include <string_view>

namespace verbatim {

// How a client's retry is recognised: the key's scope is the user, and the fingerprint tells the
// same request from another one with the same key. A retry through the other door is the same
// request where both doors describe it alike.
//
// `method_and_target`: what is asked of what, such as "POST /api/v1/rooms/room_…/messages".
// `body`: what was sent. `status`: what the first success is answered with.
[[nodiscard]] inline CommandKey make_command_key(
    const UserId& user,
    std::string_view key,
    std::string_view method_and_target,
    std::string_view body,
    std::uint16_t status
) {
    constexpr std::string_view separator("\0", 1);
    const Digest name = sha256({to_text(user), separator, key});
    const Digest request = sha256({method_and_target, separator, body});
    CommandKey made{.status = status};
    std::copy_n(name.begin(), made.key.size(), made.key.begin());
    std::copy_n(request.begin(), made.fingerprint.size(), made.fingerprint.begin());
    return made;
}

}  // namespace verbatim
