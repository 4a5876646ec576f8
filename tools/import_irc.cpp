#include "tools/import_irc.hpp"

#include "domain/type_id.hpp"
#include "protocol/command_key.hpp"
#include "protocol/problem.hpp"
#include "protocol/random.hpp"
#include "protocol/request_json.hpp"
#include "protocol/text_rules.hpp"
#include "tools/engine.hpp"
#include "tools/irc_log.hpp"
#include "tools/offline.hpp"
#include "tools/progress.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <semaphore>
#include <utility>

namespace verbatim {

namespace {

constexpr std::ptrdiff_t commands_in_flight = 256;
constexpr std::string_view importer_username = "irc-import";

struct Counts {
    std::size_t files = 0;
    std::size_t lines = 0;
    std::size_t messages = 0;
    std::size_t memberships = 0;
    std::size_t renames = 0;
    std::size_t notices = 0;
    std::size_t refused = 0;
    std::size_t already_there = 0;
};

// One line on its way: which counter it moves, and where it stands.
struct LinePlace {
    std::string file;
    std::size_t number = 0;
    std::string key;  // the same for the same line of the same file, for ever
    Timestamp occurred_at;
};

// One of the commands that a line is made of: told apart from the others of the same line by name,
// and, where it stands for the line itself, counted.
struct Step {
    std::string name;
    std::size_t Counts::*counter = nullptr;
};

// A message that a line becomes, and what counts it.
struct Said {
    MessageKind kind = MessageKind::text;
    std::string text;
    std::size_t Counts::*counter = nullptr;
};

class Import {
public:
    Import(Engine& engine, const ImportIrcOptions& options) : engine_(engine), options_(options) {}

    // Nothing when all went well, else the sentence that ends the run.
    std::optional<std::string> run();
    [[nodiscard]] const Counts& counts() const { return counts_; }

private:
    std::optional<std::string> import_file(const std::filesystem::path& file);
    void import_line(const IrcLine& line, const LinePlace& place);
    void send(const UserId& sender, Said said, const LinePlace& place);
    void rename(const IrcLine& line, const LinePlace& place);
    void come_or_go(const IrcLine& line, const LinePlace& place);

    // The account of a nick: found by its username, or registered.
    UserId user_of(const std::string& nick, Timestamp at);
    UserId register_user(const std::string& username, const std::string& nick, Timestamp at);
    [[nodiscard]] bool is_imported(const UserId& user) const;
    std::optional<std::string> find_or_make_room();
    void enter(const UserId& user, const LinePlace& place);

    // Submits and goes on; `step` tells the commands of one line apart.
    void submit(RoomCommand command, const UserId& actor, const LinePlace& place, Step step);
    void note(const CommandResult& result, const LinePlace& place, const Step& step);
    [[nodiscard]] CommandKey key_of(const std::string& text) const;
    [[nodiscard]] bool is_there(const std::string& key) const;
    [[nodiscard]] std::string line_key(
        const std::string& file, std::size_t number, const std::string& text
    ) const;
    void refuse(const LinePlace& place, const std::string& why);
    void wait_for_all();

