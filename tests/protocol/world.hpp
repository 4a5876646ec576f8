#pragma once

#include "projections/views.hpp"
#include "tests/domain/scenario.hpp"

#include <memory>
#include <unordered_map>
#include <utility>
#include <vector>

// What has happened, as the views show it, for tests of what is made of views:
//
//     World world;
//     world.happened(hall, alice, group_named("Hall")).happened(hall, bob, joined(bob));
namespace verbatim::testing {

inline constexpr RoomId hall = numbered<RoomId>(101);
inline constexpr SessionId laptop = numbered<SessionId>(201);
inline constexpr SessionId phone = numbered<SessionId>(202);

[[nodiscard]] inline AccountEvent signed_up(const std::string& username) {
    return UserRegistered{
        .username = username, .display_name = "The " + username, .password_hash = "hash"};
}
[[nodiscard]] inline AccountEvent opened(SessionId session) {
    return SessionOpened{
        .session = session, .address = "192.0.2.7", .agent = "curl/8", .refresh_hash = "hash"};
}
[[nodiscard]] inline AccountEvent closed(SessionId session) {
    return SessionClosed{.session = session, .reason = SessionEnd::logged_out};
}
[[nodiscard]] inline RoomCreated group_named(const std::string& name) {
    return {
        .kind = RoomKind::group,
        .name = name,
        .description = std::nullopt,
        .alias = std::nullopt,
        .visibility = Visibility::public_,
        .history = History::shared,
        .max_members = 1'000,
        .direct_with = std::nullopt};
}
[[nodiscard]] inline RoomEvent joined(UserId user) {
    return MemberJoined{.user = user, .role = MemberRole::member, .added_by = std::nullopt};
}
[[nodiscard]] inline RoomEvent left(UserId user) {
    return MemberLeft{.user = user};
}
[[nodiscard]] inline RoomEvent said(const std::string& text) {
    MessageSent message;
    message.text = text;
    return message;
}

// One event a second from noon on, each a command of its own.
class World {
public:
    World() : views_(make_memory_storage(Views::column_names().size())) {}

    World& append(StreamId stream, UserId actor, Event event) {
        last_ = recorded(stream, actor, std::move(event));
        EXPECT_TRUE(views_.apply(*last_, Uuid{}).has_value());
        return *this;
    }
    World& happened(RoomId room, UserId actor, RoomEvent event) {
        return append(stream_of(room), actor, std::move(event));
    }
    World& happened(UserId user, AccountEvent event) {
        return append(stream_of(user), user, std::move(event));
    }
    // The user's own reading, in its reader stream.
    World& read(UserId user, RoomId room, std::uint64_t up_to) {
        return append(
            reader_stream_of(user),
            user,
            ReaderEvent(RoomRead{.room = room, .up_to = Version(up_to)})
        );
    }

    // Numbered and timed, but not applied.
    [[nodiscard]] std::shared_ptr<const CommittedBatch> recorded(
        StreamId stream, UserId actor, Event event
    ) {
        position_ = position_.next();
        versions_[stream] = versions_[stream].next();
        const auto number = static_cast<std::uint32_t>(position_.value());
        auto batch = std::make_shared<CommittedBatch>();
        batch->events.push_back(
            {.position = position_,
             .stream = stream,
             .version = versions_[stream],
             .id = numbered<EventId>(number),
             .command = numbered<CommandId>(number),
             .at = seconds_after_noon(static_cast<std::int64_t>(number)),
             .occurred_at = std::nullopt,
             .actor = actor,
             .key = std::nullopt,
             .event = std::move(event)}
        );
        return batch;
    }

    [[nodiscard]] Views& views() { return views_; }
    [[nodiscard]] const CommittedBatch& last() const { return *last_; }

private:
    Views views_;
    Position position_;
    std::unordered_map<StreamId, Version> versions_;
    std::shared_ptr<const CommittedBatch> last_;
};

}  // namespace verbatim::testing
