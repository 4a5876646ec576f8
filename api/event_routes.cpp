// GET /events and GET /rooms/{room_id}/events
#include "api/audit_routes.hpp"
#include "api/audited_read.hpp"
#include "eventstore/codec.hpp"
#include "projections/json_text.hpp"
#include "protocol/envelope_json.hpp"
#include "protocol/room_access.hpp"

#include <algorithm>
#include <limits>
#include <stdexcept>
#include <utility>

namespace verbatim::api::audit {

namespace {

// What one page, or one piece of a stream, may cost the worker: some milliseconds. Records that the
// filter passes over cost less than a microsecond each, an envelope some.
constexpr std::size_t records_per_page = 20'000;
constexpr std::size_t bytes_per_page = 1u << 20;
constexpr std::size_t records_per_piece = 4'096;
constexpr std::size_t events_per_piece = 256;
constexpr std::size_t bytes_per_piece = 64u << 10;

struct EventFilter {
    std::optional<RoomId> room;
    std::optional<UserId> actor;
    std::optional<std::string> type;
    Position after;
    Position up_to{std::numeric_limits<std::uint64_t>::max()};

    // Before decoding: false only where the event cannot match.
    [[nodiscard]] bool may_match(const RecordView& record) const {
        if (actor && record.actor != *actor) return false;
        if (type && record.type != *type) return false;
        return !room || record.stream.kind == StreamKind::reader ||
               record.stream == stream_of(*room);
    }
    [[nodiscard]] bool matches(const RecordedEvent& event) const {
        const auto* const of_reader = std::get_if<ReaderEvent>(&event.event);
        return !room || of_reader == nullptr || std::get<RoomRead>(*of_reader).room == *room;
    }
};

template <class Id>
Answer<std::optional<Id>> id_in_query(const HttpRequest& request, const std::string& name) {
    const std::string* text = request.query_value(name);
    if (text == nullptr) return std::optional<Id>();
    const auto id = parse_id<Id>(*text);
    if (!id) return failure(invalid_field(name, "must be an id"));
    return std::optional(*id);
}

Answer<std::optional<std::string>> type_in_query(const HttpRequest& request) {
    const std::string* text = request.query_value("type");
    if (text == nullptr) return std::optional<std::string>();
    if (std::ranges::find(event_types(), *text, &EventType::type) == event_types().end())
        return failure(invalid_field("type", "must be a type of the event catalogue"));
    return std::optional(*text);
}

// The first position of that time or later.
Answer<std::optional<Position>> time_in_query(
    const ExchangePtr& exchange, const std::string& name
) {
    const std::string* text = exchange->request().query_value(name);
    if (text == nullptr) return std::optional<Position>();
    const auto time = parse_rfc3339(*text);
    if (!time) return failure(invalid_field(name, "must be a time as RFC 3339 writes it"));
    const auto first = exchange->services().log.first_position_since(*time);
    if (!first) return failure(problem_of(first.error()));
    return std::optional(*first);
}

Answer<EventFilter> filter_of(const ExchangePtr& exchange) {
    const HttpRequest& request = exchange->request();
    EventFilter filter;
    const auto after =
        number_in_query(request, "after", 0, std::numeric_limits<std::uint64_t>::max());
    if (!after) return failure(after.error());
    filter.after = Position(after->value_or(0));
    const auto room = id_in_query<RoomId>(request, "room_id");
    if (!room) return failure(room.error());
    filter.room = *room;
    const auto actor = id_in_query<UserId>(request, "actor_id");
    if (!actor) return failure(actor.error());
    filter.actor = *actor;
    auto type = type_in_query(request);
    if (!type) return failure(type.error());
    filter.type = std::move(*type);
    const auto since = time_in_query(exchange, "since");
    if (!since) return failure(since.error());
    if (*since) filter.after = std::max(filter.after, Position((*since)->value() - 1));
    const auto until = time_in_query(exchange, "until");
    if (!until) return failure(until.error());
    if (*until) filter.up_to = std::min(filter.up_to, Position((*until)->value() - 1));
    return filter;
}

// What a filter lets through, a bounded step at a time. Keeps no snapshot between steps.
class FilteredEvents {
public:
    FilteredEvents(const EventLog& log, EventFilter filter)
        : log_(log), filter_(std::move(filter)) {}

