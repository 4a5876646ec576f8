#include "domain/invariant.hpp"
#include "eventstore/checkpoint.hpp"

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <sodium.h>
#include <span>
#include <utility>

namespace verbatim {
namespace {

constexpr std::string_view signature_prefix = "\xe2\x80\x94 ";  // em dash, space
constexpr std::string_view ed25519_type("\x01", 1);
constexpr std::size_t key_hash_bytes = 4;
constexpr std::string_view at_prefix = "at ";

static_assert(crypto_sign_SECRETKEYBYTES == 64 && crypto_sign_PUBLICKEYBYTES == 32);

using PublicKey = std::array<std::uint8_t, crypto_sign_PUBLICKEYBYTES>;
using KeyHash4 = std::array<std::uint8_t, key_hash_bytes>;

struct VerifierKey {
    std::string name;
    KeyHash4 hash{};
    PublicKey key{};
};

void prepare_sodium() {
    static const bool is_ready = sodium_init() >= 0;
    invariant(is_ready, "libsodium can be used on this machine");
}

bool is_key_name(std::string_view name) {
    return !name.empty() && std::ranges::none_of(name, [](char character) {
        return static_cast<unsigned char>(character) <= ' ' || character == '+';
    });
}

KeyHash4 key_hash(std::string_view name, const PublicKey& key) {
    const Digest digest = sha256({name, "\n", ed25519_type, as_text(key)});
    KeyHash4 hash{};
    std::copy_n(digest.begin(), hash.size(), hash.begin());
    return hash;
}

std::string base64(std::string_view bytes) {
    std::string text(sodium_base64_ENCODED_LEN(bytes.size(), sodium_base64_VARIANT_ORIGINAL), '\0');
    sodium_bin2base64(
        text.data(),
        text.size(),
        reinterpret_cast<const unsigned char*>(bytes.data()),
        bytes.size(),
        sodium_base64_VARIANT_ORIGINAL
    );
    text.pop_back();  // the terminating zero
    return text;
}

// nullopt unless `text` is exactly the base64 of as many bytes as `Size`.
template <std::size_t Size>
std::optional<std::array<std::uint8_t, Size>> parse_base64(std::string_view text) {
    std::array<std::uint8_t, Size> bytes{};
    std::size_t written = 0;
    const int status = sodium_base642bin(
        bytes.data(),
        bytes.size(),
        text.data(),
        text.size(),
        nullptr,
        &written,
        nullptr,
        sodium_base64_VARIANT_ORIGINAL
    );
    if (status != 0 || written != Size) return std::nullopt;
    return bytes;
}

template <std::size_t Size, std::size_t From>
std::array<std::uint8_t, Size> slice(const std::array<std::uint8_t, From>& bytes, std::size_t at) {
    std::array<std::uint8_t, Size> taken{};
    std::copy_n(bytes.begin() + static_cast<std::ptrdiff_t>(at), Size, taken.begin());
    return taken;
}

std::string hex(std::span<const std::uint8_t> bytes) {
    std::string text(bytes.size() * 2 + 1, '\0');
    sodium_bin2hex(text.data(), text.size(), bytes.data(), bytes.size());
    text.pop_back();
    return text;
}

// "<name>+<hash in hex>+<base64 of type and key>"
std::string verifier_key_text(std::string_view name, const PublicKey& key) {
    return std::string(name) + "+" + hex(key_hash(name, key)) + "+" +
           base64(std::string(ed25519_type).append(as_text(key)));
}
std::optional<VerifierKey> parse_verifier_key(std::string_view text) {
    const std::size_t first_plus = text.find('+');
    if (first_plus == std::string_view::npos) return std::nullopt;
    const std::string_view name = text.substr(0, first_plus);
    const std::string_view rest = text.substr(first_plus + 1);
    if (!is_key_name(name) || rest.size() < 2 * key_hash_bytes + 1) return std::nullopt;
    if (rest[2 * key_hash_bytes] != '+') return std::nullopt;
    const auto encoded = parse_base64<1 + sizeof(PublicKey)>(rest.substr(2 * key_hash_bytes + 1));
    if (!encoded || !as_text(*encoded).starts_with(ed25519_type)) return std::nullopt;

    const auto key = slice<sizeof(PublicKey)>(*encoded, 1);
    const KeyHash4 hash = key_hash(name, key);
    if (rest.substr(0, 2 * key_hash_bytes) != hex(hash)) return std::nullopt;
    return VerifierKey{std::string(name), hash, key};
}

// Takes the first line off, without its newline; nullopt when no newline is left.
std::optional<std::string_view> take_line(std::string_view& text) {
    const std::size_t newline = text.find('\n');
    if (newline == std::string_view::npos) return std::nullopt;
    const std::string_view line = text.substr(0, newline);
    text.remove_prefix(newline + 1);
    return line;
}

std::string body_of(const TreeHead& head) {
    return head.origin + "\n" + std::to_string(head.size) + "\n" + base64(as_text(head.root)) +
           "\n" + std::string(at_prefix) + std::to_string(head.at.microseconds()) + "\n";
}

template <class Number>
std::optional<Number> parse_decimal(std::string_view text) {
    Number number{};
    const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), number);
    const bool whole = fault == std::errc() && end == text.data() + text.size();
    // Only the one way of writing a number: no leading zeros.
    if (!whole || std::to_string(number) != text) return std::nullopt;
    return number;
}

