#include "app/configuration.hpp"
#include "app/logging.hpp"
#include "app/node.hpp"
#include "tools/accept_loss.hpp"
#include "tools/audit.hpp"
#include "tools/backup.hpp"
#include "tools/export_jsonl.hpp"
#include "tools/forget.hpp"
#include "tools/import_irc.hpp"
#include "tools/import_jsonl.hpp"
#include "tools/log.hpp"
#include "tools/projections.hpp"
#include "tools/replay.hpp"
#include "tools/restore.hpp"
#include "tools/user.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <exception>
#include <signal.h>
#include <spdlog/spdlog.h>
#include <string>
#include <utility>
#include <vector>

namespace {

using namespace verbatim;

// SIGTERM and SIGINT are taken by sigwait in the main thread; all others inherit the mask. A socket
// whose reader is gone says so by its error, not by a signal.
sigset_t block_signals() {
    sigset_t stopping;
    sigemptyset(&stopping);
    sigaddset(&stopping, SIGTERM);
    sigaddset(&stopping, SIGINT);
    pthread_sigmask(SIG_BLOCK, &stopping, nullptr);
    struct sigaction ignore {};
    ignore.sa_handler = SIG_IGN;
    sigaction(SIGPIPE, &ignore, nullptr);
    return stopping;
}

int run_node(const Configuration& configuration) {
    const sigset_t stopping = block_signals();
    const auto log = make_logger(configuration.log_format, configuration.log_level);
    auto node = Node::start(configuration, log);
    if (!node) {
        log->error("{}", node.error());
        return 1;
    }
    log->info(
        "ready: http://{0}:{1} and ws://{0}:{2}/api/v1/feed",
        configuration.bind,
        (*node)->http_port(),
        (*node)->feed_port()
    );
    int signal = 0;
    sigwait(&stopping, &signal);
    log->info("{}: stopping", strsignal(signal));
    (*node)->stop();
    log->info("stopped");
    return 0;
}

int serve(const Configuration& configuration) {
    const bool leads = configuration.leader.empty() && configuration.from_backup.empty();
    if (leads) return run_node(configuration);
    std::fputs("verbatim: --leader and --from-backup are for `verbatim follow`\n", stderr);
    return 2;
}

int follow(const Configuration& configuration) {
    if (!configuration.leader.empty()) return run_node(configuration);
    std::fputs("verbatim: follow needs --leader http://host:port\n", stderr);
    return 2;
}

// The sub-commands, each with what runs it.
struct CommandLine {
    Configuration configuration;
    CLI::App app{"Verbatim: an event-sourced chat backend", "verbatim"};
    CLI::App* config = nullptr;
    std::vector<Subcommand> commands;

    CommandLine() {
        add_configuration(app, configuration);
        app.set_version_flag("--version", "verbatim " VERBATIM_VERSION);
        app.require_subcommand(1);
        app.fallthrough();
        config = app.add_subcommand(
            "config", "print the effective configuration and where it came from"
        );
        add({.parser = app.add_subcommand("serve", "run a node"), .run = [this] {
                 return serve(configuration);
             }});
        add(
            {.parser =
                 app.add_subcommand("follow", "run a node that serves a copy of its leader's log"),
             .run = [this] { return follow(configuration); }}
        );
        add_import();
        add(add_audit(app, configuration.data));
        add(add_projections(app, configuration.data));
        add_user_commands();
        CLI::App* const log = add_log_parser(app);
        add(add_log(*log, configuration.data));
        add(add_accept_loss(*log, configuration.data));
        add(add_replay(app, configuration.data));
        add(add_backup(app, configuration.data));
        add(add_restore(app, configuration.data));
        add(add_export(app, configuration.data));
    }

    void add_user_commands() {
        CLI::App* user = app.add_subcommand("user", "accounts: roles, passwords");
        user->require_subcommand(1);
        user->fallthrough();
        add(add_user(*user, configuration.data));
        add(add_forgetting(app, *user, configuration.data, [this] {
            return retention_of(configuration);
        }));
    }
    void add_import() {
        CLI::App* import = app.add_subcommand("import", "bring in an export, or another chat");
        import->require_subcommand(0, 1);
        import->fallthrough();
        add(add_import_irc(*import, configuration.data));
        add(add_import_jsonl(*import, configuration.data));
    }
    void add(Subcommand command) { commands.push_back(std::move(command)); }
    void add(std::vector<Subcommand> more) {
        for (Subcommand& command : more) add(std::move(command));
    }
};

int run(int argc, char** argv) {
    CommandLine line;
    std::vector<std::string> arguments(argv + 1, argv + argc);
    std::vector<std::string> from_environment;
    try {
        from_environment = environment_arguments(line.app, arguments);
        // CLI11 takes a vector from its back.
        std::vector<std::string> all = arguments;
        all.insert(all.end(), from_environment.begin(), from_environment.end());
        std::reverse(all.begin(), all.end());
        line.app.parse(std::move(all));
    } catch (const CLI::ParseError& error) {
        return line.app.exit(error);
    }
    if (line.config->parsed()) {
        std::fputs(explain(line.app, arguments, from_environment).c_str(), stdout);
        return 0;
    }
    for (const Subcommand& command : line.commands)
        if (command.parser->parsed()) return command.run();
    return 0;  // never here: parse() requires a sub-command
}

}  // namespace

int main(int argc, char** argv) {
    try {
        return run(argc, argv);
    } catch (const std::exception& error) {
        std::fprintf(stderr, "verbatim: %s\n", error.what());
        return 70;
    }
}
