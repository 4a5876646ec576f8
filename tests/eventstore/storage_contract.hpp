#pragma once

#include "eventstore/log_storage.hpp"

#include <algorithm>
#include <gtest/gtest.h>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

// What every Storage keeps to (eventstore/log_storage.hpp). A Backend has open(), which gives a
// storage of three columns: a new one, or what the last one left.
namespace verbatim::testing {

using Entries = std::vector<std::pair<std::string, std::string>>;

[[nodiscard]] inline Entries rest_of(StorageCursor& cursor) {
    Entries entries;
    for (; cursor.valid(); cursor.next()) entries.emplace_back(cursor.key(), cursor.value());
    EXPECT_TRUE(cursor.status().has_value());
    return entries;
}

[[nodiscard]] inline Entries entries_of(
    const Storage& storage, std::size_t column, std::string_view upper = {}
) {
    const auto cursor = storage.cursor(column, upper);
    cursor->seek({});
    return rest_of(*cursor);
}

inline void put_all(Storage& storage, std::size_t column, const Entries& entries) {
    auto batch = storage.new_batch();
    for (const auto& [key, value] : entries) batch->put(column, key, value);
    ASSERT_TRUE(storage.write(std::move(batch), Durability::synced).has_value());
}

inline void erase_one(Storage& storage, std::size_t column, std::string_view key) {
    auto batch = storage.new_batch();
    batch->erase(column, key);
    ASSERT_TRUE(storage.write(std::move(batch), Durability::synced).has_value());
}

template <class Backend>
class StorageContract : public ::testing::Test {
protected:
    Backend backend;
    std::shared_ptr<Storage> storage = backend.open();
};
TYPED_TEST_SUITE_P(StorageContract);

TYPED_TEST_P(StorageContract, HasNothingUntilSomethingWasWritten) {
    EXPECT_EQ(this->storage->get(0, "key").value(), std::nullopt);
    EXPECT_EQ(entries_of(*this->storage, 0), Entries());
}

TYPED_TEST_P(StorageContract, GivesBackWhatWasWritten) {
    const std::string binary("a\0b\xff", 4);
    put_all(*this->storage, 0, {{"key", "value"}, {"empty", ""}, {binary, binary}});
    EXPECT_EQ(this->storage->get(0, "key").value(), "value");
    EXPECT_EQ(this->storage->get(0, "empty").value(), "");
    EXPECT_EQ(this->storage->get(0, binary).value(), binary);
    EXPECT_EQ(this->storage->get(0, "ke").value(), std::nullopt);
}

TYPED_TEST_P(StorageContract, AppliesABatchInOrder) {
    auto batch = this->storage->new_batch();
    batch->put(0, "twice", "first");
    batch->put(0, "twice", "second");
    batch->put(0, "gone", "x");
    batch->erase(0, "gone");
    batch->erase(0, "back");
    batch->put(0, "back", "y");
    ASSERT_TRUE(this->storage->write(std::move(batch), Durability::buffered).has_value());
    EXPECT_EQ(entries_of(*this->storage, 0), (Entries{{"back", "y"}, {"twice", "second"}}));
}

TYPED_TEST_P(StorageContract, ShowsNothingOfABatchThatWasNotWritten) {
    auto batch = this->storage->new_batch();
    batch->put(0, "key", "value");
    EXPECT_EQ(this->storage->get(0, "key").value(), std::nullopt);
    batch.reset();
    EXPECT_EQ(this->storage->get(0, "key").value(), std::nullopt);
}

TYPED_TEST_P(StorageContract, CountsTheBytesOfABatch) {
    auto batch = this->storage->new_batch();
    const std::size_t before = batch->bytes();
    batch->put(0, "key", std::string(1'000, 'x'));
    EXPECT_GE(batch->bytes(), before + 1'003);
    EXPECT_LE(batch->bytes(), before + 1'100);
}

TYPED_TEST_P(StorageContract, KeepsColumnsApart) {
    put_all(*this->storage, 0, {{"key", "zero"}});
    put_all(*this->storage, 1, {{"key", "one"}});
    erase_one(*this->storage, 2, "key");
    EXPECT_EQ(this->storage->get(0, "key").value(), "zero");
    EXPECT_EQ(this->storage->get(1, "key").value(), "one");
    EXPECT_EQ(this->storage->get(2, "key").value(), std::nullopt);
}

TYPED_TEST_P(StorageContract, WalksKeysInByteOrder) {
    put_all(*this->storage, 0, {{"\xff", "4"}, {"b", "3"}, {"a", "1"}, {"ab", "2"}});
    EXPECT_EQ(
        entries_of(*this->storage, 0), (Entries{{"a", "1"}, {"ab", "2"}, {"b", "3"}, {"\xff", "4"}})
    );
}

TYPED_TEST_P(StorageContract, SeeksTheFirstKeyNotBefore) {
    put_all(*this->storage, 0, {{"b", ""}, {"d", ""}});
    const auto cursor = this->storage->cursor(0);
    cursor->seek("b");
    ASSERT_TRUE(cursor->valid());
    EXPECT_EQ(cursor->key(), "b");
    cursor->seek("c");
    ASSERT_TRUE(cursor->valid());
    EXPECT_EQ(cursor->key(), "d");
    cursor->seek("e");
    EXPECT_FALSE(cursor->valid());
    EXPECT_TRUE(cursor->status().has_value());
}

TYPED_TEST_P(StorageContract, SeeksTheLastKeyNotAfter) {
    put_all(*this->storage, 0, {{"b", ""}, {"d", ""}});
    const auto cursor = this->storage->cursor(0);
    cursor->seek_for_previous("d");
    ASSERT_TRUE(cursor->valid());
    EXPECT_EQ(cursor->key(), "d");
    cursor->seek_for_previous("c");
    ASSERT_TRUE(cursor->valid());
    EXPECT_EQ(cursor->key(), "b");
    cursor->seek_for_previous("a");
    EXPECT_FALSE(cursor->valid());
    EXPECT_TRUE(cursor->status().has_value());
}

TYPED_TEST_P(StorageContract, WalksBothWays) {
    put_all(*this->storage, 0, {{"a", "1"}, {"b", "2"}, {"c", "3"}});
    const auto cursor = this->storage->cursor(0);
    cursor->seek("b");
    cursor->next();
    EXPECT_EQ(cursor->value(), "3");
    cursor->previous();
    cursor->previous();
    EXPECT_EQ(cursor->value(), "1");
    cursor->next();
    EXPECT_EQ(cursor->value(), "2");
    cursor->previous();
    cursor->previous();
    EXPECT_FALSE(cursor->valid());
}

TYPED_TEST_P(StorageContract, ShowsNothingFromTheUpperBoundOn) {
    put_all(*this->storage, 0, {{"a", "1"}, {"b", "2"}, {"c", "3"}});
    EXPECT_EQ(entries_of(*this->storage, 0, "c"), (Entries{{"a", "1"}, {"b", "2"}}));
    const auto cursor = this->storage->cursor(0, "c");
    for (const char* const from : {"b", "c", "d"}) {
        cursor->seek_for_previous(from);
        ASSERT_TRUE(cursor->valid()) << from;
        EXPECT_EQ(cursor->key(), "b") << from;
    }
    cursor->seek("c");
    EXPECT_FALSE(cursor->valid());
}

TYPED_TEST_P(StorageContract, ACursorSeesTheStoreAsItWas) {
    put_all(*this->storage, 0, {{"a", "1"}, {"b", "2"}, {"c", "3"}});
    const auto cursor = this->storage->cursor(0);
    put_all(*this->storage, 0, {{"b", "new"}, {"bb", "new"}, {"d", "new"}});
    erase_one(*this->storage, 0, "c");
    cursor->seek({});
    EXPECT_EQ(rest_of(*cursor), (Entries{{"a", "1"}, {"b", "2"}, {"c", "3"}}));
    ASSERT_TRUE(this->storage->clear(0).has_value());
    cursor->seek_for_previous("z");
    ASSERT_TRUE(cursor->valid());
    EXPECT_EQ(cursor->key(), "c");
    EXPECT_EQ(entries_of(*this->storage, 0), Entries());
}

TYPED_TEST_P(StorageContract, ClearingEmptiesOneColumnForGood) {
    for (const int rows : {1'000, 12'000}) {  // few are removed otherwise than many
        Entries many;
        for (int i = 0; i < rows; ++i) many.emplace_back(std::to_string(i), std::string(100, 'x'));
        put_all(*this->storage, 0, many);
        put_all(*this->storage, 1, {{"other", "stays"}});
        ASSERT_TRUE(this->storage->clear(0).has_value());
        ASSERT_TRUE(this->storage->clear(2).has_value());  // it was empty
        EXPECT_EQ(entries_of(*this->storage, 0), Entries());
        EXPECT_EQ(this->storage->get(0, "7").value(), std::nullopt);
        EXPECT_EQ(entries_of(*this->storage, 1), (Entries{{"other", "stays"}}));

        put_all(*this->storage, 0, {{"7", "again"}});
        EXPECT_EQ(entries_of(*this->storage, 0), (Entries{{"7", "again"}}));
    }
}

TYPED_TEST_P(StorageContract, SaysHowMuchItHolds) {
    const auto before = this->storage->disk_bytes();
    put_all(*this->storage, 0, {{"key", std::string(100'000, 'x')}});
    EXPECT_GE(this->storage->disk_bytes(), before + 100'000);
}

TYPED_TEST_P(StorageContract, ReadersSeeWholeBatchesWhileOneThreadWrites) {
    constexpr int rounds = 300;
    std::vector<std::jthread> readers;
    for (int reader = 0; reader < 3; ++reader) {
        readers.emplace_back([&] {
            std::string last;
            while (last != std::to_string(rounds)) {
                const Entries seen = entries_of(*this->storage, 0);
                if (seen.empty()) continue;
                ASSERT_EQ(seen.size(), 3u);
                last = seen.front().second;
                const bool same = std::all_of(seen.begin(), seen.end(), [&](const auto& entry) {
                    return entry.second == last;
                });
                ASSERT_TRUE(same);
            }
        });
    }
    for (int round = 1; round <= rounds; ++round) {
        const std::string value = std::to_string(round);
        auto batch = this->storage->new_batch();
        for (const char* const key : {"a", "b", "c"}) batch->put(0, key, value);
        ASSERT_TRUE(this->storage->write(std::move(batch), Durability::buffered).has_value());
    }
}

REGISTER_TYPED_TEST_SUITE_P(
    StorageContract,
    HasNothingUntilSomethingWasWritten,
    GivesBackWhatWasWritten,
    AppliesABatchInOrder,
    ShowsNothingOfABatchThatWasNotWritten,
    CountsTheBytesOfABatch,
    KeepsColumnsApart,
    WalksKeysInByteOrder,
    SeeksTheFirstKeyNotBefore,
    SeeksTheLastKeyNotAfter,
    WalksBothWays,
    ShowsNothingFromTheUpperBoundOn,
    ACursorSeesTheStoreAsItWas,
    ClearingEmptiesOneColumnForGood,
    SaysHowMuchItHolds,
    ReadersSeeWholeBatchesWhileOneThreadWrites
);

}  // namespace verbatim::testing
