#include "tests/support/server_child.hpp"

#include "domain/invariant.hpp"

#include <array>
#include <csignal>
#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace verbatim::testing {

namespace {

constexpr std::chrono::minutes run_patience{5};

std::vector<std::string> environment_for(const ChildCommand& command) {
    std::vector<std::string> entries;
    for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry)
        if (!std::string_view(*entry).starts_with("VERBATIM_")) entries.emplace_back(*entry);
    for (const auto& [name, value] : command.environment) entries.push_back(name + "=" + value);
    return entries;
}

std::vector<char*> pointers_to(std::vector<std::string>& texts) {
    std::vector<char*> pointers;
    for (std::string& text : texts) pointers.push_back(text.data());
    pointers.push_back(nullptr);
    return pointers;
}

struct Pipe {
    int read = -1;
    int write = -1;

    Pipe() {
        std::array<int, 2> ends{};
        invariant(::pipe2(ends.data(), O_CLOEXEC) == 0, "tests may make pipes");
        read = ends[0];
        write = ends[1];
    }
};

}  // namespace

ServerChild::ServerChild(const ChildCommand& command) {
    std::vector<std::string> words{command.binary.string()};
    words.insert(words.end(), command.arguments.begin(), command.arguments.end());
    std::vector<std::string> entries = environment_for(command);
    const std::vector<char*> argv = pointers_to(words);
    const std::vector<char*> envp = pointers_to(entries);
    const Pipe out;
    const Pipe err;
    pid_ = ::fork();
    invariant(pid_ >= 0, "tests may start processes");
    if (pid_ == 0) {
        ::prctl(PR_SET_PDEATHSIG, SIGKILL);
        ::dup2(out.write, STDOUT_FILENO);
        ::dup2(err.write, STDERR_FILENO);
        ::execve(argv[0], argv.data(), envp.data());
        ::_exit(127);
    }
    ::close(out.write);
    ::close(err.write);
    pid_handle_ = static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0));
    out_.reading_end = out.read;
    err_.reading_end = err.read;
    out_.reader = std::thread([this] { collect(out_); });
    err_.reader = std::thread([this] { collect(err_); });
}

ServerChild::~ServerChild() {
    if (!exit_code_) {
        send_signal(SIGKILL);
        (void)wait(run_patience);
    }
    ::close(out_.reading_end);
    ::close(err_.reading_end);
    ::close(pid_handle_);
}

void ServerChild::collect(Stream& stream) {
    std::array<char, 4096> bytes{};
    for (;;) {
        const auto got = ::read(stream.reading_end, bytes.data(), bytes.size());
        const std::lock_guard lock(mutex_);
        if (got > 0) stream.text.append(bytes.data(), static_cast<std::size_t>(got));
        stream.ended = got <= 0;
        changed_.notify_all();
        if (stream.ended) return;
    }
}

std::optional<std::string> ServerChild::line_with(std::string_view mark) const {
    const std::size_t at = err_.text.find(mark);
    if (at == std::string::npos) return std::nullopt;
    const std::size_t end = err_.text.find('\n', at);
    if (end == std::string::npos) return std::nullopt;
    const std::size_t before = err_.text.rfind('\n', at);
    const std::size_t begin = before == std::string::npos ? 0 : before + 1;
    return err_.text.substr(begin, end - begin);
}

std::optional<std::string> ServerChild::wait_for_line(
    std::string_view mark, std::chrono::milliseconds patience
) {
    std::unique_lock lock(mutex_);
    (void)changed_.wait_for(lock, patience, [&] { return line_with(mark) || err_.ended; });
    return line_with(mark);
}

std::optional<int> ServerChild::wait(std::chrono::milliseconds patience) {
    if (exit_code_) return exit_code_;
    pollfd ended{.fd = pid_handle_, .events = POLLIN, .revents = 0};
    if (::poll(&ended, 1, static_cast<int>(patience.count())) != 1) return std::nullopt;
    int status = 0;
    invariant(::waitpid(pid_, &status, 0) == pid_, "a child is reaped once");
    exit_code_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    // What it wrote last may still be in the pipes.
    out_.reader.join();
    err_.reader.join();
    return exit_code_;
}

void ServerChild::send_signal(int signal) const {
    if (!exit_code_) ::kill(pid_, signal);
}

std::string ServerChild::standard_output() {
    const std::lock_guard lock(mutex_);
    return out_.text;
}

std::string ServerChild::standard_error() {
    const std::lock_guard lock(mutex_);
    return err_.text;
}

Finished run_to_end(const ChildCommand& command) {
    ServerChild child(command);
    const auto code = child.wait(run_patience);
    return {
        .exit_code = code.value_or(-1),
        .standard_output = child.standard_output(),
        .standard_error = child.standard_error()};
}

}  // namespace verbatim::testing
