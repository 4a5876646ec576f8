#include "tools/user.hpp"

#include "domain/type_id.hpp"
#include "eventstore/rocks_storage.hpp"
#include "projections/json_text.hpp"
#include "protocol/answer_json.hpp"
#include "protocol/password_hash.hpp"
#include "protocol/random.hpp"
#include "protocol/request_json.hpp"
#include "protocol/text_rules.hpp"
#include "tools/offline.hpp"
#include "tools/password_prompt.hpp"

#include <CLI/CLI.hpp>
#include <cstdio>
#include <functional>
#include <map>
#include <memory>
#include <utility>

namespace verbatim {

namespace {

constexpr std::size_t rows_per_page = 1'000;

struct UserOptions {
    std::filesystem::path data;
    std::string user;  // a username or an id
    ServerRole role = ServerRole::auditor;
    bool has_role = false;
    bool json = false;
    bool from_stdin = false;
    bool generate = false;
};

int fail(const std::string& what) {
    std::fprintf(stderr, "verbatim user: %s\n", what.c_str());
    return 1;
}

// --- changing
// -------------------------------------------------------------------------------------

Expected<UserRow, std::string> find_user(const Views& views, const std::string& text) {
    auto id = parse_id<UserId>(text);
    if (!id) {
        const auto named = views.users().by_username(fold_username(text));
        if (!named) return failure(describe(named.error()));
        if (!*named) return failure("there is no user " + text);
        id = **named;
    }
    auto row = views.users().user(*id);
    if (!row) return failure(describe(row.error()));
    if (!*row) return failure("there is no user " + text);
    return std::move(**row);
}

// An account's command, which nobody gives but who holds the data directory.
CommandResult command(Engine& engine, const UserRow& user, AccountCommand command) {
    return submit_and_wait(
        engine,
        {.stream = stream_of(user.user),
         .command = std::move(command),
         .actor = the_server,
         .id = CommandId(new_uuid(system_now())),
         .key = std::nullopt,
         .if_match = std::nullopt,
         .occurred_at = std::nullopt}
    );
}

// Names of what was asked for and came of it. A username is text that a terminal shows as it is:
// its alphabet is [a-z0-9._-].
std::string name_of(const UserRow& user) {
    return user.username.value_or(to_text(user.user));
}

int answer(const CommandResult& result, const std::string& done, const std::string& already) {
    if (!result) {
        const Problem problem = problem_of(result.error());
        return fail(
            std::string(problem.code) + ": " + problem.detail +
            (problem.reason ? " (" + *problem.reason + ")" : "")
        );
    }
    std::printf("%s\n", (result->already_so ? already : done).c_str());
    return 0;
}

// Opens the data, finds the user, has `change` done to it.
int with_user(
    const UserOptions& options,
    std::string_view otherwise,
    const std::function<int(Engine&, const UserRow&)>& change
) {
    const auto engine = open_offline({.data = options.data, .otherwise = otherwise});
    if (!engine) return fail(engine.error());
    const auto user = find_user((*engine)->views(), options.user);
    if (!user) return fail(user.error());
    const int code = change(**engine, *user);
    (*engine)->stop();
    return code;
}

int change_role(const UserOptions& options, bool is_grant) {
    const std::string role(text_of(options.role));
    return with_user(
        options,
        "ask it as an admin: " + std::string(is_grant ? "PUT" : "DELETE") +
            " /api/v1/admin/users/{user_id}/roles/" + role,
        [&](Engine& engine, const UserRow& user) {
            const std::string name = name_of(user);
            if (is_grant)
                return answer(
                    command(engine, user, GrantRole{options.role}),
                    name + " is " + role + " from now on",
                    name + " is " + role + " already"
                );
            return answer(
                command(engine, user, RevokeRole{options.role}),
                name + " is " + role + " no more",
                name + " is not " + role + " anyway"
            );
        }
    );
}

// Ends all of the account's sessions. API keys go on: they were made to outlive passwords.
int reset_password(const UserOptions& options) {
    auto password = options.from_stdin ? read_password_line()
                    : options.generate ? generate_password()
                                       : prompt_for_password();
    if (!password) return fail(password.error());
    std::string hash = password_hash(*password);
    if (hash.empty()) return fail("there is no memory to hash a password (64 MiB)");
    return with_user(options, "", [&](Engine& engine, const UserRow& user) {
        const auto changed = command(
            engine,
            user,
            ChangePassword{
                .verified = user.credential, .password_hash = std::move(hash), .keep = std::nullopt}
        );
        const int code =
            answer(changed, name_of(user) + " has a new password and no open session", "");
        if (code == 0 && options.generate) std::printf("%s\n", password->c_str());
        return code;
    });
}

// --- listing
// --------------------------------------------------------------------------------------

std::string roles_text(const std::set<ServerRole>& roles) {
    std::string text;
    for (const ServerRole role : roles) {
        if (!text.empty()) text += ',';
        text += text_of(role);
    }
    return text.empty() ? "-" : text;
}

void print(const UserRow& user, std::size_t sessions, bool json) {
    if (json) {
        std::printf("%s\n", admin_user_json(user, sessions).c_str());
        return;
    }
    std::printf(
        "%-31s  %-32s  %-14s  %8zu  %s\n",
        to_text(user.user).c_str(),
        user.is_erased() ? "(erased)" : user.username->c_str(),
        roles_text(user.roles).c_str(),
        sessions,
        rfc3339(user.created_at).c_str()
    );
}

StoreResult<void> print_all(const Views& views, const UserOptions& options) {
    if (!options.json)
        std::printf(
            "%-31s  %-32s  %-14s  %8s  %s\n", "user_id", "username", "roles", "sessions", "created"
        );
    UserId after;
    while (true) {
        const auto page = options.has_role
                              ? views.users().with_role(options.role, after, rows_per_page)
                              : views.users().all(after, rows_per_page);
        if (!page) return failure(page.error());
        for (const UserRow& user : *page) {
            const auto sessions = views.sessions().of_user(user.user);
            if (!sessions) return failure(sessions.error());
            print(user, sessions->size(), options.json);
        }
        if (page->size() < rows_per_page) return {};
        after = page->back().user;
    }
}

// Where a server runs, its views are read as they are; else they are brought up to date first.
int list_users(const UserOptions& options) {
    if (!is_rocks_storage_in_use(options.data / "log")) {
        const auto engine = open_offline({.data = options.data});
        if (!engine) return fail(engine.error());
        const auto printed = print_all((*engine)->views(), options);
        return printed ? 0 : fail(describe(printed.error()));
    }
    auto storage = open_rocks_storage_to_read(
        {.directory = options.data / "views", .columns = Views::column_names()}
    );
    if (!storage) return fail(describe(storage.error()));
    const Views views(std::move(*storage));
    const auto printed = print_all(views, options);
    return printed ? 0 : fail(describe(printed.error()));
}

// --- the command line
// -----------------------------------------------------------------------------

const std::map<std::string, ServerRole> roles{
    {std::string(text_of(ServerRole::auditor)), ServerRole::auditor},
    {std::string(text_of(ServerRole::admin)), ServerRole::admin}};

using Options = std::shared_ptr<UserOptions>;

CLI::App* add(CLI::App& user, const Options& options, const std::string& name, const char* what) {
    CLI::App* parser = user.add_subcommand(name, what);
    parser->fallthrough();
    parser->add_option("user", options->user, "a username or a user id")->required();
    return parser;
}

void add_role(CLI::App& parser, const Options& options) {
    parser.add_option("role", options->role, "auditor or admin")
        ->required()
        ->transform(CLI::CheckedTransformer(roles).description("ROLE"));
}

}  // namespace

std::vector<Subcommand> add_user(CLI::App& user, DataDirectory data) {
    const auto options = std::make_shared<UserOptions>();
    const auto run = [options, &data](int (*work)(const UserOptions&)) {
        return [options, &data, work] {
            options->data = data;
            return work(*options);
        };
    };

    CLI::App* list = user.add_subcommand("list", "all accounts, or those that have a role");
    list->fallthrough();
    CLI::Option* role = list->add_option("--role", options->role, "auditor or admin")
                            ->transform(CLI::CheckedTransformer(roles).description("ROLE"));
    role->each([options](const std::string&) { options->has_role = true; });
    list->add_flag("--json", options->json, "one line of JSON for each");

    CLI::App* grant = add(user, options, "grant", "make somebody auditor or admin");
    add_role(*grant, options);
    CLI::App* revoke = add(user, options, "revoke", "take a role back");
    add_role(*revoke, options);

    CLI::App* reset =
        add(user, options, "reset-password", "set a new password, and end the account's sessions");
    CLI::Option* from_stdin =
        reset->add_flag("--stdin", options->from_stdin, "take the first line of standard input");
    reset->add_flag("--generate", options->generate, "make one, and print it once")
        ->excludes(from_stdin);

    return {
        {.parser = list, .run = run(list_users)},
        {.parser = grant, .run = run([](const UserOptions& o) { return change_role(o, true); })},
        {.parser = revoke, .run = run([](const UserOptions& o) { return change_role(o, false); })},
        {.parser = reset, .run = run(reset_password)}};
}

}  // namespace verbatim
