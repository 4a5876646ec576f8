#include "eventstore/blob_store.hpp"

#include <utility>

namespace verbatim {

namespace fs = std::filesystem;

StoreResult<BlobStore> BlobStore::open(fs::path directory) {
    if (auto made = make_directory(directory); !made) return failure(made.error());
    return BlobStore(std::move(directory));
}

fs::path BlobStore::path_of(const Digest& digest) const {
    const std::string name = hex_text(digest);
    return directory_ / name.substr(0, 2) / name;
}

bool BlobStore::has(const Digest& digest) const {
    std::error_code fault;
    return fs::is_regular_file(path_of(digest), fault);
}

StoreResult<void> BlobStore::put(const Digest& digest, const fs::path& file) {
    if (has(digest)) return remove_file(file);
    {
        const auto handle = open_to_read(file);
        if (!handle) return failure(handle.error());
        if (auto synced = sync(*handle); !synced) return synced;
    }
    const fs::path target = path_of(digest);
    if (auto made = make_directory(target.parent_path()); !made) return made;
    return move_file(file, target);
}

StoreResult<Blob> BlobStore::open(const Digest& digest) const {
    if (!has(digest))
        return failure(StoreError{
            StoreFault::missing_record, {}, "no blob has the name " + hex_text(digest)});
    auto handle = open_to_read(path_of(digest));
    if (!handle) return failure(handle.error());
    const auto bytes = size_of(*handle);
    if (!bytes) return failure(bytes.error());
    return Blob(std::move(*handle), *bytes);
}

StoreResult<std::vector<Digest>> BlobStore::all() const {
    std::vector<Digest> blobs;
    std::error_code fault;
    for (fs::recursive_directory_iterator each(directory_, fault), end; !fault && each != end;
         each.increment(fault)) {
        const auto digest = parse_hex(each->path().filename().string());
        if (digest) blobs.push_back(*digest);
    }
    if (!fault) return blobs;
    return failure(StoreError{
        StoreFault::io_failed, {}, "list " + directory_.string() + ": " + fault.message()});
}

StoreResult<void> BlobStore::remove(const Digest& digest) {
    return remove_file(path_of(digest));
}

}  // namespace verbatim
