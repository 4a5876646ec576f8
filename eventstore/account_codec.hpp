#pragma once

#include "eventstore/facts.hpp"

#include <span>

// The payloads of the events of accounts and of readers: as room_codec.hpp.
namespace verbatim {

void write(const AccountEvent& event, PayloadWriter& payload);
void write(const ReaderEvent& event, PayloadWriter& payload);

using ReadAccountEvent = AccountEvent (*)(PayloadReader& payload);
[[nodiscard]] std::span<const ReadAccountEvent> account_event_readers();
using ReadReaderEvent = ReaderEvent (*)(PayloadReader& payload);
[[nodiscard]] std::span<const ReadReaderEvent> reader_event_readers();

}  // namespace verbatim
