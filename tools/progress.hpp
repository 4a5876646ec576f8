#pragma once

#include "projections/views.hpp"

#include <cstddef>
#include <string>

namespace verbatim {

// How far a long piece of work has come, on one line of standard error; nothing when that is no
// terminal, but one last line. Single thread.
class ProgressBar {
public:
    ProgressBar(std::string what, std::size_t total);
    ~ProgressBar();
    ProgressBar(const ProgressBar&) = delete;
    ProgressBar& operator=(const ProgressBar&) = delete;

    void show(std::size_t done, const std::string& note);

private:
    std::string what_;
    std::size_t total_;
    std::string last_;
    bool is_terminal_;
};

// The same for Views::catch_up; silent while there is nothing to catch up with.
class RebuildBar {
public:
    void operator()(const RebuildProgress& progress);

private:
    std::unique_ptr<ProgressBar> bar_;
};

}  // namespace verbatim
