#pragma once

#include "projections/search_index.hpp"
#include "tests/support/log_scribe.hpp"
#include "tests/support/temporary_folder.hpp"

#include <condition_variable>
#include <gtest/gtest.h>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace verbatim::testing {

inline const auto hall = numbered_id<RoomId>(101);
inline const auto yard = numbered_id<RoomId>(102);
inline const auto anna = numbered_id<UserId>(1);
inline const auto boris = numbered_id<UserId>(2);

// A log in memory, the texts that it would show now, and an index of it in a temporary folder.
// One writes with say(), edit(), remove() and awaits with caught_up().
class SearchWorld {
public:
    SearchWorld() {
        begin_log(1);
        start();
    }
    ~SearchWorld() { stop(); }
    SearchWorld(const SearchWorld&) = delete;
    SearchWorld& operator=(const SearchWorld&) = delete;

    Version say(const RoomId& room, const UserId& by, const std::string& text) {
        return write(room, by, sent(text), text);
    }
    void edit(const RoomId& room, Version seq, const std::string& text) {
        write(room, anna, edited(seq, text), std::nullopt);
        texts_[{room, seq}] = text;
    }
    void remove(const RoomId& room, Version seq) {
        write(room, anna, deleted(seq), std::nullopt);
        texts_[{room, seq}] = std::nullopt;
    }
    void destroy(const RoomId& room, Version seq) {
        write(room, anna, destroyed(seq), std::nullopt);
        texts_[{room, seq}] = std::nullopt;
    }
    void erase(const UserId& user) {
        scribe_->write(stream_of(user), user, {AccountEvent(ErasureBegun{})});
        EXPECT_TRUE(scribe_->commit());
    }
    void expire(const RoomId& room, Version up_to) {
        write(room, the_server, RoomEvent(ContentsExpired{up_to}), std::nullopt);
    }
    [[nodiscard]] Position head() const { return log_->head(); }
    // What the timeline shows from now on, without a word to the index.
    void show(const RoomId& room, Version seq, std::optional<std::string> text) {
        texts_[{room, seq}] = std::move(text);
    }

    void start() {
        index_ = std::make_unique<SearchIndex>(
            *log_,
            SearchIndexOptions{
                .file = file(),
                .report =
                    [this](const std::string& what) {
                        const std::lock_guard lock(mutex_);
                        reports_.push_back(what);
                    },
                .advanced =
                    [this](Position) {
                        const std::lock_guard lock(mutex_);
                        advanced_.notify_all();
                    }}
        );
        index_->start();
    }
    void stop() {
        if (index_) index_->stop();
        index_.reset();
    }
    SearchWorld& caught_up() {
        index_->wake();
        std::unique_lock lock(mutex_);
        const bool is_there = advanced_.wait_for(lock, std::chrono::minutes(1), [this] {
            return index_->position() == log_->head();
        });
        EXPECT_TRUE(is_there) << "the index stands at " << index_->position().value();
        return *this;
    }

    [[nodiscard]] SearchQuery query(const std::string& text) const {
        return {
            .text = text,
            .rooms = {hall, yard},
            .from = std::nullopt,
            .before = std::nullopt,
            .since = std::nullopt,
            .until = std::nullopt};
    }
    [[nodiscard]] SearchView view() const {
        return {
            .may_see = [](const RoomId&, Version) { return StoreResult<bool>(true); },
            .text_now =
                [this](const SearchHit& hit) {
                    const auto text = texts_.find({hit.room, hit.seq});
                    using Now = StoreResult<std::optional<std::string>>;
                    return text == texts_.end() ? Now(std::nullopt) : Now(text->second);
                }};
    }
    [[nodiscard]] SearchPage page(const SearchQuery& query) {
        auto found =
            index_->find(query, view(), SearchReader::Clock::now() + std::chrono::minutes(1));
        if (!found) {
            ADD_FAILURE() << describe(found.error().error);
            return {};
        }
        return *std::move(found);
    }
    // The texts found, newest first.
    [[nodiscard]] std::vector<std::string> texts(const SearchQuery& query) {
        std::vector<std::string> found;
        for (const SearchHit& hit : page(query).hits)
            found.push_back(texts_.at({hit.room, hit.seq}).value_or("deleted"));
        return found;
    }
    [[nodiscard]] std::vector<std::string> texts(const std::string& words) {
        return texts(query(words));
    }

    [[nodiscard]] SearchIndex& index() { return *index_; }
    [[nodiscard]] EventLog& log() { return *log_; }
    [[nodiscard]] LogScribe& scribe() { return *scribe_; }
    [[nodiscard]] std::filesystem::path file() const { return folder_.path() / "search.sqlite"; }
    [[nodiscard]] std::vector<std::string> reports() {
        const std::lock_guard lock(mutex_);
        return reports_;
    }
    // One with nothing in it. Requires: the index is stopped.
    void begin_log(std::uint64_t epoch) {
        log_ = *open_memory_event_log(counted_bytes(), numbered_uuid(epoch), Timestamp(1));
        scribe_.emplace(*log_);
    }

private:
    Version write(
        const RoomId& room, const UserId& by, Event event, std::optional<std::string> text
    ) {
        scribe_->write(stream_of(room), by, {std::move(event)});
        const Version seq = scribe_->written().back().version;
        EXPECT_TRUE(scribe_->commit());
        if (text) texts_[{room, seq}] = std::move(text);
        return seq;
    }

    TemporaryFolder folder_;
    std::unique_ptr<EventLog> log_;
    std::optional<LogScribe> scribe_;
    std::map<std::pair<RoomId, Version>, std::optional<std::string>> texts_;
    std::mutex mutex_;
    std::condition_variable advanced_;
    std::vector<std::string> reports_;
    std::unique_ptr<SearchIndex> index_;
};

}  // namespace verbatim::testing
