#pragma once

#include "domain/ids.hpp"
#include "domain/result.hpp"

#include <filesystem>
#include <string>

namespace verbatim::amqp {

// Up to where a log was published, kept in a file. It is replaced whole and not synced: after a
// power loss an older one, or none, makes a publisher say again what its readers have already.
// Threads: one.
class PublishCursor {
public:
    // Takes up what `file` says of the log `epoch`; without a file, with a damaged one, or with one
    // of another log: position 0.
    PublishCursor(std::filesystem::path file, const Uuid& epoch);

    [[nodiscard]] Position position() const { return position_; }
    // Errors: a sentence for people; position() moves nonetheless.
    [[nodiscard]] Expected<void, std::string> move_to(Position position);

private:
    std::filesystem::path file_;
    Uuid epoch_;
    Position position_;
};

}  // namespace verbatim::amqp
