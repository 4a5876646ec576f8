#pragma once

#include "domain/ids.hpp"
#include "projections/json_text.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace verbatim {

// One JSON object, appended member by member to a text. Private to the writers of answers and
// envelopes.
class ObjectWriter {
public:
    explicit ObjectWriter(std::string& out) : out_(out) { out_ += '{'; }
    void close() { out_ += '}'; }

    // Where the member's value goes.
    std::string& member(std::string_view name) {
        if (!is_empty_) out_ += ',';
        is_empty_ = false;
        out_ += '"';
        out_ += name;
        out_ += "\":";
        return out_;
    }
    void put(std::string_view name, std::string_view text) { append_json(member(name), text); }
    void put(std::string_view name, const Text& text) { append_json(member(name), text); }
    void put(std::string_view name, const std::string& text) { put(name, std::string_view(text)); }
    void put(std::string_view name, const char* text) { put(name, std::string_view(text)); }
    void put(std::string_view name, std::uint64_t number) { append_json(member(name), number); }
    void put(std::string_view name, Timestamp time) { append_json(member(name), time); }
    // `json` is JSON already.
    void put_json(std::string_view name, std::string_view json) { member(name) += json; }
    void put_flag(std::string_view name, bool flag) { put_json(name, flag ? "true" : "false"); }
    template <class Tag>
    void put(std::string_view name, const StrongId<Tag>& id) {
        append_json_id(member(name), id);
    }
    template <class Tag>
    void put(std::string_view name, const Ordinal<Tag>& place) {
        put(name, place.value());
    }
    // Absent when there is no value.
    template <class Value>
    void put_if(std::string_view name, const std::optional<Value>& value) {
        if (value) put(name, *value);
    }
    // Null when there is no value.
    template <class Value>
    void put_or_null(std::string_view name, const std::optional<Value>& value) {
        if (value)
            put(name, *value);
        else
            put_json(name, "null");
    }

private:
    std::string& out_;
    bool is_empty_ = true;
};

}  // namespace verbatim
