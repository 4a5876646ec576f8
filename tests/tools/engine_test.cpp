#include "tools/engine.hpp"

#include "tests/support/log_scribe.hpp"
#include "tests/support/temporary_folder.hpp"

#include <atomic>
#include <future>
#include <gtest/gtest.h>
#include <thread>

namespace verbatim::testing {

namespace {

constexpr std::uint64_t gibibyte = 1ull << 30;

class EngineOnADisk : public ::testing::Test {
protected:
    void SetUp() override {
        EngineOptions options;
        options.data = folder.path() / "data";
        options.report = [](const std::string&) {};
        options.disk_free_bytes = [this] { return free.load(); };
        auto opened = Engine::open(std::move(options));
        ASSERT_TRUE(opened.has_value()) << describe(opened.error());
        engine = std::move(*opened);
        ASSERT_TRUE(engine->catch_up([](const RebuildProgress&) {}).has_value());
        engine->start();
    }

    CommandResult register_user(const std::string& name) {
        const auto user = numbered_id<UserId>(++users);
        std::promise<CommandResult> answered;
        engine->sequencer().submit(
            {.stream = stream_of(user),
             .command = AccountCommand(RegisterUser{
                 .username = name, .display_name = name, .password_hash = "x"}),
             .actor = user,
             .id = CommandId(numbered_uuid(1'000 + users)),
             .key = std::nullopt,
             .if_match = std::nullopt,
             .occurred_at = std::nullopt},
            [&](CommandResult result) { answered.set_value(std::move(result)); }
        );
        return answered.get_future().get();
    }
    // The engine looks about every second: asks until it has.
    void wait_until(const std::optional<std::string>& reason) {
        while (engine->sequencer().pause_reason() != reason) std::this_thread::yield();
    }

    TemporaryFolder folder;
    std::atomic<std::uint64_t> free{gibibyte};
    std::uint64_t users = 0;
    std::unique_ptr<Engine> engine;
};

TEST_F(EngineOnADisk, TakesNoCommandsBelowOneGibibyteAndThenTakesThemAgainByItself) {
    ASSERT_TRUE(register_user("alice").has_value());

    free = gibibyte - 1;
    wait_until("disk_almost_full");
    const CommandResult refused = register_user("bob");
    ASSERT_FALSE(refused.has_value());
    EXPECT_EQ(refused.error().fault, CommandFault::not_taking_commands);
    EXPECT_EQ(refused.error().reason, "disk_almost_full");
    EXPECT_TRUE(engine->views().users().by_username("alice")->has_value()) << "queries go on";

    free = gibibyte;
    wait_until(std::nullopt);
    EXPECT_TRUE(register_user("carol").has_value());
}

// Why an engine takes no commands.
class HeldCommands : public ::testing::Test {
protected:
    TemporaryFolder folder;

    std::unique_ptr<Engine> opened(std::uint64_t disk_reserve_bytes = 0) {
        EngineOptions options;
        options.data = folder.path() / "data";
        options.disk_reserve_bytes = disk_reserve_bytes;
        options.report = [](const std::string&) {};
        auto engine = Engine::open(std::move(options)).value();
        engine->prepare_sequencer();
        EXPECT_TRUE(engine->catch_up([](const RebuildProgress&) {}).has_value());
        return engine;
    }
    static std::optional<std::string> reason_of(Engine& engine) {
        return engine.sequencer().pause_reason();
    }
};

TEST_F(HeldCommands, StayHeldWhenTheEngineStarts) {
    const auto engine = opened();
    EXPECT_EQ(reason_of(*engine), "not_ready");
    engine->hold_commands("not_the_leader");
    EXPECT_EQ(reason_of(*engine), "not_ready");
    engine->start();
    EXPECT_EQ(reason_of(*engine), "not_the_leader");
    engine->hold_commands(std::nullopt);
    EXPECT_EQ(reason_of(*engine), std::nullopt);
    engine->hold_commands("not_the_leader");
    EXPECT_EQ(reason_of(*engine), "not_the_leader");
}

TEST_F(HeldCommands, StayRefusedWhereTheDiskIsFullWhenTheyAreLetGo) {
    constexpr std::uint64_t more_than_any_disk = 1ull << 62;
    const auto engine = opened(more_than_any_disk);
    engine->start();
    EXPECT_EQ(reason_of(*engine), "disk_almost_full");
    engine->hold_commands("not_the_leader");
    EXPECT_EQ(reason_of(*engine), "not_the_leader");
    engine->hold_commands(std::nullopt);
    EXPECT_EQ(reason_of(*engine), "disk_almost_full");
}

}  // namespace

}  // namespace verbatim::testing
