#pragma once

#include "projections/views.hpp"

#include <optional>

namespace verbatim {

// One read model, its column and how far it has come. Private to Views.
struct Views::View {
    View(const Storage& storage_, Projection& projection_, std::size_t column_)
        : storage(storage_), projection(projection_), column(column_) {}

    // What folded events changed and is not written yet.
    [[nodiscard]] ViewBatch& changes() {
        if (!unwritten) unwritten.emplace(storage, column);
        return *unwritten;
    }
    [[nodiscard]] bool has_changes() const { return unwritten.has_value(); }
    void begin_at(Position at) {
        unwritten.reset();
        folded = at;
        position = at.value();
    }
    void written() { begin_at(folded); }

    const Storage& storage;
    Projection& projection;
    const std::size_t column;
    Position folded;
    std::atomic<std::uint64_t> position{0};  // written; for status() from any thread
    std::optional<ViewBatch> unwritten;
};

}  // namespace verbatim
