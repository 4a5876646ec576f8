#pragma once

#include <cstddef>
#include <cstdint>

// Everything that can grow has its bound here, with the unit in its name. `GET /api/v1/limits`
// shows those that a client can meet; the README's table is kept in step by tools/tidy.py.
namespace verbatim::limits {

inline constexpr std::size_t username_characters_min = 3;
inline constexpr std::size_t username_characters_max = 32;
inline constexpr std::size_t display_name_characters_max = 64;
inline constexpr std::size_t password_characters_min = 8;
inline constexpr std::size_t password_characters_max = 128;
inline constexpr std::size_t sessions_per_user_max = 64;
inline constexpr std::size_t keys_per_user_max = 32;
inline constexpr std::size_t key_name_characters_max = 64;
inline constexpr std::int64_t access_token_seconds = 15 * 60;
inline constexpr std::int64_t refresh_token_seconds = 30 * 24 * 60 * 60;

inline constexpr std::size_t room_name_characters_max = 100;
inline constexpr std::size_t room_description_characters_max = 1'000;
inline constexpr std::size_t alias_characters_min = 3;
inline constexpr std::size_t alias_characters_max = 64;
inline constexpr std::uint32_t room_members_min = 2;
inline constexpr std::uint32_t room_members_default = 1'000;
inline constexpr std::uint32_t room_members_max = 100'000;
inline constexpr std::size_t members_per_create_max = 100;
inline constexpr std::size_t invites_per_room_max = 1'000;
inline constexpr std::size_t invite_links_per_room_max = 100;
inline constexpr std::uint32_t invite_link_uses_max = 100'000;
inline constexpr std::int64_t invite_link_seconds_max = 366 * 24 * 60 * 60;
inline constexpr std::size_t bans_per_room_max = 10'000;
inline constexpr std::size_t pins_per_room_max = 50;
inline constexpr std::size_t ban_reason_characters_max = 500;

inline constexpr std::size_t text_characters_max = 20'000;
inline constexpr std::size_t metadata_bytes_max = 4 * 1024;
inline constexpr std::size_t attachments_per_message_max = 10;
inline constexpr std::size_t mentions_per_message_max = 50;
inline constexpr std::size_t edits_per_message_max = 1'000;
inline constexpr std::size_t emoji_bytes_max = 64;
inline constexpr std::size_t emoji_per_message_max = 50;
inline constexpr std::size_t reactions_per_message_max = 10'000;
inline constexpr std::int64_t read_marker_interval_ms = 5'000;
inline constexpr std::int64_t typing_ms = 6'000;
inline constexpr std::size_t typing_users_per_room_max = 20;
inline constexpr std::int64_t presence_grace_ms = 30'000;
inline constexpr std::size_t presence_members_max = 1'000;

inline constexpr std::size_t holds_max = 10'000;
inline constexpr std::size_t hold_reason_characters_max = 500;
inline constexpr std::int64_t scrub_interval_seconds = 600;
inline constexpr std::uint32_t retention_days_max = 36'500;
inline constexpr std::int64_t audit_read_interval_ms = 60'000;

inline constexpr std::size_t record_bytes_max = 64 * 1024;
inline constexpr std::size_t content_bytes_max = 128 * 1024;
inline constexpr std::size_t events_per_command_max = 256;
inline constexpr std::size_t commands_per_batch_max = 512;
inline constexpr std::size_t command_queue_max = 8'192;
inline constexpr std::size_t idempotency_key_characters_max = 128;
inline constexpr std::int64_t idempotency_seconds = 7 * 24 * 60 * 60;
inline constexpr std::size_t events_per_snapshot = 1'000;

inline constexpr std::size_t page_items_default = 50;
inline constexpr std::size_t page_items_max = 200;
inline constexpr std::size_t body_bytes_max = 1024 * 1024;
inline constexpr std::size_t upload_chunk_bytes_max = 8 * 1024 * 1024;
inline constexpr std::uint64_t file_bytes_max = 1024 * 1024 * 1024;
inline constexpr std::size_t filename_characters_max = 255;
inline constexpr std::size_t uploads_per_user_max = 100;
inline constexpr std::int64_t unfinished_upload_seconds = 24 * 60 * 60;
inline constexpr std::int64_t unposted_file_seconds = 24 * 60 * 60;
inline constexpr std::int64_t file_grace_seconds = 10 * 60;
inline constexpr std::size_t upload_metadata_bytes_max = 4 * 1024;
inline constexpr std::size_t file_rooms_searched_max = 1'000;
inline constexpr std::size_t file_jobs_max = 256;
inline constexpr std::size_t inline_attachment_bytes_max = 1024 * 1024;
inline constexpr std::size_t search_query_characters_max = 200;
inline constexpr std::int64_t search_ms_max = 2'000;
inline constexpr std::size_t search_candidates_max = 20'000;
inline constexpr std::size_t searches_waiting_max = 64;
inline constexpr std::size_t json_nesting_max = 32;
inline constexpr std::int64_t min_position_wait_ms = 2'000;
inline constexpr std::size_t position_waiters_max = 4'096;

inline constexpr std::size_t feed_frame_bytes_max = 2 * 1024 * 1024;
inline constexpr std::size_t feed_backlog_bytes_max = 4 * 1024 * 1024;
inline constexpr std::size_t feed_backlog_frames_max = 4'096;
inline constexpr std::size_t feed_rooms_per_filter_max = 256;
inline constexpr std::int64_t feed_heartbeat_seconds = 30;
inline constexpr std::int64_t feed_cursor_wait_seconds = 5;

inline constexpr std::size_t delivery_events_max = 64;
inline constexpr std::size_t delivery_bytes_max = 64 * 1024;
inline constexpr std::size_t deliveries_unconfirmed_max = 128;
inline constexpr std::uint64_t publisher_lag_events_max = 100'000;
inline constexpr std::size_t log_page_events_max = 32'768;
inline constexpr std::size_t log_page_bytes_max = 4 * 1024 * 1024;
inline constexpr std::size_t log_pages_at_once_max = 2;
inline constexpr std::size_t log_pages_waiting_max = 32;
inline constexpr std::size_t follower_queue_deliveries_max = 10'000;
inline constexpr std::size_t follower_queue_bytes_max = 64 * 1024 * 1024;
inline constexpr std::size_t signals_waiting_max = 4'096;
inline constexpr std::size_t signal_bytes_max = 1'024;
inline constexpr std::int64_t broker_retry_ms_max = 10'000;

}  // namespace verbatim::limits
