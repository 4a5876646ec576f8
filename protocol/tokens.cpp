#include "protocol/tokens.hpp"

#include "domain/limits.hpp"
#include "domain/type_id.hpp"
#include "eventstore/digest.hpp"
#include "protocol/jws.hpp"
#include "protocol/key_file.hpp"
#include "protocol/object_writer.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <sodium.h>
#include <utility>

namespace verbatim {
namespace {

constexpr std::string_view issuer = "verbatim";
constexpr std::int64_t microseconds_per_second = 1'000'000;
// Ours have some 420: nothing much longer is worth decoding.
constexpr std::size_t access_token_characters_max = 1'024;
constexpr std::size_t jti_bytes = 16;

// version (1) ‖ user (16) ‖ session (16) ‖ random (32) ‖ MAC (16) of all before it
constexpr char refresh_version = 1;
constexpr std::size_t refresh_random_bytes = 32;
constexpr std::size_t refresh_mac_bytes = 16;
constexpr std::size_t refresh_signed_bytes = 1 + 16 + 16 + refresh_random_bytes;
constexpr std::size_t refresh_bytes = refresh_signed_bytes + refresh_mac_bytes;
static_assert(refresh_mac_bytes >= crypto_generichash_BYTES_MIN);
static_assert(refresh_mac_bytes <= crypto_generichash_BYTES_MAX);

// crypto_kdf: changing either makes every refresh token that was given out a stranger's.
constexpr std::uint64_t refresh_subkey_number = 1;
constexpr char refresh_subkey_context[] = "refresh ";
static_assert(sizeof refresh_subkey_context - 1 == crypto_kdf_CONTEXTBYTES);
static_assert(crypto_kdf_KEYBYTES == 32, "the seed is the key to derive from");

std::string random_bytes(std::size_t count) {
    std::string bytes(count, '\0');
    randombytes_buf(bytes.data(), bytes.size());
    return bytes;
}

Uuid uuid_at(std::string_view bytes, std::size_t offset) {
    Uuid uuid;
    std::ranges::transform(
        bytes.substr(offset, uuid.bytes.size()),
        uuid.bytes.begin(),
        [](char byte) { return static_cast<std::uint8_t>(byte); }
    );
    return uuid;
}

std::string hash_of(std::string_view text) {
    return std::string(as_text(sha256({text})));
}

struct Segments {
    std::string_view signing_input;  // header.payload
    std::string_view header;
    std::string_view payload;
    std::string_view signature;
};

std::optional<Segments> split(std::string_view token) {
    const auto first = token.find('.');
    if (first == token.npos) return std::nullopt;
    const auto second = token.find('.', first + 1);
    if (second == token.npos || token.find('.', second + 1) != token.npos) return std::nullopt;
    return Segments{
        .signing_input = token.substr(0, second),
        .header = token.substr(0, first),
        .payload = token.substr(first + 1, second - first - 1),
        .signature = token.substr(second + 1)};
}

std::string text_in(const nlohmann::json& claims, const char* name) {
    const auto claim = claims.find(name);
    return claim != claims.end() && claim->is_string() ? claim->get<std::string>() : "";
}

std::optional<AccessClaims> read_claims(std::string_view payload) {
    constexpr bool throws = false;
    const auto claims = nlohmann::json::parse(payload, nullptr, throws);
    if (!claims.is_object() || text_in(claims, "iss") != issuer) return std::nullopt;
    const auto user = parse_id<UserId>(text_in(claims, "sub"));
    const auto session = parse_id<SessionId>(text_in(claims, "sid"));
    const auto expires = claims.find("exp");
    if (!user || !session || expires == claims.end() || !expires->is_number_integer())
        return std::nullopt;
    return AccessClaims{
        .user = *user,
        .session = *session,
        .expires = Timestamp(expires->get<std::int64_t>() * microseconds_per_second)};
}

}  // namespace

struct Tokens::Keys {
    explicit Keys(const Seed& seed) : signing(seed) {
        crypto_kdf_derive_from_key(
            refresh.data(),
            refresh.size(),
            refresh_subkey_number,
            refresh_subkey_context,
            seed.data()
        );
        ObjectWriter object(header);
        object.put("alg", "EdDSA");
        object.put("typ", "JWT");
        object.put("kid", signing.thumbprint());
        object.close();
        encoded_header = base64url(header);
    }
    ~Keys() { sodium_memzero(refresh.data(), refresh.size()); }
    Keys(const Keys&) = delete;
    Keys& operator=(const Keys&) = delete;

