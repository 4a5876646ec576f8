#pragma once

#include "eventstore/codec.hpp"
#include "eventstore/log_keys.hpp"
#include "eventstore/record_layout.hpp"
#include "tests/eventstore/storage_contract.hpp"
#include "tests/support/faulty_storage.hpp"
#include "tests/support/log_scribe.hpp"

#include <algorithm>
#include <gtest/gtest.h>
#include <iterator>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

// What an EventLog keeps to (eventstore/event_log.hpp), whatever storage it stands on. A Backend
// has open(), which gives the storage of the log's columns as the last one left it.
namespace verbatim::testing {

inline const RoomId harbour = numbered_id<RoomId>(100);
inline const RoomId market = numbered_id<RoomId>(101);
inline const UserId ada = numbered_id<UserId>(1);
inline const UserId bea = numbered_id<UserId>(2);
inline const Uuid first_epoch = numbered_uuid(7);
inline const Timestamp creation{1'767'268'800'000'000};

template <class Value>
[[nodiscard]] StoreError error_of(const StoreResult<Value>& result) {
    EXPECT_FALSE(result.has_value());
    return result ? StoreError{} : result.error();
}

template <class Backend>
class EventLogContract : public ::testing::Test {
protected:
    EventLogContract() { reopen(); }

    using Opened = StoreResult<std::unique_ptr<EventLog>>;
    [[nodiscard]] Opened try_reopen(Uuid epoch = first_epoch, Timestamp now = creation) {
        log.reset();
        storage.reset();
        storage = backend.open();
        return EventLog::open(
            std::make_unique<FaultyStorage>(storage, faults), counted_bytes(), epoch, now
        );
    }
    void reopen() { log = try_reopen().value(); }

    // Three commands that touch every kind of stream, in two batches; 7 events.
    std::vector<RecordedEvent> write_some() {
        LogScribe scribe(*log);
        scribe.write(stream_of(ada), ada, {registered("ada")}, key_numbered(1));
        scribe.write(
            stream_of(harbour),
            ada,
            {room_created("harbour"), sent("hello"), sent("")},
            key_numbered(2)
        );
        EXPECT_TRUE(scribe.commit().has_value());
        scribe.write(stream_of(harbour), bea, {edited(Version(2), "hallo"), deleted(Version(3))});
        scribe.write(reader_stream_of(ada), ada, {ReaderEvent(RoomRead{harbour, Version(3)})});
        EXPECT_TRUE(scribe.commit().has_value());
        return scribe.written();
    }
    void write_messages(const RoomId& room, std::size_t count) {
        LogScribe scribe(*log);
        for (std::size_t i = 0; i < count; ++i) {
            scribe.write(stream_of(room), ada, {sent("message " + std::to_string(i))});
        }
        ASSERT_TRUE(scribe.commit().has_value());
    }

    // Behind the log's back.
    void plant(std::size_t column, std::string_view key, std::string_view value) {
        put_all(*storage, column, {{std::string(key), std::string(value)}});
    }
    void remove(std::size_t column, std::string_view key) { erase_one(*storage, column, key); }
    void flip_last_byte(std::size_t column, std::string_view key) {
        std::string value = storage->get(column, key).value().value();
        value.back() = static_cast<char>(value.back() ^ 1);
        plant(column, key, value);
    }
    // What reading `position` fails with, said alike by read() and by the two kinds of cursor.
    [[nodiscard]] StoreError fault_at(Position position) {
        const StoreError error = error_of(log->read(position));
        const auto all = log->read_all(Position(position.value() - 1));
        EXPECT_EQ(error_of(all->next()).fault, error.fault);
        EXPECT_EQ(error_of(all->next()).fault, error.fault) << "a failed cursor goes on";
        EXPECT_EQ(error.position, position);
        return error;
    }

    Backend backend;
    std::shared_ptr<StorageFaults> faults = std::make_shared<StorageFaults>();
    std::shared_ptr<Storage> storage;
    std::unique_ptr<EventLog> log;
};

}  // namespace verbatim::testing
