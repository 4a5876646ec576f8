#include "broker/feed/bounds.hpp"
#include "broker/feed/feed_session.hpp"
#include "broker/feed/feed_session_state.hpp"
#include "domain/limits.hpp"
#include "protocol/room_access.hpp"

#include <chrono>
#include <utility>

namespace verbatim::feed {

void FeedSession::begin_feed() {
    const std::unique_ptr<Handshake> handshake = std::move(handshake_);
    const FeedRequest& request = handshake->request;
    read_some();
    if (is_ending()) return;
    if (const auto known = authenticate(request.token); !known) return close_refused(known.error());
    context_.hub.enter(*this);
    next_ping_ = std::chrono::steady_clock::now() + context_.options.heartbeat;
    const auto chosen = choose_scope(request);
    if (!chosen) return close(CloseCode::not_allowed, "not allowed");
    if (request.everything) return when_audited(request);
    begin_at(request);
}

// An auditor's feed begins once it is on record that it was opened.
void FeedSession::when_audited(const FeedRequest& request) {
    phase_ = Phase::waiting;
    due_ = std::chrono::steady_clock::now() + context_.options.cursor_wait;
    const bool is_of_one_room = request.rooms.size() == 1;
    context_.parts.audit_reads.record(
        user(),
        "GET /api/v1/feed?scope=all",
        is_of_one_room ? std::optional(request.rooms.front()) : std::nullopt,
        [io = context_.io, weak = weak_from_this(), request](Answer<void> recorded) {
            net::post(*io, [weak, request, recorded = std::move(recorded)] {
                const auto self = weak.lock();
                if (!self || self->phase_ != Phase::waiting) return;
                if (recorded) return self->begin_at(request);
                self->close(CloseCode::behind, "this node cannot record that an auditor reads");
            });
        }
    );
}

void FeedSession::begin_at(const FeedRequest& request) {
    if (request.after)
        begin_after(*request.after, request.epoch);
    else
        begin_at_tail();
}

void FeedSession::welcome() {
    using std::chrono::seconds;
    send(welcome_frame(
        {.user = user(),
         .epoch = context_.parts.log.epoch(),
         .position = context_.hub.position(),
         .heartbeat_seconds =
             std::chrono::duration_cast<seconds>(context_.options.heartbeat).count()}
    ));
}

// Before the handshake, where a refusal can still be told in HTTP. Who is not authentic is let in,
// to be told so by begin_feed().
Answer<void> FeedSession::admit_user(const std::string& token) const {
    const auto actor = context_.parts.authenticator.authenticate(token, context_.parts.clock());
    if (!actor) return {};
    return context_.parts.rate_limits.take_for(
        actor->user, Limiter::feeds_per_user, std::chrono::steady_clock::now()
    );
}

// 401, or 403 of an API key that may not read. A feed that is open already stays its user's.
Answer<void> FeedSession::authenticate(const std::string& token) {
    const auto actor = context_.parts.authenticator.authenticate(token, context_.parts.clock());
    if (!actor) return failure(actor.error());
    if (!user().is_nil() && actor->user != user())
        return failure(not_authenticated("this is another user's token"));
    auto reads = needs_scope(*actor, KeyScope::read);
    if (!reads) return reads;
    identify(actor->user, actor->session, actor->key ? actor->key->key : KeyId());
    may_send_ = needs_scope(*actor, KeyScope::send).has_value();
    expires_ = actor->expires;
    if (context_.parts.leader != nullptr) token_ = token;
    return {};
}

void FeedSession::close_refused(const Problem& problem) {
    if (problem.status == 403) return close(CloseCode::not_allowed, "the scope is missing");
    close(CloseCode::not_authenticated, "not authenticated");
}

Answer<void> FeedSession::choose_scope(const FeedRequest& request) {
    const Views& views = context_.parts.views;
    FeedScope scope;
    if (request.names_no_room) return failure(not_allowed("no such room"));
    if (request.everything) {
        const auto roles = roles_of(views, user());
        if (!roles) return failure(roles.error());
        if (!roles->contains(ServerRole::auditor)) return failure(not_allowed("auditors only"));
        scope.everything = true;
    }
    std::vector<RoomId> rooms = request.rooms;
    if (request.chat_room) {
        const auto access = member_access(views, *request.chat_room, user());
        if (!access) return failure(access.error());
        rooms = {*request.chat_room};
    } else if (!request.everything) {
        for (const RoomId& room : rooms) {
            const auto access = room_access(views, room, user());
            if (!access) return failure(access.error());
        }
    }
    if (!rooms.empty()) scope.rooms = std::move(rooms);
    narrow(std::move(scope));
    return {};
}

bool FeedSession::go_live() {
    const auto live = context_.hub.go_live(*this);
    if (live) return true;
    storage_failed(live.error());
    return false;
}

// The tail is the log's end at this moment: the hub hears of events after their callers were
// answered, and whoever has an answer in hand must not be told of it as news.
void FeedSession::begin_at_tail() {
    phase_ = Phase::waiting;
    due_ = std::chrono::steady_clock::now() + context_.options.cursor_wait;
    context_.hub.when_at(context_.parts.log.head(), [weak = weak_from_this()] {
        const auto self = weak.lock();
        if (!self || self->phase_ != Phase::waiting) return;
        self->welcome();
        if (self->is_ending()) return;
        self->phase_ = Phase::live;
        if (self->go_live()) self->send(caught_up_frame(self->context_.hub.position()));
    });
}

void FeedSession::begin_after(Position after, const std::optional<std::string>& epoch) {
    welcome();
    if (is_ending()) return;
    const bool is_other_epoch = epoch && *epoch != epoch_text(context_.parts.log.epoch());
    Leader* const leader = context_.parts.leader;
    const bool is_ahead = after > context_.parts.log.head();
    if (is_other_epoch || (leader == nullptr && is_ahead))
        return close(CloseCode::cursor_unknown, "this log does not have that position");
    // A cursor from an answer of this node may be ahead of the hub for a moment.
    phase_ = Phase::waiting;
    cursor_ = after;
    due_ = std::chrono::steady_clock::now() + context_.options.cursor_wait;
    if (is_ahead) leader->look();
    context_.hub.when_at(after, [weak = weak_from_this(), after] {
        const auto self = weak.lock();
        if (!self || self->phase_ != Phase::waiting) return;
        self->phase_ = Phase::catching_up;
        self->resumption_ = std::make_unique<Resumption>();
        self->resumption_->catch_up = std::make_shared<CatchUp>(
            self->context_.parts.log, self->context_.parts.views, self->user(), self->scope(), after
        );
        self->request_step();
    });
}

// A follower may be behind a cursor that its leader has given out; what that one did not have,
// asked after the cursor was shown, nobody has given out.
bool FeedSession::is_beyond_leader() const {
    const Leader* const leader = context_.parts.leader;
    return leader != nullptr && cursor_ > context_.parts.log.head() &&
           leader->is_beyond(cursor_, due_ - context_.options.cursor_wait);
}

// One step is out at a time, and none while the last one's frames wait for the socket: what a slow
// reader costs does not grow with what it missed.
void FeedSession::request_step() {
    if (resumption_->step_is_out || stream_.next_layer().queued_bytes() > 0) return;
    if (resumption_->round_is_over) {
        if (phase_ == Phase::handing_over) return become_live();
        next_round();
        if (is_ending()) return;
    }
    resumption_->step_is_out = true;
    context_.worker.submit(
        [io = context_.io, weak = weak_from_this(), catch_up = resumption_->catch_up]() mutable {
            auto step = catch_up->step();
            catch_up.reset();  // before the feed thread may use it
            net::post(*io, [weak = std::move(weak), step = std::move(step)]() mutable {
                const auto self = weak.lock();
                if (self && self->resumption_) self->step_is_done(std::move(step));
            });
        }
    );
}

void FeedSession::next_round() {
    Resumption& resumption = *resumption_;
    if (resumption.ends_with) return end_or_reach();
    const Position here = context_.hub.position();
    const std::uint64_t missing = here.value() - resumption.catch_up->reached().value();
    if (missing <= bounds::hand_over_events_max ||
        resumption.rounds >= bounds::hand_over_rounds_max) {
        phase_ = Phase::handing_over;
        resumption.live_from = here;
        if (!go_live()) return;
    }
    ++resumption.rounds;
    resumption.round_is_over = false;
    resumption.catch_up->aim(here);
}

// The last rounds of a feed that ends: no more live events, only what is missing up to its end.
void FeedSession::end_or_reach() {
    Resumption& resumption = *resumption_;
    if (resumption.catch_up->reached() >= resumption.ends_at) return end(*resumption.ends_with);
    resumption.round_is_over = false;
    resumption.catch_up->aim(resumption.ends_at);
}

void FeedSession::step_is_done(StoreResult<CatchUp::Step> step) {
    resumption_->step_is_out = false;
    if (!step) return storage_failed(step.error());
    resumption_->round_is_over = step->over;
    if (step->frames) {
        context_.counters.frames_encoded.add(step->frames->count);
        context_.counters.deliveries.add(step->frames->count);
        stream_.next_layer().push(std::move(step->frames));
        // Goes on in queue_is_empty().
        return flush();
    }
    request_step();
}

void FeedSession::become_live() {
    const std::unique_ptr<Resumption> resumption = std::move(resumption_);
    phase_ = Phase::live;
    stream_.next_layer().push(caught_up_frame(resumption->live_from));
    take(resumption->held);
    flush();
    // What was held is all there was before its end: the hub tells it nothing since.
    if (resumption->ends_with && !is_ending()) end(*resumption->ends_with);
}

void FeedSession::storage_failed(const StoreError& error) {
    if (context_.parts.report) context_.parts.report("feed: " + describe(error));
    close(CloseCode::internal, "this node cannot read its log");
}

}  // namespace verbatim::feed
