#pragma once

#include <chrono>
#include <cstddef>

// The bounds of the HTTP layer, those of what clients may send first.
namespace verbatim::limits {

inline constexpr std::size_t http_head_bytes_max = 16 * 1024;
inline constexpr std::size_t http_target_bytes_max = 8 * 1024;
inline constexpr std::size_t http_method_bytes_max = 32;
inline constexpr std::size_t http_headers_max = 100;
inline constexpr std::size_t http_path_segments_max = 32;
inline constexpr std::size_t http_body_bytes_default = 1024 * 1024;
// A body that nobody wants (404, 405) is read and dropped up to this size, so that the connection
// can stay; beyond it the answer is sent at once and the connection closed.
inline constexpr std::size_t http_unwanted_body_bytes_max = 64 * 1024;
inline constexpr std::size_t http_chunk_line_bytes_max = 256;
inline constexpr std::size_t http_trailer_bytes_max = 8 * 1024;

// What a connection may have sent beyond the request in flight; then it is read no further.
inline constexpr std::size_t http_held_back_bytes_max = 64 * 1024;
// While more than this waits to leave, no further request is dispatched and no stream is pulled.
inline constexpr std::size_t http_unsent_bytes_max = 64 * 1024;
// The same in the kernel, for each connection.
inline constexpr int http_kernel_unsent_bytes_max = 128 * 1024;
// An idle connection's buffers keep no more memory than this.
inline constexpr std::size_t http_kept_buffer_bytes_max = 32 * 1024;
// All bodies being received or being worked on, in the whole server; then 503.
inline constexpr std::size_t http_bodies_bytes_max = 256 * 1024 * 1024;
// One connection is read this far before its neighbours have their turn.
inline constexpr std::size_t http_read_bytes_per_turn = 256 * 1024;

inline constexpr std::size_t http_connections_default = 8'000;
inline constexpr std::size_t http_workers_max = 64;
inline constexpr int http_accept_backlog = 1'024;

inline constexpr std::chrono::milliseconds http_idle_timeout{75'000};
inline constexpr std::chrono::milliseconds http_head_timeout{10'000};  // for the whole head
inline constexpr std::chrono::milliseconds http_body_timeout{30'000};  // without progress
inline constexpr std::chrono::milliseconds http_send_timeout{30'000};  // without progress
// How long a connection that we close keeps reading, so that the answer is not lost to a reset.
inline constexpr std::chrono::milliseconds http_linger_timeout{2'000};
inline constexpr std::chrono::milliseconds http_sweep_period{100};
// Pause after a failed accept (no descriptor left): the queue of the kernel waits meanwhile.
inline constexpr std::chrono::milliseconds http_accept_pause{20};
inline constexpr std::chrono::seconds http_preflight_max_age{600};

}  // namespace verbatim::limits
