#include "tools/key_copies.hpp"

#include "eventstore/checkpoint.hpp"
#include "eventstore/durable_file.hpp"
#include "protocol/key_file.hpp"
#include "tools/blob_copies.hpp"
#include "tools/epoch.hpp"

#include <system_error>

namespace verbatim {

namespace fs = std::filesystem;

StoreResult<void> copy_keys(const fs::path& from, const fs::path& to) {
    if (auto made = make_directory(to); !made) return made;
    std::error_code fault;
    for (const auto& entry : fs::directory_iterator(from, fault)) {
        const fs::path name = entry.path().filename();
        if (name.extension() != ".key") continue;
        const fs::path unfinished = to / (name.string() + std::string(unfinished_suffix));
        const auto copied = copy_and_hash(entry.path(), unfinished);
        if (!copied) return failure(copied.error());
        if (auto moved = move_file(unfinished, to / name); !moved) return moved;
    }
    if (!fault) return {};
    return failure(StoreError{StoreFault::cannot_open, {}, from.string() + ": " + fault.message()});
}

StoreResult<void> put_keys(const fs::path& from, const fs::path& to, const KeyOwner& owner) {
    std::error_code fault;
    if (!fs::exists(from / "log.key", fault))
        return failure(StoreError{
            StoreFault::cannot_open, {}, "there is no " + (from / "log.key").string()});
    if (auto copied = copy_keys(from, to); !copied) return copied;
    const auto seed = read_or_make_seed(to / "log.key");
    if (!seed) return failure(seed.error());
    const NoteSigner signer(log_key_name(owner.epoch), *seed);
    if (signer.verifier_key() == owner.verifier_key) return {};
    return failure(StoreError{
        StoreFault::corrupt_record,
        {},
        (from / "log.key").string() + " is not the key of this log, " + owner.verifier_key});
}

}  // namespace verbatim
