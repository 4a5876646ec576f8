#include "app/proxies.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <charconv>
#include <optional>

namespace verbatim {

namespace {

constexpr unsigned mapped_bits = 96;  // ::ffff:0:0/96 holds IPv4

std::string_view trimmed(std::string_view text) {
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
    return text;
}

bool has_prefix(
    const std::array<std::uint8_t, 16>& address,
    const std::array<std::uint8_t, 16>& prefix,
    unsigned bits
) {
    for (unsigned bit = 0; bit < bits; ++bit) {
        const unsigned mask = 0x80u >> (bit % 8);
        if ((address[bit / 8] & mask) != (prefix[bit / 8] & mask)) return false;
    }
    return true;
}

}  // namespace

bool TrustedProxies::parse_address(std::string_view text, Address& address) {
    const std::string zero_terminated(text);
    if (inet_pton(AF_INET6, zero_terminated.c_str(), address.data()) == 1) return true;
    address = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
    return inet_pton(AF_INET, zero_terminated.c_str(), address.data() + 12) == 1;
}

Expected<TrustedProxies, std::string> TrustedProxies::parse(const std::vector<std::string>& networks
) {
    TrustedProxies proxies;
    for (const std::string& text : networks) {
        const std::size_t slash = text.find('/');
        Network network{.address = {}, .bits = 128};
        if (!parse_address(std::string_view(text).substr(0, slash), network.address))
            return failure(text);
        if (slash != std::string::npos) {
            const char* begin = text.data() + slash + 1;
            const char* end = text.data() + text.size();
            const auto [stop, fault] = std::from_chars(begin, end, network.bits);
            if (fault != std::errc() || stop != end) return failure(text);
            const bool is_v4 = text.find(':') == std::string::npos;
            if (is_v4) network.bits += mapped_bits;
            if (network.bits > 128) return failure(text);
        }
        proxies.networks_.push_back(network);
    }
    return proxies;
}

bool TrustedProxies::trusts(std::string_view address) const {
    Address parsed{};
    if (!parse_address(address, parsed)) return false;
    return std::any_of(networks_.begin(), networks_.end(), [&](const Network& network) {
        return has_prefix(parsed, network.address, network.bits);
    });
}

std::string TrustedProxies::client_of(std::string_view peer_address, std::string_view forwarded_for)
    const {
    std::string_view client = peer_address;
    while (trusts(client) && !forwarded_for.empty()) {
        const std::size_t comma = forwarded_for.rfind(',');
        const std::string_view last = trimmed(
            comma == std::string_view::npos ? forwarded_for : forwarded_for.substr(comma + 1)
        );
        Address parsed{};
        if (!parse_address(last, parsed)) break;
        client = last;
        forwarded_for = comma == std::string_view::npos ? "" : forwarded_for.substr(0, comma);
    }
    return std::string(client);
}

}  // namespace verbatim
