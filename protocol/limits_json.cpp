#include "domain/limits.hpp"
#include "protocol/answer_json.hpp"
#include "protocol/object_writer.hpp"

#include <array>

namespace verbatim {
namespace {

struct NamedLimit {
    std::string_view name;
    std::uint64_t value;
};

// Those that a client can meet; what is left of domain/limits.hpp is between the parts of a node.
constexpr auto visible_limits = std::to_array<NamedLimit>({
    {"username_characters_min", limits::username_characters_min},
    {"username_characters_max", limits::username_characters_max},
    {"display_name_characters_max", limits::display_name_characters_max},
    {"password_characters_min", limits::password_characters_min},
    {"password_characters_max", limits::password_characters_max},
    {"sessions_per_user_max", limits::sessions_per_user_max},
    {"keys_per_user_max", limits::keys_per_user_max},
    {"key_name_characters_max", limits::key_name_characters_max},
    {"access_token_seconds", limits::access_token_seconds},
    {"refresh_token_seconds", limits::refresh_token_seconds},
    {"room_name_characters_max", limits::room_name_characters_max},
    {"room_description_characters_max", limits::room_description_characters_max},
    {"alias_characters_min", limits::alias_characters_min},
    {"alias_characters_max", limits::alias_characters_max},
    {"room_members_min", limits::room_members_min},
    {"room_members_default", limits::room_members_default},
    {"room_members_max", limits::room_members_max},
    {"members_per_create_max", limits::members_per_create_max},
    {"invites_per_room_max", limits::invites_per_room_max},
    {"bans_per_room_max", limits::bans_per_room_max},
    {"invite_links_per_room_max", limits::invite_links_per_room_max},
    {"invite_link_uses_max", limits::invite_link_uses_max},
    {"invite_link_seconds_max", limits::invite_link_seconds_max},
    {"pins_per_room_max", limits::pins_per_room_max},
    {"ban_reason_characters_max", limits::ban_reason_characters_max},
    {"hold_reason_characters_max", limits::hold_reason_characters_max},
    {"retention_days_max", limits::retention_days_max},
    {"text_characters_max", limits::text_characters_max},
    {"metadata_bytes_max", limits::metadata_bytes_max},
    {"attachments_per_message_max", limits::attachments_per_message_max},
    {"mentions_per_message_max", limits::mentions_per_message_max},
    {"edits_per_message_max", limits::edits_per_message_max},
    {"emoji_bytes_max", limits::emoji_bytes_max},
    {"emoji_per_message_max", limits::emoji_per_message_max},
    {"reactions_per_message_max", limits::reactions_per_message_max},
    {"read_marker_interval_ms", limits::read_marker_interval_ms},
    {"typing_ms", limits::typing_ms},
    {"typing_users_per_room_max", limits::typing_users_per_room_max},
    {"presence_grace_ms", limits::presence_grace_ms},
    {"presence_members_max", limits::presence_members_max},
    {"idempotency_key_characters_max", limits::idempotency_key_characters_max},
    {"idempotency_seconds", limits::idempotency_seconds},
    {"page_items_default", limits::page_items_default},
    {"page_items_max", limits::page_items_max},
    {"body_bytes_max", limits::body_bytes_max},
    {"upload_chunk_bytes_max", limits::upload_chunk_bytes_max},
    {"file_bytes_max", limits::file_bytes_max},
    {"filename_characters_max", limits::filename_characters_max},
    {"uploads_per_user_max", limits::uploads_per_user_max},
    {"unfinished_upload_seconds", limits::unfinished_upload_seconds},
    {"unposted_file_seconds", limits::unposted_file_seconds},
    {"upload_metadata_bytes_max", limits::upload_metadata_bytes_max},
    {"inline_attachment_bytes_max", limits::inline_attachment_bytes_max},
    {"search_query_characters_max", limits::search_query_characters_max},
    {"search_ms_max", limits::search_ms_max},
    {"json_nesting_max", limits::json_nesting_max},
    {"min_position_wait_ms", limits::min_position_wait_ms},
    {"feed_frame_bytes_max", limits::feed_frame_bytes_max},
    {"feed_backlog_bytes_max", limits::feed_backlog_bytes_max},
    {"feed_backlog_frames_max", limits::feed_backlog_frames_max},
    {"feed_rooms_per_filter_max", limits::feed_rooms_per_filter_max},
    {"feed_heartbeat_seconds", limits::feed_heartbeat_seconds},
    {"feed_cursor_wait_seconds", limits::feed_cursor_wait_seconds},
});

}  // namespace

std::string limits_json(std::uint64_t file_bytes_max) {
    std::string out;
    ObjectWriter object(out);
    for (const NamedLimit& limit : visible_limits) {
        const bool is_set = limit.name == "file_bytes_max";
        object.put(limit.name, is_set ? file_bytes_max : limit.value);
    }
    object.close();
    return out;
}

}  // namespace verbatim
