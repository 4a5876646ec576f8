#include "tests/eventstore/storage_contract.hpp"

namespace verbatim::testing {
namespace {

struct MemoryBackend {
    std::shared_ptr<Storage> storage = make_memory_storage(3);
    [[nodiscard]] std::shared_ptr<Storage> open() const { return storage; }
};
INSTANTIATE_TYPED_TEST_SUITE_P(Memory, StorageContract, MemoryBackend);

TEST(EndOfPrefix, IsTheSmallestKeyBeyondAllThatBeginWithIt) {
    EXPECT_EQ(end_of_prefix("ab"), "ac");
    EXPECT_EQ(end_of_prefix("a\x7f"), "a\x80");
    EXPECT_EQ(end_of_prefix("a\xff\xff"), "b");
}

TEST(EndOfPrefix, IsEmptyWhereThereIsNone) {
    EXPECT_EQ(end_of_prefix(""), "");
    EXPECT_EQ(end_of_prefix("\xff\xff"), "");
}

}  // namespace
}  // namespace verbatim::testing
