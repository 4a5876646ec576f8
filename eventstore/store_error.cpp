#include "eventstore/store_error.hpp"

#include "domain/invariant.hpp"

namespace verbatim {

std::string_view name_of(StoreFault fault) {
    switch (fault) {
        case StoreFault::cannot_open: return "cannot_open";
        case StoreFault::written_by_newer_build: return "written_by_newer_build";
        case StoreFault::corrupt_record: return "corrupt_record";
        case StoreFault::missing_record: return "missing_record";
        case StoreFault::missing_content: return "missing_content";
        case StoreFault::io_failed: return "io_failed";
        case StoreFault::outcome_unknown: return "outcome_unknown";
        case StoreFault::disk_full: return "disk_full";
        case StoreFault::log_is_shorter_than_checkpoint: return "log_is_shorter_than_checkpoint";
        case StoreFault::log_differs_from_checkpoint: return "log_differs_from_checkpoint";
        case StoreFault::does_not_follow: return "does_not_follow";
        case StoreFault::log_diverged: return "log_diverged";
    }
    broken_invariant("every StoreFault is listed above");
}

std::string describe(const StoreError& error) {
    std::string text(name_of(error.fault));
    if (error.position != Position())
        text += " at position " + std::to_string(error.position.value());
    if (!error.detail.empty()) text += ": " + error.detail;
    return text;
}

}  // namespace verbatim
