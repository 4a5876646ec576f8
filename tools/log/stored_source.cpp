#include "eventstore/rocks_storage.hpp"
#include "projections/views.hpp"
#include "protocol/envelope_json.hpp"
#include "tools/log/log_source.hpp"
#include "tools/stored_log.hpp"

#include <algorithm>
#include <chrono>
#include <deque>
#include <map>
#include <system_error>
#include <utility>

namespace verbatim {

namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

// One step of the scan: what is held at a time, and how long an interrupt waits.
constexpr std::size_t step_events = 256;
constexpr std::size_t step_records = 65'536;
constexpr std::size_t step_bytes = 1u << 20;

constexpr std::chrono::milliseconds look_interval(1'000);
// Opening the log again replays what the server has not yet put into tables: at most this part of
// the time goes into it.
constexpr int opening_share = 10;
constexpr int openings_failed_max = 5;

class StoredLog final : public LogSource {
public:
    StoredLog(fs::path data, const Interrupt& interrupt)
        : data_(std::move(data)), interrupt_(interrupt) {}

    [[nodiscard]] Result<void> open();

    [[nodiscard]] Result<Position> head() override { return log_->head(); }
    [[nodiscard]] Result<void> begin(const LogQuery& query) override;
    [[nodiscard]] Result<std::optional<LogEvent>> next() override;
    [[nodiscard]] Position reached() const override { return reached_; }
    [[nodiscard]] Result<bool> wait_for_more() override;
    [[nodiscard]] Result<std::optional<UserId>> find_user(const std::string& username) override {
        return holder_of<UserId>({ClaimKind::username, username});
    }
    [[nodiscard]] Result<std::optional<RoomId>> find_room(const std::string& alias) override {
        return holder_of<RoomId>({ClaimKind::alias, alias});
    }
    [[nodiscard]] std::optional<std::string> name_of(const UserId& user) override;
    [[nodiscard]] std::optional<std::string> name_of(const RoomId& room) override;
    [[nodiscard]] std::optional<MessageFate> fate_of(const RoomId& room, Version seq) override;
    [[nodiscard]] std::optional<std::uint64_t> disk_bytes() const override {
        return log_->disk_bytes();
    }

private:
    template <class Id>
    [[nodiscard]] Result<std::optional<Id>> holder_of(const ClaimName& name) const {
        const auto holder = log_->holder_of(name);
        if (!holder) return failure(describe(holder.error()));
        return *holder ? std::optional(Id(**holder)) : std::nullopt;
    }
    void open_views();
    [[nodiscard]] Result<void> scan_on();
    [[nodiscard]] std::map<std::string, std::uintmax_t> journals() const;

    const fs::path data_;
    const Interrupt& interrupt_;
    std::unique_ptr<EventLog> log_;
    std::unique_ptr<Views> views_;  // null: there are none, or they cannot be read
    std::map<std::string, std::uintmax_t> journals_;  // as they were when the log was opened
    Clock::duration opening_took_{};
    LogQuery query_;
    Position reached_;
    std::deque<LogEvent> found_;
};

LogSource::Result<void> StoredLog::open() {
    const auto begun = Clock::now();
    auto journals = this->journals();
    auto log = open_log_to_read(data_);
    if (!log) return failure(describe(log.error()));
    log_ = std::move(*log);
    journals_ = std::move(journals);
    opening_took_ = Clock::now() - begun;
    return {};
}

// For names only: who has no views is still shown everything.
void StoredLog::open_views() {
    std::error_code fault;
    if (!fs::exists(data_ / "views" / "CURRENT", fault)) return;
    auto storage =
        open_rocks_storage_to_read({.directory = data_ / "views", .columns = Views::column_names()}
        );
    if (storage) views_ = std::make_unique<Views>(std::move(*storage));
}

LogSource::Result<void> StoredLog::begin(const LogQuery& query) {
    query_ = query;
    reached_ = query.after;
    found_.clear();
    if (query.time == TimeMeant::occurred) return {};
    if (query.since) {
        const auto first = log_->first_position_since(*query.since);
        if (!first) return failure(describe(first.error()));
        reached_ = std::max(reached_, Position(first->value() - 1));
    }
    if (query.until) {
        const auto first = log_->first_position_since(*query.until);
        if (!first) return failure(describe(first.error()));
        query_.up_to = std::min(query_.up_to, Position(first->value() - 1));
    }
    return {};
}

LogSource::Result<void> StoredLog::scan_on() {
    auto scanned = log_->scan(
        {.after = reached_,
         .up_to = std::min(query_.up_to, log_->head()),
         .wants = [this](const RecordView& record) { return query_.may_match(record); },
         .events_max = step_events,
         .examined_max = step_records,
         .bytes_max = step_bytes}
    );
    if (!scanned) return failure(describe(scanned.error()));
    reached_ = scanned->reached;
    for (const RecordedEvent& recorded : scanned->events) {
        std::string envelope;
        append_envelope(envelope, recorded);
        auto event = parse_log_event(std::move(envelope));
        if (!event) return failure("what this build writes is no envelope: a bug of it");
        if (query_.matches(*event)) found_.push_back(std::move(*event));
    }
    return {};
}

LogSource::Result<std::optional<LogEvent>> StoredLog::next() {
    while (found_.empty() && reached_ < std::min(query_.up_to, log_->head())) {
        if (interrupt_.is_requested()) return std::optional<LogEvent>();
        auto scanned = scan_on();
        if (!scanned) return failure(scanned.error());
    }
    if (found_.empty()) return std::optional<LogEvent>();
    auto event = std::move(found_.front());
    found_.pop_front();
    return std::optional(std::move(event));
}

// RocksDB's write-ahead logs: whatever is committed makes one of them longer first.
std::map<std::string, std::uintmax_t> StoredLog::journals() const {
    std::map<std::string, std::uintmax_t> found;
    std::error_code fault;
    for (fs::directory_iterator file(data_ / "log", fault), end; !fault && file != end;
         file.increment(fault)) {
        std::error_code gone;
        if (file->path().extension() == ".log")
            found[file->path().filename().string()] = fs::file_size(file->path(), gone);
    }
    return found;
}

LogSource::Result<bool> StoredLog::wait_for_more() {
    const Position before = log_->head();
    int failed = 0;
    while (log_->head() == before) {
        const auto share = std::chrono::ceil<std::chrono::milliseconds>(opening_took_);
        if (interrupt_.wait(std::max(look_interval, opening_share * share))) return false;
        if (journals() == journals_) continue;
        auto opened = open();
        if (!opened && ++failed == openings_failed_max) return failure(opened.error());
    }
    return true;
}

std::optional<std::string> StoredLog::name_of(const UserId& user) {
    const auto account = log_->read_stream(stream_of(user), Version());
    const auto first = account->next();
    if (!first || !*first) return std::nullopt;
    const auto* const event = std::get_if<AccountEvent>(&(*first)->event);
    const auto* const registered = event == nullptr ? nullptr : std::get_if<UserRegistered>(event);
    return registered == nullptr ? std::nullopt : registered->username;
}

std::optional<std::string> StoredLog::name_of(const RoomId& room) {
    if (!views_) open_views();
    if (views_) {
        const auto row = views_->rooms().room(room);
        if (row && *row) return (*row)->alias ? "#" + *(*row)->alias : (*row)->name;
    }
    // As it was called when it was made.
    const auto events = log_->read_stream(stream_of(room), Version());
    const auto first = events->next();
    if (!first || !*first) return std::nullopt;
    const auto* const event = std::get_if<RoomEvent>(&(*first)->event);
    const auto* const created = event == nullptr ? nullptr : std::get_if<RoomCreated>(event);
    if (created == nullptr) return std::nullopt;
    return created->alias ? "#" + *created->alias : created->name;
}

std::optional<MessageFate> StoredLog::fate_of(const RoomId& room, Version seq) {
    const auto events = log_->read_message(room, seq, seq);
    MessageFate fate;
    while (!fate.is_deleted) {
        const auto next = events->next();
        if (!next) return std::nullopt;
        if (!*next) break;
        const auto* const event = std::get_if<RoomEvent>(&(*next)->event);
        if (event == nullptr) continue;
        if (std::holds_alternative<MessageEdited>(*event)) fate.is_edited = true;
        if (std::holds_alternative<MessageDeleted>(*event)) fate.is_deleted = true;
    }
    return fate;
}

}  // namespace

LogSource::Result<std::unique_ptr<LogSource>> open_stored_log(
    const fs::path& data, const Interrupt& interrupt
) {
    auto log = std::make_unique<StoredLog>(data, interrupt);
    auto opened = log->open();
    if (!opened) return failure(opened.error());
    return std::unique_ptr<LogSource>(std::move(log));
}

}  // namespace verbatim
