#include "protocol/tokens.hpp"

#include "domain/invariant.hpp"
#include "domain/limits.hpp"
#include "domain/type_id.hpp"
#include "eventstore/digest.hpp"
#include "protocol/jws.hpp"
#include "protocol/key_file.hpp"
#include "protocol/object_writer.hpp"

#include <algorithm>
#include <mutex>
#include <nlohmann/json.hpp>
#include <sodium.h>
#include <utility>
#include <vector>

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

// What a token's header says of its key, and the key's public half.
struct VerificationKey {
    std::string encoded_header;  // of every token that is signed with it
    std::array<std::uint8_t, 32> public_key{};
};

std::string header_for(std::string_view kid) {
    std::string header;
    ObjectWriter object(header);
    object.put("alg", "EdDSA");
    object.put("typ", "JWT");
    object.put("kid", kid);
    object.close();
    return header;
}

// nullopt: not a key set (RFC 7517) of Ed25519 keys with names, and nothing else.
std::optional<std::vector<VerificationKey>> read_jwks(std::string_view jwks) {
    constexpr bool throws = false;
    const auto set = nlohmann::json::parse(jwks, nullptr, throws);
    if (!set.is_object() || !set.contains("keys") || !set["keys"].is_array()) return std::nullopt;
    std::vector<VerificationKey> keys;
    for (const auto& jwk : set["keys"]) {
        if (!jwk.is_object() || text_in(jwk, "crv") != "Ed25519") return std::nullopt;
        const auto bytes = parse_base64url(text_in(jwk, "x"));
        VerificationKey key{.encoded_header = base64url(header_for(text_in(jwk, "kid")))};
        if (!bytes || bytes->size() != key.public_key.size()) return std::nullopt;
        std::ranges::copy(*bytes, key.public_key.begin());
        keys.push_back(std::move(key));
    }
    if (keys.empty()) return std::nullopt;
    return keys;
}

// The keys that tokens may be signed with, as the leader publishes them.
struct KeySet {
    std::vector<VerificationKey> keys;
    std::string jwks;
};

}  // namespace

struct Tokens::Keys {
    explicit Keys(const Seed& seed) : signing(std::in_place, seed) {
        crypto_kdf_derive_from_key(
            refresh.data(),
            refresh.size(),
            refresh_subkey_number,
            refresh_subkey_context,
            seed.data()
        );
        header = header_for(signing->thumbprint());
        const std::string jwks = own_jwks();
        set = std::make_shared<const KeySet>(KeySet{*read_jwks(jwks), jwks});
    }
    explicit Keys(KeySet leaders) : set(std::make_shared<const KeySet>(std::move(leaders))) {
        invariant(sodium_init() >= 0, "libsodium finds a source of randomness");
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

    [[nodiscard]] std::string own_jwks() const {
        std::string out = R"({"keys":[)";
        ObjectWriter key(out);
        key.put("kty", "OKP");
        key.put("crv", "Ed25519");
        key.put("x", signing->x());
        key.put("kid", signing->thumbprint());
        key.put("use", "sig");
        key.put("alg", "EdDSA");
        key.close();
        out += "]}";
        return out;
    }
    [[nodiscard]] std::shared_ptr<const KeySet> current() const {
        const std::lock_guard lock(mutex);
        return set;
    }

    std::optional<SigningKey> signing;  // nullopt: another node signs
    std::array<std::uint8_t, 32> refresh{};
    std::string header;  // of every token that is signed here
    std::function<void()> on_unknown_key;
    mutable std::mutex mutex;
    std::shared_ptr<const KeySet> set;  // under mutex
};

StoreResult<std::unique_ptr<Tokens>> Tokens::open(const std::filesystem::path& keys_directory) {
    auto seed = read_or_make_seed(keys_directory / "token.key");
    if (!seed) return failure(std::move(seed).error());
    auto tokens = std::make_unique<Tokens>(*seed);
    sodium_memzero(seed->data(), seed->size());
    return tokens;
}

Tokens::Tokens(const std::array<std::uint8_t, 32>& seed) : keys_(std::make_unique<Keys>(seed)) {}

Tokens::Tokens() = default;

Tokens::~Tokens() = default;

std::unique_ptr<Tokens> Tokens::of_leader(std::string_view jwks) {
    auto keys = read_jwks(jwks);
    if (!keys) return nullptr;
    std::unique_ptr<Tokens> tokens(new Tokens());
    tokens->keys_ = std::make_unique<Keys>(KeySet{std::move(*keys), std::string(jwks)});
    return tokens;
}

bool Tokens::learn(std::string_view jwks) {
    auto keys = read_jwks(jwks);
    if (!keys) return false;
    auto set = std::make_shared<const KeySet>(KeySet{std::move(*keys), std::string(jwks)});
    const std::lock_guard lock(keys_->mutex);
    keys_->set = std::move(set);
    return true;
}

void Tokens::on_unknown_key(std::function<void()> listener) {
    keys_->on_unknown_key = std::move(listener);
}

std::string Tokens::issue(const UserId& user, const SessionId& session, Timestamp now) const {
    invariant(keys_->signing.has_value(), "only a leader opens sessions");
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
    return sign_compact(*keys_->signing, keys_->header, payload);
}

Expected<AccessClaims, TokenFault> Tokens::verify(std::string_view token, Timestamp now) const {
    if (token.size() > access_token_characters_max) return failure(TokenFault::malformed);
    const auto segments = split(token);
    if (!segments) return failure(TokenFault::malformed);
    const auto set = keys_->current();
    // Compared as text: `alg` is not something that a token gets to choose.
    const auto key =
        std::ranges::find(set->keys, segments->header, &VerificationKey::encoded_header);
    if (key == set->keys.end()) {
        if (keys_->on_unknown_key) keys_->on_unknown_key();
        return failure(TokenFault::not_ours);
    }
    const auto signature = parse_base64url(segments->signature);
    const auto payload = parse_base64url(segments->payload);
    if (!signature || !payload) return failure(TokenFault::malformed);
    if (!verifies(key->public_key, segments->signing_input, *signature))
        return failure(TokenFault::not_ours);
    const auto claims = read_claims(*payload);
    if (!claims) return failure(TokenFault::not_ours);
    if (now >= claims->expires) return failure(TokenFault::expired);
    return *claims;
}

std::string Tokens::jwks() const {
    return keys_->current()->jwks;
}

RefreshToken Tokens::make_refresh(const UserId& user, const SessionId& session) const {
    invariant(keys_->signing.has_value(), "only a leader opens sessions");
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
    invariant(keys_->signing.has_value(), "only a leader refreshes sessions");
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