    Engine& engine_;
    const ImportIrcOptions& options_;
    Counts counts_;
    UserId importer_;
    RoomId room_;
    std::map<std::string, UserId> users_;
    std::map<UserId, bool> inside_;
    std::counting_semaphore<commands_in_flight> free_{commands_in_flight};
    std::mutex outcome_mutex_;
    std::optional<std::string> failed_;
};

CommandKey Import::key_of(const std::string& text) const {
    return engine_.command_keys().make(importer_, text, "import irc", text, 201);
}

// Asked of the log itself: a line stays imported longer than clients' keys are kept.
bool Import::is_there(const std::string& key) const {
    const auto remembered = engine_.log().remembered(key_of(key).key);
    return remembered && remembered->has_value();
}

// The same for the same line of the same file in the same room, for ever.
std::string Import::line_key(const std::string& file, std::size_t number, const std::string& text)
    const {
    const std::string place = to_text(room_) + "/" + file + ":" + std::to_string(number) + ":";
    const Digest digest = sha256({place, text});
    Uuid half;
    std::copy_n(digest.begin(), half.bytes.size(), half.bytes.begin());
    return "irc:" + base32_text(half);
}

void Import::refuse(const LinePlace& place, const std::string& why) {
    ++counts_.refused;
    std::fprintf(
        stderr, "%s:%zu: not imported: %s\n", place.file.c_str(), place.number, why.c_str()
    );
}

void Import::submit(RoomCommand command, const UserId& actor, const LinePlace& place, Step step) {
    const std::string key = place.key + step.name;
    if (is_there(key)) return;
    free_.acquire();
    Submission submission{
        .stream = stream_of(room_),
        .command = std::move(command),
        .actor = actor,
        .id = CommandId(new_uuid(system_now())),
        .key = key_of(key),
        .if_match = std::nullopt,
        .occurred_at = place.occurred_at};
    engine_.sequencer().submit(std::move(submission), [this, place, step](CommandResult result) {
        note(result, place, step);
        free_.release();
    });
}

// On the sequencer's writer thread. A line that a rule refuses is named and counted; anything else
// that goes wrong ends the import.
void Import::note(const CommandResult& result, const LinePlace& place, const Step& step) {
    const std::lock_guard lock(outcome_mutex_);
    if (result) {
        if (step.counter != nullptr) ++(counts_.*step.counter);
        return;
    }
    const std::string code(problem_of(result.error()).code);
    if (result.error().fault != CommandFault::refused) {
        if (!failed_) failed_ = place.file + ":" + std::to_string(place.number) + ": " + code;
    } else if (step.counter != nullptr) {
        refuse(place, code);
    }
}

void Import::wait_for_all() {
    for (std::ptrdiff_t i = 0; i < commands_in_flight; ++i) free_.acquire();
    free_.release(commands_in_flight);
}

bool Import::is_imported(const UserId& user) const {
    const auto row = engine_.views().users().user(user);
    if (!row || !*row) return false;
    const auto recorded = engine_.log().read((*row)->credential_position);
    if (!recorded) return false;
    const auto* event = std::get_if<AccountEvent>(&recorded->event);
    const auto* registered = event == nullptr ? nullptr : std::get_if<UserRegistered>(event);
    // Nobody can sign in to it: it has no password.
    return registered != nullptr && registered->password_hash == "";
}

UserId Import::register_user(const std::string& username, const std::string& nick, Timestamp at) {
    const UserId user(new_uuid(system_now()));
    const auto registered = submit_and_wait(
        engine_,
        {.stream = stream_of(user),
         .command = AccountCommand(RegisterUser{
             .username = username, .display_name = nick, .password_hash = ""}),
         .actor = user,
         .id = CommandId(new_uuid(system_now())),
         .key = std::nullopt,
         .if_match = std::nullopt,
         .occurred_at = at}
    );
    if (!registered) {
        const std::lock_guard lock(outcome_mutex_);
        failed_ =
            "cannot register " + username + ": " + std::string(problem_of(registered.error()).code);
    }
    return user;
}

UserId Import::user_of(const std::string& nick, Timestamp at) {
    const std::string folded = fold_nick(nick);
    const auto known = users_.find(folded);
    if (known != users_.end()) return known->second;
    std::string username = username_of_nick(nick);
    auto holder = engine_.log().holder_of({ClaimKind::username, username});
    if (holder && *holder && !is_imported(UserId(**holder))) {
        // Somebody else's account: a person who happens to have that name.
        username.resize(std::min<std::size_t>(username.size(), 27));
        username += "..irc";
        holder = engine_.log().holder_of({ClaimKind::username, username});
    }
    const UserId user = holder && *holder ? UserId(**holder) : register_user(username, nick, at);
    users_.emplace(folded, user);
    return user;
}

void Import::enter(const UserId& user, const LinePlace& place) {
    bool& inside = inside_[user];
    if (inside) return;
    submit(JoinRoom{}, user, place, {.name = "/enter/" + to_text(user)});
    inside = true;
}

void Import::send(const UserId& sender, Said said, const LinePlace& place) {
    enter(sender, place);
    const auto mentions = resolve_mentions(said.text, engine_.views().users());
    submit(
        SendMessage{
            .kind = said.kind,
            .text = std::move(said.text),
            .metadata = std::nullopt,
            .attachments = {},
            .reply_to = std::nullopt,
            .mentions = mentions ? *mentions : std::vector<UserId>()},
        sender,
        place,
        {.name = "", .counter = said.counter}
    );
}

// The old nick says so and leaves, the new one is there: each nick stays one account, so that every
// line keeps the name under which it was written.
void Import::rename(const IrcLine& line, const LinePlace& place) {
    const UserId before = user_of(line.nick, place.occurred_at);
    const UserId after = user_of(line.text, place.occurred_at);
    send(
        before,
        {.kind = MessageKind::notice,
         .text = line.nick + " is now known as " + line.text,
         .counter = &Counts::renames},
        place
    );
    enter(after, place);
    if (before == after) return;
    submit(LeaveRoom{}, before, place, {.name = "/leave"});
    inside_[before] = false;
}

void Import::come_or_go(const IrcLine& line, const LinePlace& place) {
    const UserId user = user_of(line.nick, place.occurred_at);
    const bool is_join = line.kind == IrcLine::Kind::joined;
    // Who leaves was there, though this log does not show the coming.
    if (!is_join) enter(user, place);
    submit(
        is_join ? RoomCommand(JoinRoom{}) : RoomCommand(LeaveRoom{}),
        user,
        place,
        {.name = "", .counter = &Counts::memberships}
    );
    inside_[user] = is_join;
}

// What is in the log already is gone through again without effect: `submit` skips it, and who is
// inside is known for the lines that follow.
void Import::import_line(const IrcLine& line, const LinePlace& place) {
    if (line.kind == IrcLine::Kind::nothing) {
        const std::lock_guard lock(outcome_mutex_);
        return refuse(place, "no line of an IRC log, or no text");
    }
    if (is_there(place.key)) {
        const std::lock_guard lock(outcome_mutex_);
        ++counts_.already_there;
    }
    switch (line.kind) {
        case IrcLine::Kind::message:
            return send(
                user_of(line.nick, place.occurred_at),
                {.kind = MessageKind::text, .text = line.text, .counter = &Counts::messages},
                place
            );
        case IrcLine::Kind::action:
            return send(
                user_of(line.nick, place.occurred_at),
                {.kind = MessageKind::action, .text = line.text, .counter = &Counts::messages},
                place
            );
        case IrcLine::Kind::joined:
        case IrcLine::Kind::left: return come_or_go(line, place);
        case IrcLine::Kind::renamed: return rename(line, place);
        case IrcLine::Kind::notice:
            return send(
                importer_,
                {.kind = MessageKind::notice, .text = line.text, .counter = &Counts::notices},
                place
            );
        case IrcLine::Kind::nothing: return;
    }
}

// Logs go forwards: a clock that jumps back by more than half a day passed midnight.
bool passed_midnight(int before, int minute) {
    return minute + 12 * 60 < before;
}

// The date in a log's name is that of the name's hour; a log that passes midnight before it begins
// the day before. How many midnights come before that hour: 0 where it does not occur.
std::int64_t midnights_before(std::istream& in, int hour) {
    std::int64_t midnights = 0;
    std::string text;
    std::optional<int> before;
    while (std::getline(in, text)) {
        const auto minute = parse_irc_line(text).minute_of_day;
        if (!minute) continue;
        if (before && passed_midnight(*before, *minute)) ++midnights;
        if (*minute / 60 == hour) return midnights;
        before = minute;
    }
    return 0;
}

std::optional<std::string> Import::import_file(const std::filesystem::path& file) {
    const std::string name = file.filename().string();
    const auto time = irc_file_time(name);
    if (!time) return name + ": a log's name must begin with its date and hour: YYYY-MM-DD_HH";
    std::ifstream in(file, std::ios::binary);
    if (!in) return file.string() + ": cannot be read";
    constexpr std::int64_t minute_us = 60'000'000;
    std::int64_t days = -midnights_before(in, time->hour);
    in.clear();
    in.seekg(0);
    std::optional<int> minute;
    std::string text;
    for (std::size_t number = 1; std::getline(in, text); ++number) {
        const IrcLine line = parse_irc_line(text);
        if (line.minute_of_day) {
            if (minute && passed_midnight(*minute, *line.minute_of_day)) ++days;
            minute = line.minute_of_day;
        }
        const std::int64_t since_midnight =
            (days * 24 * 60 + minute.value_or(time->hour * 60)) * minute_us;
        const LinePlace place{
            .file = name,
            .number = number,
            .key = line_key(name, number, text),
            .occurred_at = Timestamp(time->midnight.microseconds() + since_midnight)};
        ++counts_.lines;
        import_line(line, place);
        const std::lock_guard lock(outcome_mutex_);
        if (failed_) return failed_;
    }
    ++counts_.files;
    return std::nullopt;
}

std::optional<std::string> Import::find_or_make_room() {
    const auto importer =
        engine_.log().holder_of({ClaimKind::username, std::string(importer_username)});
    if (!importer) return describe(importer.error());
    if (*importer && !is_imported(UserId(**importer)))
        return std::string(importer_username) +
               " is somebody's account; the import needs that name";
    importer_ = *importer
                    ? UserId(**importer)
                    : register_user(std::string(importer_username), "IRC import", system_now());
    const auto found = engine_.log().holder_of({ClaimKind::alias, options_.room});
    if (!found) return describe(found.error());
    room_ = *found ? RoomId(**found) : RoomId(new_uuid(system_now()));
    if (*found) return std::nullopt;
    inside_[importer_] = true;
    const auto made = submit_and_wait(
        engine_,
        {.stream = stream_of(room_),
         .command = RoomCommand(CreateRoom{
             .kind = RoomKind::group,
             .name = "#" + options_.room,
             .description = std::nullopt,
             .alias = options_.room,
             .visibility = Visibility::public_,
             .history = History::shared,
             .max_members = limits::room_members_max,
             .members = {}}),
         .actor = importer_,
         .id = CommandId(new_uuid(system_now())),
         .key = std::nullopt,
         .if_match = std::nullopt,
         .occurred_at = std::nullopt}
    );
    if (!made) return "cannot make the room: " + std::string(problem_of(made.error()).code);
    return std::nullopt;
}

std::optional<std::string> Import::run() {
    if (auto fault = find_or_make_room()) return fault;
    ProgressBar bar("import", options_.files.size());
    for (const auto& file : options_.files) {
        auto fault = import_file(file);
        wait_for_all();
        if (!fault) fault = failed_;
        if (fault) return fault;
        bar.show(counts_.files, std::to_string(counts_.lines) + " lines");
    }
    return std::nullopt;
}

void print(const Counts& counts, const ImportIrcOptions& options) {
    const nlohmann::ordered_json row = {
        {"files", counts.files},
        {"lines", counts.lines},
        {"messages", counts.messages},
        {"memberships", counts.memberships},
        {"renames", counts.renames},
        {"notices", counts.notices},
        {"refused", counts.refused},
        {"already_there", counts.already_there}};
    if (options.json) {
        std::printf("%s\n", row.dump().c_str());
        return;
    }
    for (const auto& [name, count] : row.items())
        std::printf("%-14s %zu\n", name.c_str(), count.get<std::size_t>());
}

}  // namespace

Subcommand add_import_irc(CLI::App& import, DataDirectory data) {
    const auto options = std::make_shared<ImportIrcOptions>();
    CLI::App* irc = import.add_subcommand("irc", "IRC channel logs, one file for some hours");
    irc->fallthrough();
    irc->add_option("--room", options->room, "alias of the room; made where there is none")
        ->required()
        ->check(CLI::Validator(
            [](const std::string& alias) {
                constexpr CharacterBounds bounds{
                    limits::alias_characters_min, limits::alias_characters_max};
                return fault_in_name(alias, bounds).value_or("");
            },
            "ALIAS"
        ));
    irc->add_flag("--json", options->json, "end with one line of JSON");
    irc->add_option("files", options->files, "YYYY-MM-DD_HH.log")
        ->required()
        ->check(CLI::ExistingFile);
    return {.parser = irc, .run = [options, &data] {
                options->data = data;
                return import_irc(*options);
            }};
}

int import_irc(const ImportIrcOptions& options) {
    EngineOptions engine_options;
    engine_options.data = options.data;
    engine_options.report = [](const std::string& what) {
        std::fprintf(stderr, "%s\n", what.c_str());
    };
    auto engine = Engine::open(std::move(engine_options));
    if (!engine) {
        std::fprintf(stderr, "verbatim import: %s\n", describe(engine.error()).c_str());
        return 1;
    }
    RebuildBar bar;
    if (auto ready = (*engine)->catch_up(std::ref(bar)); !ready) {
        std::fprintf(stderr, "verbatim import: %s\n", describe(ready.error()).c_str());
        return 1;
    }
    (*engine)->start();
    Import import(**engine, options);
    const auto fault = import.run();
    (*engine)->stop();
    print(import.counts(), options);
    if (!fault) return 0;
    std::fprintf(stderr, "verbatim import: %s\n", fault->c_str());
    return 1;
}

}  // namespace verbatim
