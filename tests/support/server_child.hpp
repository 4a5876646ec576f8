#pragma once

#include <chrono>
#include <condition_variable>
#include <filesystem>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <thread>
#include <vector>

namespace verbatim::testing {

// What a process is started with. Of our own environment it sees all but VERBATIM_*: those are
// settings of the server, and of the tests.
struct ChildCommand {
    std::filesystem::path binary;
    std::vector<std::string> arguments;
    std::map<std::string, std::string> environment;
};

// A running program whose output is collected. It does not outlive this object, nor the test.
// Threads: one; start it by a thread that lives as long as the process is wanted.
class ServerChild {
public:
    explicit ServerChild(const ChildCommand& command);
    ~ServerChild();
    ServerChild(const ServerChild&) = delete;
    ServerChild& operator=(const ServerChild&) = delete;

    // The first line of standard error that holds `mark`; nullopt when the process ended, or
    // `patience` did, without one.
    [[nodiscard]] std::optional<std::string> wait_for_line(
        std::string_view mark, std::chrono::milliseconds patience
    );
    // The exit code, 128 + the signal that ended it; nullopt: it still runs.
    [[nodiscard]] std::optional<int> wait(std::chrono::milliseconds patience);
    void send_signal(int signal) const;

    [[nodiscard]] std::string standard_output();
    [[nodiscard]] std::string standard_error();

private:
    struct Stream {
        int reading_end = -1;
        std::string text;
        bool ended = false;
        std::thread reader;
    };
    void collect(Stream& stream);
    [[nodiscard]] std::optional<std::string> line_with(std::string_view mark) const;

    std::mutex mutex_;
    std::condition_variable changed_;
    Stream out_;
    Stream err_;
    pid_t pid_ = -1;
    int pid_handle_ = -1;
    std::optional<int> exit_code_;
};

struct Finished {
    int exit_code = -1;  // -1: it did not end in time
    std::string standard_output;
    std::string standard_error;
};
// Runs a program to its end.
[[nodiscard]] Finished run_to_end(const ChildCommand& command);

}  // namespace verbatim::testing