    [[nodiscard]] StoreResult<std::vector<RecordedEvent>> step(
        std::size_t events, std::size_t records, std::size_t bytes
    ) {
        auto scanned = log_.scan(
            {.after = filter_.after,
             .up_to = filter_.up_to,
             .wants = [this](const RecordView& record) { return filter_.may_match(record); },
             .events_max = events,
             .examined_max = records,
             .bytes_max = bytes}
        );
        if (!scanned) return failure(scanned.error());
        filter_.after = scanned->reached;
        std::erase_if(scanned->events, [this](const RecordedEvent& event) {
            return !filter_.matches(event);
        });
        return std::move(scanned->events);
    }
    [[nodiscard]] bool is_over() const { return filter_.after >= filter_.up_to; }
    [[nodiscard]] Position reached() const { return filter_.after; }

private:
    const EventLog& log_;
    EventFilter filter_;
};

Answer<bool> reads_the_whole_log(const Views& views, const UserId& user) {
    const auto roles = roles_of(views, user);
    if (!roles) return failure(roles.error());
    return roles->contains(ServerRole::auditor) || roles->contains(ServerRole::admin);
}

// One envelope a line, until the end or until the reader's role is revoked.
class EventLines final : public BodyStream {
public:
    EventLines(const Services& services, const UserId& reader, EventFilter filter)
        : views_(services.views), reader_(reader), events_(services.log, std::move(filter)) {}

    [[nodiscard]] std::optional<std::string> next() override {
        if (events_.is_over()) return std::nullopt;
        const auto may_read = reads_the_whole_log(views_, reader_);
        if (!may_read || !*may_read) throw std::runtime_error("the reader's role was revoked");
        const auto events = events_.step(events_per_piece, records_per_piece, bytes_per_piece);
        if (!events)
            throw std::runtime_error(verbatim::describe(events.error()));  // breaks the answer off
        std::string lines;
        for (const RecordedEvent& event : *events) {
            append_envelope(lines, event);
            lines += '\n';
        }
        return lines;
    }

private:
    const Views& views_;
    const UserId reader_;
    FilteredEvents events_;
};

bool wants_lines(const HttpRequest& request) {
    const std::string* accept = request.header("accept");
    return accept != nullptr && accept->find("application/x-ndjson") != std::string::npos;
}

void add_item(std::string& items, const RecordedEvent& event) {
    if (!items.empty()) items += ',';
    append_envelope(items, event);
}

void send_page(const ExchangePtr& exchange, EventFilter filter, std::size_t limit) {
    FilteredEvents events(exchange->services().log, std::move(filter));
    const auto page = events.step(limit, records_per_page, bytes_per_page);
    if (!page) return exchange->send_problem(problem_of(page.error()));
    std::string items;
    for (const RecordedEvent& event : *page) add_item(items, event);
    const std::string next =
        events.is_over()
            ? std::string()
            : next_url(exchange->request(), "after", std::to_string(events.reached().value()));
    exchange->send_json(200, list_json(items, next));
}

// --- of one room
// --------------------------------------------------------------------------------------

// Who reads a room's events: a member, as far as the room shows it its history, or an auditor.
struct RoomReader {
    RoomId room;
    bool is_auditor = false;
    std::vector<SeqSpan> readable;
};

Answer<RoomReader> reader_of(const ExchangePtr& exchange, const Actor& actor) {
    const auto room = room_in_path(exchange->request());
    if (!room) return failure(room.error());
    const auto roles = roles_of(exchange->views(), actor.user);
    if (!roles) return failure(roles.error());
    RoomReader reader{
        .room = *room,
        .is_auditor = roles->contains(ServerRole::auditor),
        .readable = {{Version(1), Version()}}};
    if (reader.is_auditor) {
        const auto row = exchange->views().rooms().room(*room);
        if (!row) return failure(problem_of(row.error()));
        if (!*row) return failure(problem_of(Rule::room_not_found));
        return reader;
    }
    auto access = member_access(exchange->views(), *room, actor.user);
    if (!access) return failure(access.error());
    if (access->readable) reader.readable = std::move(*access->readable);
    return reader;
}

StoreResult<bool> is_hidden(
    const Views& views, const RoomReader& reader, const RecordedEvent& event
) {
    const auto* const room_event = std::get_if<RoomEvent>(&event.event);
    if (reader.is_auditor || room_event == nullptr) return false;
    if (std::holds_alternative<MessageSent>(*room_event))
        return views.timeline().is_deleted(reader.room, event.version);
    const auto* const edited = std::get_if<MessageEdited>(room_event);
    return edited == nullptr ? StoreResult<bool>(false)
                             : views.timeline().is_deleted(reader.room, edited->seq);
}

class RoomPage {
public:
    RoomPage(const Services& services, const RoomReader& reader, Version after, std::size_t limit)
        : services_(services), reader_(reader), last_(after), limit_(limit) {}

