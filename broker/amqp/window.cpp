#include "broker/amqp/window.hpp"

#include "domain/invariant.hpp"

namespace verbatim::amqp {

void Window::add(std::size_t messages, Position last) {
    invariant(messages > 0, "a piece has a message");
    published_ += messages;
    pieces_.push_back({published_, last});
}

std::size_t Window::confirm(std::uint64_t tag, bool multiple) {
    if (tag <= confirmed_ || tag > published_) return 0;
    const auto offset = static_cast<std::size_t>(tag - confirmed_);
    if (beyond_.size() < offset) beyond_.resize(offset, false);
    std::size_t news = 0;
    for (std::size_t i = multiple ? 0 : offset - 1; i < offset; ++i) {
        news += beyond_[i] ? 0 : 1;
        beyond_[i] = true;
    }
    while (!beyond_.empty() && beyond_.front()) {
        beyond_.pop_front();
        ++confirmed_;
    }
    while (!pieces_.empty() && pieces_.front().last_tag <= confirmed_) {
        reached_ = pieces_.front().last;
        pieces_.pop_front();
    }
    return news;
}

void Window::clear() {
    *this = Window();
}

}  // namespace verbatim::amqp
