#pragma once

#include "domain/decision.hpp"
#include "domain/ids.hpp"

#include <concepts>
#include <cstdlib>
#include <cxxabi.h>
#include <gtest/gtest.h>
#include <memory>
#include <source_location>
#include <string>
#include <typeinfo>
#include <utility>
#include <variant>
#include <vector>

// The language of the domain's tests, for every aggregate alike:
//
//     given(group_created(alice), joined(bob))
//         .when(LeaveRoom{}, by(bob))
//         .then(MemberLeft{.user = bob});
//
// People and the clock are fixed, so that every field can be written out.
namespace verbatim::testing {

template <class Id>
[[nodiscard]] constexpr Id numbered(std::uint32_t number) {
    Uuid uuid{.bytes = {0x01, 0x89, 0x0a, 0x5d, 0xac, 0x96, 0x77, 0x4b, 0xbc, 0xce}};
    for (std::size_t i = 0; i < 4; ++i)
        uuid.bytes[15 - i] = static_cast<std::uint8_t>(number >> (8 * i) & 0xff);
    return Id(uuid);
}

inline constexpr UserId alice = numbered<UserId>(1);
inline constexpr UserId bob = numbered<UserId>(2);
inline constexpr UserId carol = numbered<UserId>(3);
inline constexpr UserId dave = numbered<UserId>(4);

inline constexpr Timestamp noon{1'767'268'800'000'000};  // 2026-01-01T12:00:00Z

[[nodiscard]] constexpr Timestamp seconds_after_noon(std::int64_t seconds) {
    return Timestamp(noon.microseconds() + seconds * 1'000'000);
}

[[nodiscard]] constexpr CommandContext by(UserId actor, Timestamp now = noon) {
    return {.actor = actor, .now = now};
}

// An event that has happened; its version is its place in the scenario, from 1.
template <class Event>
struct Past {
    Event event;
    UserId by;
    Timestamp at = noon;
};

// Specialized for each aggregate's event with its State, Facts and Command.
template <class Event>
struct AggregateOf;

// What the loader finds for a command, beside the facts that the scenario states.
template <class Event, class Facts, class Command>
[[nodiscard]] Facts loaded(const std::vector<Past<Event>>&, Facts facts, const Command&) {
    return facts;
}

template <class Event>
[[nodiscard]] auto folded(const std::vector<Past<Event>>& history) {
    typename AggregateOf<Event>::State state;
    Version version;
    for (const auto& past : history) {
        version = version.next();
        const EventContext context{.by = past.by, .at = past.at, .version = version};
        state = evolve(std::move(state), past.event, context);
    }
    return state;
}

template <class Event>
[[nodiscard]] bool same(const Decision<Event>& left, const Decision<Event>& right) {
    if (left.has_value() != right.has_value()) return false;
    return left ? *left == *right : left.error() == right.error();
}

template <class Variant>
[[nodiscard]] std::string alternative_name(const Variant& variant) {
    return std::visit(
        [](const auto& alternative) {
            const std::unique_ptr<char, decltype(&std::free)> name(
                abi::__cxa_demangle(typeid(alternative).name(), nullptr, nullptr, nullptr),
                &std::free
            );
            return std::string(name.get());
        },
        variant
    );
}

template <class Event>
class Outcome {
public:
    Outcome(Decision<Event> decision, std::source_location where)
        : decision_(std::move(decision)), where_(where) {}

    template <class... Payloads>
    void then(const Payloads&... payloads) const {
        then_all({Event(payloads)...});
    }
    void then_all(const std::vector<Event>& expected) const {
        const ::testing::ScopedTrace trace(
            where_.file_name(), static_cast<int>(where_.line()), "here"
        );
        EXPECT_TRUE(decision_ && *decision_ == expected)
            << "decided " << text() << ", not literally " << text_of(expected);
    }
    void then_nothing() const { then_all({}); }
    void then_refused(Rule rule) const {
        const ::testing::ScopedTrace trace(
            where_.file_name(), static_cast<int>(where_.line()), "here"
        );
        EXPECT_TRUE(!decision_ && decision_.error() == rule)
            << "decided " << text() << ", not " << code_of(rule);
    }

private:
    [[nodiscard]] static std::string text_of(const std::vector<Event>& events) {
        std::string text = "[";
        for (const Event& event : events) text += " " + alternative_name(event);
        return text + " ]";
    }
    [[nodiscard]] std::string text() const {
        return decision_ ? text_of(*decision_) : std::string(code_of(decision_.error()));
    }

    Decision<Event> decision_;
    std::source_location where_;
};

template <class Event>
class Scenario {
public:
    using State = typename AggregateOf<Event>::State;
    using Facts = typename AggregateOf<Event>::Facts;
    using Command = typename AggregateOf<Event>::Command;

    explicit Scenario(std::vector<Past<Event>> history) : history_(std::move(history)) {}

    // More history, where a limit needs much of it.
    [[nodiscard]] Scenario and_then(const std::vector<Past<Event>>& more) && {
        history_.insert(history_.end(), more.begin(), more.end());
        return std::move(*this);
    }
    [[nodiscard]] Scenario where(Facts facts) && {
        facts_ = std::move(facts);
        return std::move(*this);
    }
    [[nodiscard]] Outcome<Event> when(
        const Command& command,
        const CommandContext& context,
        std::source_location location = std::source_location::current()
    ) const {
        const Facts facts = loaded(history_, facts_, command);
        return {decide(folded(history_), facts, command, context), location};
    }

private:
    std::vector<Past<Event>> history_;
    Facts facts_;
};

template <class Event, std::same_as<Past<Event>>... More>
[[nodiscard]] Scenario<Event> given(Past<Event> first, More... more) {
    return Scenario<Event>({std::move(first), std::move(more)...});
}

template <class Event>
[[nodiscard]] Scenario<Event> given(std::vector<Past<Event>> history) {
    return Scenario<Event>(std::move(history));
}

}  // namespace verbatim::testing
