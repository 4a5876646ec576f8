#pragma once

#include "tools/log.hpp"
#include "tools/log/log_query.hpp"
#include "tools/log/log_source.hpp"

namespace verbatim {

// Opens what `options` name. Errors are sentences for people.
[[nodiscard]] LogSource::Result<std::unique_ptr<LogSource>> open_log_source(
    const LogOptions& options, const Interrupt& interrupt
);
// What `options` ask for. Errors: no such room or user, no regular expression.
[[nodiscard]] LogSource::Result<LogQuery> query_of(const LogOptions& options, LogSource& source);

// The last `lines` events of what `query` lets through, up to the log's head, in order. Reads
// backwards, a piece at a time; holds no more than it gives.
[[nodiscard]] LogSource::Result<std::vector<LogEvent>> last_events(
    LogSource& source, LogQuery query, std::size_t lines
);

}  // namespace verbatim