    [[nodiscard]] std::string mac_of(std::string_view refresh_token) const {
        std::string mac(refresh_mac_bytes, '\0');
        crypto_generichash(
            reinterpret_cast<unsigned char*>(mac.data()),
            mac.size(),
            reinterpret_cast<const unsigned char*>(refresh_token.data()),
            refresh_token.size(),
            refresh.data(),
            refresh.size()
        );
        return mac;
    }

    SigningKey signing;
    std::array<std::uint8_t, 32> refresh{};
    // Of every token: there is one key, and it has one algorithm.
    std::string header;
    std::string encoded_header;
};

StoreResult<std::unique_ptr<Tokens>> Tokens::open(const std::filesystem::path& keys_directory) {
    auto seed = read_or_make_seed(keys_directory / "token.key");
    if (!seed) return failure(std::move(seed).error());
    auto tokens = std::make_unique<Tokens>(*seed);
    sodium_memzero(seed->data(), seed->size());
    return tokens;
}

Tokens::Tokens(const std::array<std::uint8_t, 32>& seed) : keys_(std::make_unique<Keys>(seed)) {}

Tokens::~Tokens() = default;

std::string Tokens::issue(const UserId& user, const SessionId& session, Timestamp now) const {
    const std::int64_t issued = now.microseconds() / microseconds_per_second;
    std::string payload;
    ObjectWriter claims(payload);
    claims.put("iss", issuer);
    claims.put("sub", user);
    claims.put("sid", session);
    claims.put("iat", static_cast<std::uint64_t>(issued));
    claims.put("exp", static_cast<std::uint64_t>(issued + limits::access_token_seconds));
    claims.put("jti", base64url(random_bytes(jti_bytes)));
    claims.close();
    return sign_compact(keys_->signing, keys_->header, payload);
}

Expected<AccessClaims, TokenFault> Tokens::verify(std::string_view token, Timestamp now) const {
    if (token.size() > access_token_characters_max) return failure(TokenFault::malformed);
    const auto segments = split(token);
    if (!segments) return failure(TokenFault::malformed);
    // Compared as text: `alg` is not something that a token gets to choose.
    if (segments->header != keys_->encoded_header) return failure(TokenFault::not_ours);
    const auto signature = parse_base64url(segments->signature);
    const auto payload = parse_base64url(segments->payload);
    if (!signature || !payload) return failure(TokenFault::malformed);
    if (!keys_->signing.verifies(segments->signing_input, *signature))
        return failure(TokenFault::not_ours);
    const auto claims = read_claims(*payload);
    if (!claims) return failure(TokenFault::not_ours);
    if (now >= claims->expires) return failure(TokenFault::expired);
    return *claims;
}

std::string Tokens::jwks() const {
    std::string out = R"({"keys":[)";
    ObjectWriter key(out);
    key.put("kty", "OKP");
    key.put("crv", "Ed25519");
    key.put("x", keys_->signing.x());
    key.put("kid", keys_->signing.thumbprint());
    key.put("use", "sig");
    key.put("alg", "EdDSA");
    key.close();
    out += "]}";
    return out;
}

RefreshToken Tokens::make_refresh(const UserId& user, const SessionId& session) const {
    std::string bytes(1, refresh_version);
    bytes += as_text(user.value().bytes);
    bytes += as_text(session.value().bytes);
    bytes += random_bytes(refresh_random_bytes);
    bytes += keys_->mac_of(bytes);
    std::string text = base64url(bytes);
    std::string hash = hash_of(text);
    return {.text = std::move(text), .hash = std::move(hash)};
}

std::optional<PresentedRefreshToken> Tokens::read_refresh(std::string_view text) const {
    if (text.size() >
        sodium_base64_ENCODED_LEN(refresh_bytes, sodium_base64_VARIANT_URLSAFE_NO_PADDING))
        return std::nullopt;
    const auto bytes = parse_base64url(text);
    if (!bytes || bytes->size() != refresh_bytes || bytes->front() != refresh_version)
        return std::nullopt;
    const std::string mac = keys_->mac_of(std::string_view(*bytes).substr(0, refresh_signed_bytes));
    if (sodium_memcmp(mac.data(), bytes->data() + refresh_signed_bytes, mac.size()) != 0)
        return std::nullopt;
    return PresentedRefreshToken{
        .user = UserId(uuid_at(*bytes, 1)),
        .session = SessionId(uuid_at(*bytes, 17)),
        .hash = hash_of(text)};
}

}  // namespace verbatim