std::optional<TreeHead> parse_body(std::string_view body) {
    const auto origin = take_line(body);
    const auto size_line = take_line(body);
    const auto root_line = take_line(body);
    if (!origin || origin->empty() || !size_line || !root_line) return std::nullopt;
    const auto size = parse_decimal<std::uint64_t>(*size_line);
    const auto root = parse_base64<sizeof(Digest)>(*root_line);
    if (!size || !root) return std::nullopt;

    TreeHead head{std::string(*origin), *size, *root, Timestamp()};
    while (!body.empty()) {
        const auto extension = take_line(body);
        if (!extension || extension->empty()) return std::nullopt;
        if (!extension->starts_with(at_prefix)) continue;
        const auto at = parse_decimal<std::int64_t>(extension->substr(at_prefix.size()));
        if (at) head.at = Timestamp(*at);
    }
    return head;
}

enum class Verdict { good, bad, by_another_key };

Verdict judge(std::string_view line, std::string_view body, const VerifierKey& verifier) {
    if (!line.starts_with(signature_prefix)) return Verdict::bad;
    line.remove_prefix(signature_prefix.size());
    const std::size_t space = line.find(' ');
    if (space == std::string_view::npos || !is_key_name(line.substr(0, space))) return Verdict::bad;
    // Other keys' signatures may be of any length: only our own is taken apart.
    if (line.substr(0, space) != verifier.name) return Verdict::by_another_key;
    const auto blob = parse_base64<key_hash_bytes + crypto_sign_BYTES>(line.substr(space + 1));
    if (!blob || slice<key_hash_bytes>(*blob, 0) != verifier.hash) return Verdict::by_another_key;
    const int status = crypto_sign_verify_detached(
        blob->data() + key_hash_bytes,
        reinterpret_cast<const unsigned char*>(body.data()),
        body.size(),
        verifier.key.data()
    );
    return status == 0 ? Verdict::good : Verdict::bad;
}

bool has_control_characters(std::string_view note) {
    return std::ranges::any_of(note, [](char character) {
        return static_cast<unsigned char>(character) < ' ' && character != '\n';
    });
}

}  // namespace

NoteSigner::NoteSigner(std::string name, std::array<std::uint8_t, 32> seed)
    : name_(std::move(name)) {
    prepare_sodium();
    invariant(is_key_name(name_), "a key's name is chosen by us, without white space or '+'");
    crypto_sign_seed_keypair(public_.data(), secret_.data(), seed.data());
    sodium_memzero(seed.data(), seed.size());
}

NoteSigner::~NoteSigner() {
    sodium_memzero(secret_.data(), secret_.size());
}

std::string NoteSigner::verifier_key() const {
    return verifier_key_text(name_, public_);
}

std::string NoteSigner::sign(const TreeHead& head) const {
    const std::string body = body_of(head);
    std::array<std::uint8_t, crypto_sign_BYTES> signature{};
    crypto_sign_detached(
        signature.data(),
        nullptr,
        reinterpret_cast<const unsigned char*>(body.data()),
        body.size(),
        secret_.data()
    );
    std::string blob(as_text(key_hash(name_, public_)));
    blob += as_text(signature);
    return body + "\n" + std::string(signature_prefix) + name_ + " " + base64(blob) + "\n";
}

std::optional<TreeHead> verify_checkpoint(std::string_view note, std::string_view verifier_key) {
    prepare_sodium();
    const auto verifier = parse_verifier_key(verifier_key);
    const std::size_t separator = note.rfind("\n\n");
    if (!verifier || separator == std::string_view::npos) return std::nullopt;
    if (has_control_characters(note)) return std::nullopt;
    const std::string_view body = note.substr(0, separator + 1);
    std::string_view signatures = note.substr(separator + 2);
    bool is_signed = false;
    while (!signatures.empty()) {
        const auto line = take_line(signatures);
        if (!line) return std::nullopt;
        switch (judge(*line, body, *verifier)) {
            case Verdict::good: is_signed = true; break;
            case Verdict::bad: return std::nullopt;
            case Verdict::by_another_key: break;
        }
    }
    if (!is_signed) return std::nullopt;
    return parse_body(body);
}

std::optional<std::string> renamed_key(std::string_view verifier_key, std::string_view name) {
    const auto verifier = parse_verifier_key(verifier_key);
    if (!verifier || !is_key_name(name)) return std::nullopt;
    return verifier_key_text(name, verifier->key);
}

std::optional<TreeHead> read_checkpoint(std::string_view note) {
    const std::size_t separator = note.rfind("\n\n");
    if (separator == std::string_view::npos) return std::nullopt;
    return parse_body(note.substr(0, separator + 1));
}

}  // namespace verbatim
