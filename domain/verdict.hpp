#pragma once

#include "domain/decision.hpp"

#include <utility>
#include <vector>

// The answers that a rule may give beside failure(Rule). Private to the domain.
namespace verbatim {

// "Already so."
template <class Event>
[[nodiscard]] Decision<Event> nothing() {
    return {};
}

template <class Event, class... Payloads>
[[nodiscard]] Decision<Event> record(Payloads&&... payloads) {
    std::vector<Event> events;
    events.reserve(sizeof...(payloads));
    (events.emplace_back(std::forward<Payloads>(payloads)), ...);
    return events;
}

}  // namespace verbatim
