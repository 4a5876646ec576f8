#pragma once

#include "domain/type_id.hpp"
#include "eventstore/codec.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

// What the codecs of single events are written in: payloads put together and taken apart, member by
// member. Private to the codecs.
namespace verbatim {

using Json = nlohmann::json;

// The closed lists of texts by which enumerators stand in facts, for ever.
[[nodiscard]] std::string_view text_of(RoomKind kind);
[[nodiscard]] std::string_view text_of(Visibility visibility);
[[nodiscard]] std::string_view text_of(History history);
[[nodiscard]] std::string_view text_of(MemberRole role);
[[nodiscard]] std::string_view text_of(MessageKind kind);
[[nodiscard]] std::string_view text_of(ServerRole role);
[[nodiscard]] std::string_view text_of(SessionEnd reason);
[[nodiscard]] std::string_view text_of(KeyScope scope);
[[nodiscard]] std::string_view text_of(EpochCause cause);

// The last enumerator; all count from 0 without a gap.
template <class Enum>
inline constexpr Enum last_of = Enum{};
template <>
inline constexpr RoomKind last_of<RoomKind> = RoomKind::direct;
template <>
inline constexpr Visibility last_of<Visibility> = Visibility::private_;
template <>
inline constexpr History last_of<History> = History::since_join;
template <>
inline constexpr MemberRole last_of<MemberRole> = MemberRole::member;
template <>
inline constexpr MessageKind last_of<MessageKind> = MessageKind::notice;
template <>
inline constexpr ServerRole last_of<ServerRole> = ServerRole::admin;
template <>
inline constexpr SessionEnd last_of<SessionEnd> = SessionEnd::erased;
template <>
inline constexpr KeyScope last_of<KeyScope> = KeyScope::send;
template <>
inline constexpr EpochCause last_of<EpochCause> = EpochCause::loss_accepted;

template <class Enum>
[[nodiscard]] std::optional<Enum> parse_enum(std::string_view text) {
    for (unsigned i = 0; i <= static_cast<unsigned>(last_of<Enum>); ++i) {
        const auto candidate = static_cast<Enum>(i);
        if (text_of(candidate) == text) return candidate;
    }
    return std::nullopt;
}

// Makes facts. An event without any costs no JSON at all.
class FactsWriter {
public:
    void put(const char* member, Json value) { facts_[member] = std::move(value); }
    template <class Tag>
    void put(const char* member, const StrongId<Tag>& id) {
        put(member, Json(to_text(id)));
    }
    template <class Tag>
    void put(const char* member, const Ordinal<Tag>& place) {
        put(member, Json(place.value()));
    }
    template <class Value>
    void put_if(const char* member, const std::optional<Value>& value) {
        if (value) put(member, *value);
    }
    template <class Enum>
    void put_enum(const char* member, Enum value) {
        put(member, Json(text_of(value)));
    }
    // The default is not written: reading gives it back.
    template <class Enum>
    void put_enum_unless(Enum usual, const char* member, Enum value) {
        if (value != usual) put_enum(member, value);
    }
    void put_users_unless_empty(const char* member, const std::vector<UserId>& users);
    void put_hash(const char* member, const std::array<std::uint8_t, 32>& hash);  // hexadecimal
    void put(const char* member, Timestamp time) { put(member, Json(time.microseconds())); }

    [[nodiscard]] std::string text() const;
    [[nodiscard]] Json take() && { return std::move(facts_); }

private:
    Json facts_;  // null while empty
};

// Makes a whole payload.
struct PayloadWriter {
    FactsWriter facts;
    std::vector<ContentPart> contents;

    // The next ordinal, unless there is no such text.
    void put_text(ContentField field, const Text& text) {
        if (text) contents.push_back({field, *text});
    }
};

// Reads one object of facts, strictly. What is missing or of the wrong type or range is noted as
// the problem and read as a default; members that nobody asks for are ignored.
class FactsReader {
public:
    // `facts`: an object, or null for one without members. Both must outlive the reader.
    FactsReader(const Json& facts, std::string& problem) : facts_(&facts), problem_(&problem) {}

    [[nodiscard]] bool has(const char* member) const { return find(member) != nullptr; }
    [[nodiscard]] bool is_null(const char* member) const;
    [[nodiscard]] std::string text(const char* member) const;
    [[nodiscard]] bool flag_or_false(const char* member) const;
    [[nodiscard]] std::vector<UserId> users(const char* member) const;  // empty when absent
    [[nodiscard]] std::vector<std::string> texts(const char* member) const;
    [[nodiscard]] std::array<std::uint8_t, 32> hash(const char* member) const;
    [[nodiscard]] Timestamp time(const char* member) const;
    // The elements of an array of objects; empty when absent.
    [[nodiscard]] std::vector<FactsReader> objects(const char* member) const;

    template <class Number>
    [[nodiscard]] Number number(const char* member) const {
        return static_cast<Number>(number_up_to(member, std::numeric_limits<Number>::max()));
    }
    [[nodiscard]] Version version(const char* member) const {
        return Version(number<std::uint64_t>(member));
    }
    template <class Id>
    [[nodiscard]] Id id(const char* member) const {
        const std::string* const written = string_at(member);
        const auto parsed = written == nullptr ? std::nullopt : parse_id<Id>(*written);
        if (!parsed) note(member);
        return parsed.value_or(Id());
    }
    template <class Enum>
    [[nodiscard]] Enum choice(const char* member) const {
        const std::string* const written = string_at(member);
        const auto parsed = written == nullptr ? std::nullopt : parse_enum<Enum>(*written);
        if (!parsed) note(member);
        return parsed.value_or(Enum{});
    }
    template <class Enum>
    [[nodiscard]] Enum choice_or(Enum usual, const char* member) const {
        return has(member) ? choice<Enum>(member) : usual;
    }
    // nullopt when absent; otherwise what `read` reads.
    template <class Value>
    [[nodiscard]] std::optional<Value> maybe(
        Value (FactsReader::*read)(const char*) const, const char* member
    ) const {
        if (!has(member)) return std::nullopt;
        return (this->*read)(member);
    }

    void note(const char* member) const;

private:
    [[nodiscard]] const Json* find(const char* member) const;
    [[nodiscard]] const std::string* string_at(const char* member) const;
    [[nodiscard]] const Json* array_at(const char* member) const;
    [[nodiscard]] std::uint64_t number_up_to(const char* member, std::uint64_t max) const;

    const Json* facts_;
    std::string* problem_;
};

// Hands out the contents of one event in the order in which they were put.
class ContentsReader {
public:
    explicit ContentsReader(std::span<FoundContent> contents) : left_(contents) {}

    // The next one's bytes if it is of this field; nullopt too when they were destroyed.
    [[nodiscard]] Text next(ContentField field);
    [[nodiscard]] bool all_taken() const { return left_.empty(); }

private:
    std::span<FoundContent> left_;
};

// Takes a payload apart. Members are to be read in the order in which they were written.
struct PayloadReader {
    FactsReader facts;
    ContentsReader contents;
};

}  // namespace verbatim