    [[nodiscard]] StoreResult<void> read() {
        for (const SeqSpan& span : reader_.readable) {
            auto done = read_span(span);
            if (!done || has_more_) return done;
        }
        return {};
    }
    [[nodiscard]] const std::string& items() const { return items_; }
    // The last seq of the page, where another follows it.
    [[nodiscard]] std::optional<Version> next() const {
        return has_more_ ? std::optional(last_) : std::nullopt;
    }

private:
    [[nodiscard]] StoreResult<void> read_span(const SeqSpan& span) {
        const Version before_span(span.first.value() - 1);
        const auto cursor =
            services_.log.read_stream(stream_of(reader_.room), std::max(last_, before_span));
        while (true) {
            auto next = cursor->next();
            if (!next) return failure(next.error());
            if (!*next || (*next)->position > services_.views.position()) return {};
            if (span.last != Version() && (*next)->version > span.last) return {};
            has_more_ = count_ == limit_ || items_.size() >= bytes_per_page;
            if (has_more_) return {};
            const auto hidden = is_hidden(services_.views, reader_, **next);
            if (!hidden) return failure(hidden.error());
            last_ = (*next)->version;
            add_item(items_, *hidden ? without_contents(std::move(**next)) : **next);
            ++count_;
        }
    }

    const Services& services_;
    const RoomReader& reader_;
    Version last_;
    const std::size_t limit_;
    std::size_t count_ = 0;
    std::string items_;
    bool has_more_ = false;
};

void send_room_page(
    const ExchangePtr& exchange, const RoomReader& reader, Version after, std::size_t limit
) {
    RoomPage page(exchange->services(), reader, after, limit);
    const auto read = page.read();
    if (!read) return exchange->send_problem(problem_of(read.error()));
    const std::string next =
        page.next()
            ? next_url(exchange->request(), "after_seq", std::to_string(page.next()->value()))
            : "";
    exchange->send_json(200, list_json(page.items(), next));
}

}  // namespace

void list_events(const ExchangePtr& exchange, const Actor& actor) {
    const auto may_read = reads_the_whole_log(exchange->views(), actor.user);
    if (!may_read) return exchange->send_problem(may_read.error());
    if (!*may_read)
        return exchange->send_problem(not_allowed("Only auditors and admins read the whole log."));
    const auto limit = limit_in_query(exchange->request());
    if (!limit) return exchange->send_problem(limit.error());
    const auto filter = filter_of(exchange);
    if (!filter) return exchange->send_problem(filter.error());
    audited_read(
        exchange,
        actor,
        filter->room,
        [exchange, reader = actor.user, limit = *limit, filter = *filter]() mutable {
            filter.up_to = std::min(filter.up_to, exchange->views().position());
            if (!wants_lines(exchange->request()))
                return send_page(exchange, std::move(filter), limit);
            exchange->send_stream(
                200,
                "application/x-ndjson",
                "",
                std::make_shared<EventLines>(exchange->services(), reader, std::move(filter))
            );
        }
    );
}

void list_room_events(const ExchangePtr& exchange, const Actor& actor) {
    const HttpRequest& request = exchange->request();
    auto reader = reader_of(exchange, actor);
    if (!reader) return exchange->send_problem(reader.error());
    const auto limit = limit_in_query(request);
    if (!limit) return exchange->send_problem(limit.error());
    const auto after =
        number_in_query(request, "after_seq", 0, std::numeric_limits<std::uint64_t>::max());
    if (!after) return exchange->send_problem(after.error());
    const Version after_seq(after->value_or(0));
    if (!reader->is_auditor) return send_room_page(exchange, *reader, after_seq, *limit);
    audited_read(
        exchange,
        actor,
        reader->room,
        [exchange, reader = std::move(*reader), after_seq, limit = *limit] {
            send_room_page(exchange, reader, after_seq, limit);
        }
    );
}

}  // namespace verbatim::api::audit
