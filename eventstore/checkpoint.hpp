#pragma once

#include "eventstore/digest.hpp"
#include "eventstore/store_error.hpp"

#include <array>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

// Signed tree heads: C2SP tlog-checkpoint in a C2SP signed-note (c2sp.org/tlog-checkpoint,
// c2sp.org/signed-note), Ed25519. The head's time is an extension line of ours: "at
// <microseconds>".
namespace verbatim {

struct TreeHead {
    std::string origin;  // the key's name: "verbatim/<epoch>"
    std::uint64_t size = 0;
    Digest root{};
    Timestamp at;  // when it was signed; 0 where a note does not say
    friend bool operator==(const TreeHead&, const TreeHead&) = default;
};

// A tree head as it is handed out: the note, and the size it speaks of.
struct SignedTreeHead {
    std::string note;
    std::uint64_t size = 0;
};

// An Ed25519 key with the name that notes carry. The seed stays in memory until destroyed, then is
// wiped.
class NoteSigner {
public:
    // Requires: name without white space or '+'.
    NoteSigner(std::string name, std::array<std::uint8_t, 32> seed);
    ~NoteSigner();
    NoteSigner(const NoteSigner&) = delete;
    NoteSigner& operator=(const NoteSigner&) = delete;

    [[nodiscard]] const std::string& name() const { return name_; }
    // "<name>+<hash>+<base64>", the C2SP verifier key.
    [[nodiscard]] std::string verifier_key() const;
    // The whole note: head, blank line, signature line.
    [[nodiscard]] std::string sign(const TreeHead& head) const;

private:
    std::string name_;
    std::array<std::uint8_t, 64> secret_{};
    std::array<std::uint8_t, 32> public_{};
};

// nullopt: not a checkpoint, or not signed by that key. Signatures by other keys are ignored.
[[nodiscard]] std::optional<TreeHead> verify_checkpoint(
    std::string_view note, std::string_view verifier_key
);
// What a checkpoint says, its signatures unread: for notes that were verified before.
[[nodiscard]] std::optional<TreeHead> read_checkpoint(std::string_view note);

// The same key under another name: a log's key is called verbatim/<epoch>, and stays the same.
// nullopt: no verifier key, or no name for one.
[[nodiscard]] std::optional<std::string> renamed_key(
    std::string_view verifier_key, std::string_view name
);

// The whole notes of a file of them, oldest first, unverified; what a crash left of an unfinished
// last one is left out. Changes nothing. Errors: cannot_open.
[[nodiscard]] StoreResult<std::vector<std::string>> read_notes(const std::filesystem::path& file);

// data/checkpoint: signed tree heads, appended and fsynced apart from RocksDB, so that a log that
// lost its end is noticed. Notes a day older than the newest are thinned to one an hour when the
// file is opened. Threads: one at a time.
class CheckpointFile {
public:
    // Makes the file, mode 0600, if there is none. Cuts off what a crash left of an unfinished last
    // note. Of a long file only the newest signatures are verified, so that opening takes at most
    // some tenths of a second; of older notes the form and the order.
    // Errors: cannot_open (nothing was changed, or not all of it), corrupt_record (a whole note
    // that does not verify, or a head smaller than one before it).
    [[nodiscard]] static StoreResult<std::unique_ptr<CheckpointFile>> open(
        const std::filesystem::path& file, const std::string& verifier_key
    );
    ~CheckpointFile();
    CheckpointFile(const CheckpointFile&) = delete;
    CheckpointFile& operator=(const CheckpointFile&) = delete;

    // The newest, or nullopt when there is none.
    [[nodiscard]] const std::optional<TreeHead>& last() const { return last_; }
    [[nodiscard]] const std::string& last_note() const { return last_note_; }
    // Durable once it returned. Requires: `head` is what `note` says.
    // Errors: outcome_unknown, from then on until it is opened again.
    [[nodiscard]] StoreResult<void> append(const std::string& note, const TreeHead& head);

private:
    explicit CheckpointFile(std::filesystem::path file) : file_(std::move(file)) {}
    [[nodiscard]] StoreResult<void> load(const std::string& verifier_key);

    std::filesystem::path file_;
    int descriptor_ = -1;  // -1 too once an append failed
    std::optional<TreeHead> last_;
    std::string last_note_;
};

}  // namespace verbatim
