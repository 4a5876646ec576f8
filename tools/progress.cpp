#include "tools/progress.hpp"

#include <algorithm>
#include <cstdio>
#include <unistd.h>
#include <utility>

namespace verbatim {

namespace {

constexpr std::size_t bar_characters = 30;

}  // namespace

ProgressBar::ProgressBar(std::string what, std::size_t total)
    : what_(std::move(what)), total_(total), is_terminal_(::isatty(STDERR_FILENO) == 1) {}

ProgressBar::~ProgressBar() {
    if (!last_.empty()) std::fprintf(stderr, is_terminal_ ? "\n" : "%s\n", last_.c_str());
}

void ProgressBar::show(std::size_t done, const std::string& note) {
    const std::size_t full =
        total_ == 0 ? bar_characters : std::min(bar_characters, bar_characters * done / total_);
    last_ = what_ + " [" + std::string(full, '#') + std::string(bar_characters - full, '.') + "] " +
            std::to_string(done) + "/" + std::to_string(total_) + " " + note;
    if (is_terminal_) std::fprintf(stderr, "\r%s\x1b[K", last_.c_str());
}

void RebuildBar::operator()(const RebuildProgress& progress) {
    if (!bar_)
        bar_ = std::make_unique<ProgressBar>(
            "rebuilding " + progress.views, static_cast<std::size_t>(progress.target.value())
        );
    char note[80];
    std::snprintf(
        note,
        sizeof note,
        "%.0f events/s, %.0f s left",
        progress.events_per_second,
        progress.seconds_left
    );
    bar_->show(static_cast<std::size_t>(progress.done.value()), note);
}

}  // namespace verbatim
