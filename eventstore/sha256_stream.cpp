#include "eventstore/sha256_stream.hpp"

#include "domain/invariant.hpp"

#include <openssl/evp.h>

namespace verbatim {
namespace {

struct FreeContext {
    void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};

}  // namespace

struct Sha256Stream::State {
    std::unique_ptr<EVP_MD_CTX, FreeContext> context{EVP_MD_CTX_new()};
};

Sha256Stream::Sha256Stream() : state_(std::make_unique<State>()) {
    const bool begun =
        state_->context && EVP_DigestInit_ex2(state_->context.get(), EVP_sha256(), nullptr) == 1;
    invariant(begun, "a digest context of some hundred bytes can be allocated");
}

Sha256Stream::~Sha256Stream() = default;

void Sha256Stream::add(std::string_view piece) {
    const bool added = EVP_DigestUpdate(state_->context.get(), piece.data(), piece.size()) == 1;
    invariant(added, "SHA-256 of bytes in memory cannot fail");
}

Digest Sha256Stream::finish() {
    Digest digest;
    const bool done = EVP_DigestFinal_ex(state_->context.get(), digest.data(), nullptr) == 1;
    invariant(done, "SHA-256 of bytes in memory cannot fail");
    return digest;
}

}  // namespace verbatim
