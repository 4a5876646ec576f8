#pragma once

#include "protocol/uploads.hpp"

#include <utility>

namespace verbatim {

inline constexpr std::string_view upload_record_suffix = ".json";
inline constexpr std::string_view upload_bytes_suffix = ".part";

// One call's exclusive work on one upload, with a copy of its record that others see once it is
// kept. Private to Uploads.
class Uploads::Hold {
public:
    // Requires: the entry is there, and busy for this one.
    Hold(Uploads& uploads, const FileId& file, UploadRecord record)
        : uploads_(&uploads), file_(file), record_(std::move(record)) {}
    Hold(Hold&& other) noexcept
        : uploads_(std::exchange(other.uploads_, nullptr)),
          file_(other.file_),
          record_(std::move(other.record_)) {}
    Hold& operator=(Hold&&) = delete;
    ~Hold() {
        if (uploads_ == nullptr) return;
        change([](Entry& entry) { entry.is_busy = false; });
        uploads_->freed_.notify_all();
    }

    [[nodiscard]] const FileId& file() const { return file_; }
    [[nodiscard]] UploadRecord& record() { return record_; }
    void keep() {
        change([this](Entry& entry) { entry.record = record_; });
    }
    void give_up() {
        change([](Entry& entry) { entry.is_broken = true; });
    }

private:
    // It may have been forgotten meanwhile, by this call.
    template <class Change>
    void change(const Change& change) {
        const std::lock_guard lock(uploads_->mutex_);
        const auto known = uploads_->entries_.find(file_);
        if (known != uploads_->entries_.end()) change(known->second);
    }

    Uploads* uploads_;
    FileId file_;
    UploadRecord record_;
};

}  // namespace verbatim
