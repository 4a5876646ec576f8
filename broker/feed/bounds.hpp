#pragma once

#include <cstddef>
#include <cstdint>

// What can grow inside the feed and is no client's business; what a client can meet is in
// domain/limits.hpp.
namespace verbatim::feed::bounds {

inline constexpr std::size_t head_bytes_max = 16 * 1024;  // request line and headers
inline constexpr std::size_t ref_bytes_max = 128;
inline constexpr std::size_t commands_in_flight_max = 64;  // per session; then reading pauses
inline constexpr std::size_t write_items_max = 64;         // in one gather write
inline constexpr std::size_t write_bytes_max = 256 * 1024;
inline constexpr std::size_t read_slice_bytes_max = 64 * 1024;

inline constexpr std::size_t hub_pending_events_max = 16'384;  // beyond: read again from the log
inline constexpr std::size_t slice_events_max = 64;            // delivered before sockets' turn
inline constexpr std::size_t slice_bytes_max = 256 * 1024;
inline constexpr std::uint64_t receipt_members_max = 1'000;

inline constexpr std::int64_t typing_renewal_ms = 3'000;  // less than limits::typing_ms
inline constexpr std::int64_t typing_again_ms = 1'000;
inline constexpr std::size_t presence_users_max = 65'536;  // beyond it nobody has a grace
// What other nodes are told again of everybody who is here, and how long they believe it.
inline constexpr std::int64_t presence_renewal_ms = 15'000;
inline constexpr std::int64_t presence_lease_ms = 40'000;  // two renewals may be lost
// Handed to sessions in one sweep; what is more waits for the next.
inline constexpr std::size_t presence_deliveries_max = 50'000;

inline constexpr std::size_t step_events_max = 128;  // one piece of a resumed feed
inline constexpr std::size_t step_bytes_max = 256 * 1024;
inline constexpr std::size_t step_rooms_opened_max = 64;
inline constexpr std::size_t merge_events_max = 512;  // held by all sources of one resumed feed
inline constexpr std::size_t source_events_max = 64;  // held by one of them
inline constexpr std::uint64_t hand_over_events_max = 64;
inline constexpr unsigned hand_over_rounds_max = 8;

inline constexpr std::size_t refusals_max = 256;  // connections beyond max_sessions told 503
inline constexpr std::int64_t handshake_ms_max = 10'000;
inline constexpr std::int64_t closing_ms_max = 10'000;  // from our close frame to the peer's end
inline constexpr unsigned pongs_missed_max = 2;
// Of a reader that is slow, not gone: without taking a byte, and without a sign of its system,
// which asks for news less and less often (TCP's zero window probes, up to every 120 s).
inline constexpr unsigned heartbeats_stalled_max = 20;
inline constexpr unsigned heartbeats_silent_max = 5;

}  // namespace verbatim::feed::bounds
