#include "protocol/command_key.hpp"

#include "domain/type_id.hpp"
#include "protocol/request_json.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace verbatim {

CommandKey make_command_key(
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

std::string canonical_body(std::string_view body) {
    const auto object = parse_object(body);
    return object ? object->dump() : std::string(body);
}

}  // namespace verbatim
