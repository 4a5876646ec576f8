#pragma once

#include <cstddef>
#include <memory>

namespace rocksdb {
class Env;
}

namespace verbatim::testing {

// A disk in memory, for RocksDB, that keeps POSIX's promises and not one more: after a power cut
// only synced bytes are in a file, and a file's making, renaming or removal only if its directory
// was synced since. It can also fail single writes and syncs.
//
// Threads: any. Lifetime: longer than the stores on it.
class FaultyDisk {
public:
    FaultyDisk();
    ~FaultyDisk();

    [[nodiscard]] rocksdb::Env* env();

    // Every write, sync, making, renaming and removal is an operation.
    [[nodiscard]] std::size_t operations() const;
    // `count` more operations succeed; with the next the power goes, and no later one has effect.
    void cut_power_after(std::size_t count);
    [[nodiscard]] bool power_is_off() const;

    // What a power cut leaves of bytes that were written and not synced.
    enum class Tail { lost, torn };  // torn: the first half
    // Puts the disk into the state that the power cut left, and the power on.
    // Requires: every store on it is closed.
    void restore_power(Tail tail);

    enum class Failure { eio, enospc };
    // Concerns the write-ahead log's files only, once. A failing write leaves half of its bytes.
    void fail_next_write(Failure failure);
    void fail_next_sync(Failure failure);
    // From now on tables cannot be read; for good.
    void fail_reads();

private:
    class Files;
    std::shared_ptr<Files> files_;
    std::unique_ptr<rocksdb::Env> env_;
};

}  // namespace verbatim::testing
