#pragma once

#include "domain/result.hpp"

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace verbatim {

// Whose X-Forwarded-For is believed. Immutable; any thread.
class TrustedProxies {
public:
    // Each an address or a network in CIDR notation, IPv4 or IPv6. Errors: the text that is
    // neither.
    [[nodiscard]] static Expected<TrustedProxies, std::string> parse(
        const std::vector<std::string>& networks
    );
    // The client's address: walks `forwarded_for` from its end while the speaker is trusted.
    [[nodiscard]] std::string client_of(
        std::string_view peer_address, std::string_view forwarded_for
    ) const;

private:
    using Address = std::array<std::uint8_t, 16>;  // IPv4 as IPv4-mapped
    struct Network {
        Address address;
        unsigned bits;
    };
    static bool parse_address(std::string_view text, Address& address);
    [[nodiscard]] bool trusts(std::string_view address) const;

    std::vector<Network> networks_;
};

}  // namespace verbatim
