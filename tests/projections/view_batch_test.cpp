#include "projections/projection.hpp"

#include <gtest/gtest.h>
#include <map>
#include <random>

namespace verbatim::testing {
namespace {

std::map<std::string, std::string> content_of(const Storage& storage) {
    std::map<std::string, std::string> content;
    const auto cursor = storage.cursor(0);
    for (cursor->seek({}); cursor->valid(); cursor->next())
        content.emplace(cursor->key(), cursor->value());
    return content;
}

void write(Storage& storage, const ViewBatch& changes) {
    auto batch = storage.new_batch();
    changes.write_to(*batch);
    ASSERT_TRUE(storage.write(std::move(batch), Durability::buffered));
}

TEST(ViewBatch, SeesItsOwnChangesBeforeTheyAreWritten) {
    const auto storage = make_memory_storage(1);
    ViewBatch before(*storage, 0);
    before.put("kept", "1");
    before.put("gone", "1");
    write(*storage, before);

    ViewBatch batch(*storage, 0);
    EXPECT_TRUE(batch.empty());
    batch.put("new", "2");
    batch.erase("gone");
    EXPECT_FALSE(batch.empty());
    EXPECT_EQ(batch.get("kept").value(), "1");
    EXPECT_EQ(batch.get("new").value(), "2");
    EXPECT_EQ(batch.get("gone").value(), std::nullopt);
    EXPECT_EQ(batch.get("never").value(), std::nullopt);
    EXPECT_EQ(
        content_of(*storage), (std::map<std::string, std::string>{{"gone", "1"}, {"kept", "1"}})
    );

    write(*storage, batch);
    EXPECT_EQ(
        content_of(*storage), (std::map<std::string, std::string>{{"kept", "1"}, {"new", "2"}})
    );
}

TEST(ViewBatch, WritesOnlyTheLastChangeOfAKey) {
    const auto storage = make_memory_storage(1);
    ViewBatch batch(*storage, 0);
    batch.put("a", "1");
    batch.erase("a");
    batch.put("a", "2");
    batch.put("b", "1");
    batch.erase("b");
    write(*storage, batch);
    EXPECT_EQ(content_of(*storage), (std::map<std::string, std::string>{{"a", "2"}}));
}

TEST(ViewBatch, AgreesWithAMapThroughThousandsOfChanges) {
    const auto storage = make_memory_storage(1);
    std::map<std::string, std::string> expected;
    std::mt19937_64 random(5);
    for (int round = 0; round < 3; ++round) {
        ViewBatch batch(*storage, 0);
        for (int i = 0; i < 3'000; ++i) {
            const std::string key = "key" + std::to_string(random() % 2'000);
            if (random() % 4 == 0) {
                batch.erase(key);
                expected.erase(key);
            } else {
                batch.put(key, std::to_string(i));
                expected[key] = std::to_string(i);
            }
            const std::string other = "key" + std::to_string(random() % 2'000);
            const auto found = expected.find(other);
            ASSERT_EQ(
                batch.get(other).value(),
                found == expected.end() ? std::nullopt : std::optional(found->second)
            );
        }
        write(*storage, batch);
        ASSERT_EQ(content_of(*storage), expected);
    }
}

}  // namespace
}  // namespace verbatim::testing
