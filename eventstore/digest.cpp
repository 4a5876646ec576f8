#include "eventstore/digest.hpp"

#include "domain/invariant.hpp"

#include <cstddef>
#include <cstring>
#include <memory>
#include <openssl/evp.h>
#include <sodium/utils.h>

#if defined(__x86_64__)
#include <nmmintrin.h>
#endif

namespace verbatim {
namespace {

struct FreeContext {
    void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};
struct FreeAlgorithm {
    void operator()(EVP_MD* algorithm) const { EVP_MD_free(algorithm); }
};

// Fetched once: EVP_sha256() would be looked up again in OpenSSL's providers by every digest, which
// costs more than hashing a record does.
const EVP_MD* sha256_algorithm() {
    static const std::unique_ptr<EVP_MD, FreeAlgorithm> algorithm(
        EVP_MD_fetch(nullptr, "SHA256", nullptr)
    );
    invariant(algorithm != nullptr, "OpenSSL's default provider has SHA-256");
    return algorithm.get();
}

EVP_MD_CTX* thread_context() {
    thread_local const std::unique_ptr<EVP_MD_CTX, FreeContext> context(EVP_MD_CTX_new());
    invariant(context != nullptr, "a digest context of some hundred bytes can be allocated");
    return context.get();
}

constexpr std::uint32_t castagnoli_reversed = 0x82f63b78;

constexpr std::array<std::uint32_t, 256> crc_table = [] {
    std::array<std::uint32_t, 256> table{};
    for (std::uint32_t byte = 0; byte < table.size(); ++byte) {
        std::uint32_t remainder = byte;
        for (int bit = 0; bit < 8; ++bit)
            remainder = remainder >> 1 ^ ((remainder & 1) != 0 ? castagnoli_reversed : 0);
        table[byte] = remainder;
    }
    return table;
}();

#if defined(__x86_64__)
__attribute__((target("sse4.2"))) std::uint32_t crc32c_by_instruction(std::string_view bytes) {
    std::uint64_t crc = 0xffffffff;
    const char* next = bytes.data();
    std::size_t left = bytes.size();
    for (; left >= sizeof(std::uint64_t); left -= sizeof(std::uint64_t)) {
        std::uint64_t word = 0;
        std::memcpy(&word, next, sizeof word);
        crc = _mm_crc32_u64(crc, word);
        next += sizeof word;
    }
    auto tail = static_cast<std::uint32_t>(crc);
    for (; left > 0; --left) tail = _mm_crc32_u8(tail, static_cast<unsigned char>(*next++));
    return ~tail;
}
#endif

}  // namespace

Digest sha256(std::initializer_list<std::string_view> parts) {
    EVP_MD_CTX* const context = thread_context();
    bool done = EVP_DigestInit_ex2(context, sha256_algorithm(), nullptr) == 1;
    for (const std::string_view part : parts)
        done = done && EVP_DigestUpdate(context, part.data(), part.size()) == 1;
    Digest digest;
    done = done && EVP_DigestFinal_ex(context, digest.data(), nullptr) == 1;
    invariant(done, "SHA-256 of bytes in memory cannot fail");
    return digest;
}

std::uint32_t crc32c(std::string_view bytes) {
#if defined(__x86_64__)
    static const bool has_instruction = __builtin_cpu_supports("sse4.2") != 0;
    if (has_instruction) return crc32c_by_instruction(bytes);
#endif
    return crc32c_by_table(bytes);
}

std::uint32_t crc32c_by_table(std::string_view bytes) {
    std::uint32_t crc = 0xffffffff;
    for (const char byte : bytes)
        crc = crc >> 8 ^ crc_table[(crc ^ static_cast<unsigned char>(byte)) & 0xff];
    return ~crc;
}

std::string hex_text(const Digest& digest) {
    std::string text(2 * digest.size() + 1, '\0');  // libsodium ends it with a zero
    sodium_bin2hex(text.data(), text.size(), digest.data(), digest.size());
    text.pop_back();
    return text;
}

std::optional<Digest> parse_hex(std::string_view text) {
    Digest digest{};
    if (text.size() != 2 * digest.size()) return std::nullopt;
    if (text.find_first_not_of("0123456789abcdef") != text.npos) return std::nullopt;
    std::size_t size = 0;
    const int failed = sodium_hex2bin(
        digest.data(), digest.size(), text.data(), text.size(), nullptr, &size, nullptr
    );
    if (failed != 0 || size != digest.size()) return std::nullopt;
    return digest;
}

}  // namespace verbatim
