#pragma once

#include "eventstore/event_log.hpp"
#include "projections/search_store.hpp"

#include <cstddef>
#include <vector>

namespace verbatim {

// Folds events into the search index: what is live and has a text can be found by the text that it
// has now. Private to the index.
class SearchFold {
public:
    SearchFold(const EventLog& log, SearchStore& store) : log_(log), store_(store) {}

    // Requires: the store is in a transaction. Errors: the log's and the store's.
    [[nodiscard]] StoreResult<void> apply(const RecordedEvent& event);

    [[nodiscard]] std::size_t text_bytes() const { return text_bytes_; }
    // Texts were taken that must not even be left in the file.
    [[nodiscard]] bool has_destroyed() const { return has_destroyed_; }

private:
    [[nodiscard]] StoreResult<void> sent(const RecordedEvent& event, const Text& text);
    [[nodiscard]] StoreResult<void> edited(const RecordedEvent& event, const MessageEdited& edit);
    [[nodiscard]] StoreResult<void> deleted(const RecordedEvent& event, const MessageDeleted& gone);
    [[nodiscard]] StoreResult<void> expired(const RecordedEvent& event, Version up_to);
    [[nodiscard]] StoreResult<void> destroy(const StoreResult<std::vector<Position>>& messages);
    [[nodiscard]] StoreResult<std::optional<IndexedMessage>> take(
        const RecordedEvent& event, Version seq
    );
    [[nodiscard]] StoreResult<std::optional<IndexedMessage>> sent_at(
        const StreamId& room, Version seq
    ) const;

    const EventLog& log_;
    SearchStore& store_;
    std::size_t text_bytes_ = 0;
    bool has_destroyed_ = false;
};

}  // namespace verbatim
