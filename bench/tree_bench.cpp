#include "bench/load/statistics.hpp"
#include "eventstore/checkpoint.hpp"
#include "eventstore/commands/sequencer.hpp"
#include "eventstore/log_keys.hpp"
#include "eventstore/merkle_tree.hpp"
#include "eventstore/record_layout.hpp"
#include "eventstore/rocks_event_log.hpp"
#include "projections/views.hpp"
#include "protocol/key_file.hpp"
#include "protocol/random.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <future>
#include <memory>
#include <semaphore>
#include <string>
#include <sys/resource.h>
#include <utility>
#include <vector>

// What share of the time of a send do the Merkle tree and the signed tree heads take? Durable sends
// through the sequencer, projected, 64 on their way: by turns as they are, and with the tree's work
// (hash of each record, inner nodes, their keys in the batch) done four times more. A quarter of
// what that costs is what the tree does.
//     build/release/bench/tree_bench EMPTY_DIRECTORY [ROUNDS] [SECONDS]
namespace {

namespace fs = std::filesystem;
using namespace verbatim;

constexpr int usual_rounds = 5;
constexpr int usual_seconds = 3;
constexpr std::ptrdiff_t sends_under_way = 64;
constexpr std::size_t users = 64;
constexpr std::size_t text_bytes = 200;
constexpr std::size_t record_checksum_bytes = 4;
constexpr int tree_heads = 200;
constexpr std::size_t more_trees = 4;

template <class Result>
auto value_of(Result result) {
    if (result) return std::move(*result);
    std::fprintf(stderr, "%s\n", describe(result.error()).c_str());
    std::abort();
}

enum class Trees { one, many };

using MoreTrees = std::array<MerkleFrontier, more_trees>;

// A batch that does for each record what BatchEncoder does for the tree, for more of them.
class TreeBatch final : public StorageBatch {
public:
    // `more` may be null: none.
    TreeBatch(std::unique_ptr<StorageBatch> batch, MoreTrees* more)
        : batch_(std::move(batch)), more_(more) {}

    void put(std::size_t column, std::string_view key, std::string_view value) override {
        batch_->put(column, key, value);
        if (column != EventLog::records || more_ == nullptr) return;
        constexpr std::uint8_t levels_of_a_tree = 32;
        std::uint8_t first_level = levels_of_a_tree;
        for (MerkleFrontier& tree : *more_) {
            const Digest leaf = leaf_hash_of(value.substr(0, value.size() - record_checksum_bytes));
            tree.append(leaf, [&](NodeId node, const Digest& digest) {
                node.level = static_cast<std::uint8_t>(node.level + first_level);
                batch_->put(EventLog::merkle, merkle_key(node), as_text(digest));
            });
            first_level = static_cast<std::uint8_t>(first_level + levels_of_a_tree);
        }
    }
    void erase(std::size_t column, std::string_view key) override { batch_->erase(column, key); }
    [[nodiscard]] std::size_t bytes() const override { return batch_->bytes(); }
    [[nodiscard]] std::unique_ptr<StorageBatch> take() { return std::move(batch_); }

private:
    std::unique_ptr<StorageBatch> batch_;
    MoreTrees* more_;
};

class TreeStorage final : public Storage {
public:
    TreeStorage(std::unique_ptr<Storage> storage, Trees trees)
        : storage_(std::move(storage)), trees_(trees) {}

    [[nodiscard]] std::unique_ptr<StorageBatch> new_batch() override {
        return std::make_unique<TreeBatch>(
            storage_->new_batch(), trees_ == Trees::many ? &more_ : nullptr
        );
    }
    [[nodiscard]] StoreResult<void> write(
        std::unique_ptr<StorageBatch> batch, Durability durability
    ) override {
        return storage_->write(static_cast<TreeBatch&>(*batch).take(), durability);
    }
    [[nodiscard]] StoreResult<std::optional<std::string>> get(
        std::size_t column, std::string_view key
    ) const override {
        return storage_->get(column, key);
    }
    [[nodiscard]] std::unique_ptr<StorageCursor> cursor(std::size_t column, std::string_view upper)
        const override {
        return storage_->cursor(column, upper);
    }
    [[nodiscard]] StoreResult<void> clear(std::size_t column) override {
        return storage_->clear(column);
    }
    [[nodiscard]] StoreResult<void> scrub(std::span<const KeyRange> ranges) override {
        return storage_->scrub(ranges);
    }
    [[nodiscard]] std::uint64_t disk_bytes() const override { return storage_->disk_bytes(); }

private:
    std::unique_ptr<Storage> storage_;
    const Trees trees_;
    MoreTrees more_;  // the decide thread's
};

class Projecting final : public CommitListener {
public:
    Projecting(Views& views, const Uuid& epoch) : views_(views), epoch_(epoch) {}
    void project(const std::shared_ptr<const CommittedBatch>& batch) override {
        if (!views_.apply(*batch, epoch_)) std::abort();
    }
    void note(const std::vector<ReadNoteChange>&) override {}
    void forget(const Forgotten&) override {}
    void announce(const std::shared_ptr<const CommittedBatch>&) override {}

private:
    Views& views_;
    const Uuid epoch_;
};

struct Figures {
    double sends_per_second = 0;
    double cpu_us = 0;  // of a send
};

double cpu_seconds() {
    rusage used{};
    ::getrusage(RUSAGE_SELF, &used);
    const auto seconds = [](const timeval& time) {
        return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
    };
    return seconds(used.ru_utime) + seconds(used.ru_stime);
}

Submission to(StreamId stream, const UserId& actor, Command command) {
    return {
        .stream = stream,
        .command = std::move(command),
        .actor = actor,
        .id = CommandId(new_uuid(system_now())),
        .key = std::nullopt,
        .if_match = std::nullopt,
        .occurred_at = std::nullopt};
}

void run(Sequencer& sequencer, Submission submission) {
    std::promise<bool> done;
    sequencer.submit(std::move(submission), [&](const CommandResult& result) {
        done.set_value(result.has_value());
    });
    if (!done.get_future().get()) std::abort();
}

// Each in a room of one's own.
std::vector<std::pair<UserId, RoomId>> make_people(Sequencer& sequencer) {
    std::vector<std::pair<UserId, RoomId>> people;
    for (std::size_t i = 0; i < users; ++i) {
        const UserId user(new_uuid(system_now()));
        const RoomId room(new_uuid(system_now()));
        const std::string name = "user" + std::to_string(i);
        run(sequencer, to(stream_of(user), user, AccountCommand(RegisterUser{name, name, "hash"})));
        CreateRoom create;
        create.name = name;
        create.max_members = 10;
        run(sequencer, to(stream_of(room), user, RoomCommand(create)));
        people.emplace_back(user, room);
    }
    return people;
}

Figures send_for(Sequencer& sequencer, int seconds) {
    const auto people = make_people(sequencer);
    std::counting_semaphore<sends_under_way> free(sends_under_way);
    const std::string text(text_bytes, 'm');
    std::uint64_t sends = 0;
    const double cpu = cpu_seconds();
    const std::int64_t start = bench::now_us();
    const std::int64_t end = start + std::int64_t{seconds} * 1'000'000;
    for (; bench::now_us() < end; ++sends) {
        free.acquire();
        const auto& [user, room] = people[sends % people.size()];
        SendMessage send;
        send.text = text;
        sequencer.submit(
            to(stream_of(room), user, RoomCommand(std::move(send))),
            [&free](const CommandResult& result) {
                if (!result) std::abort();
                free.release();
            }
        );
    }
    for (std::ptrdiff_t i = 0; i < sends_under_way; ++i) free.acquire();
    const auto us = static_cast<double>(bench::now_us() - start);
    const auto count = static_cast<double>(sends);
    return {.sends_per_second = count / us * 1e6, .cpu_us = (cpu_seconds() - cpu) / count * 1e6};
}

Figures measure(const fs::path& place, Trees trees, int seconds) {
    const fs::path data = place / "run";
    fs::create_directories(data);
    const auto log = value_of(EventLog::open(
        std::make_unique<TreeStorage>(value_of(open_log_storage(data / "log")), trees),
        random_bytes,
        new_uuid(system_now()),
        system_now()
    ));
    Views views(value_of(open_views_storage((data / "views").string())));
    if (!views.catch_up(*log, {})) std::abort();
    Projecting projecting(views, log->epoch());
    SequencerOptions options;
    options.clock = system_now;
    options.random = random_bytes;
    Figures figures;
    {
        Sequencer sequencer(*log, projecting, std::move(options));
        figures = send_for(sequencer, seconds);
    }
    fs::remove_all(data);
    return figures;
}

double median(std::vector<double> values) {
    std::ranges::sort(values);
    return values[values.size() / 2];
}

// One a second where there is anything to sign.
double tree_head_us(const fs::path& place) {
    Seed seed{};
    random_bytes(seed);
    const NoteSigner signer("verbatim/bench", seed);
    const auto file = value_of(CheckpointFile::open(place / "checkpoint", signer.verifier_key()));
    std::vector<double> times;
    for (int i = 1; i <= tree_heads; ++i) {
        const TreeHead head{
            .origin = signer.name(),
            .size = static_cast<std::uint64_t>(i),
            .root = empty_tree_root(),
            .at = system_now()};
        const std::int64_t start = bench::now_us();
        if (!file->append(signer.sign(head), head)) std::abort();
        times.push_back(static_cast<double>(bench::now_us() - start));
    }
    return median(std::move(times));
}

// Of the time of a send with one tree, in per cent.
double share(double with_one, double with_more) {
    return (with_more / with_one - 1) / static_cast<double>(more_trees) * 100;
}

void print(const std::vector<std::pair<Figures, Figures>>& rounds, double head_us) {
    std::vector<double> one;
    std::vector<double> more;
    std::vector<double> of_time;
    std::vector<double> cpu;
    std::vector<double> of_cpu;
    for (const auto& [first, second] : rounds) {
        one.push_back(first.sends_per_second);
        more.push_back(second.sends_per_second);
        of_time.push_back(share(1 / first.sends_per_second, 1 / second.sends_per_second));
        cpu.push_back(first.cpu_us);
        of_cpu.push_back(share(first.cpu_us, second.cpu_us));
    }
    const auto print_share = [](const char* what, const std::vector<double>& shares) {
        const auto [least, most] = std::ranges::minmax(shares);
        std::printf("| %s | %.1f %% (%.1f to %.1f) |\n", what, median(shares), least, most);
    };
    std::printf("| durable sends, 64 on their way | %.0f/s |\n", median(one));
    std::printf("| the same with the tree's work done five times | %.0f/s |\n", median(more));
    print_share("the tree's share of the time of a send", of_time);
    std::printf("| processor time of a send | %.1f us |\n", median(cpu));
    print_share("the tree's share of that", of_cpu);
    std::printf(
        "| signing and keeping a tree head, once a second | %.0f us (%.2f %%) |\n",
        head_us,
        head_us / 1e6 * 100
    );
}

}  // namespace

int main(int argc, char** argv) {
    if (argc < 2) return 2;
    const fs::path place = argv[1];
    const int rounds = argc > 2 ? std::atoi(argv[2]) : usual_rounds;
    const int seconds = argc > 3 ? std::atoi(argv[3]) : usual_seconds;
    if (rounds < 1 || seconds < 1) return 2;
    fs::create_directories(place);
    std::vector<std::pair<Figures, Figures>> measured;
    for (int i = 0; i < rounds; ++i) {
        const Figures one = measure(place, Trees::one, seconds);
        measured.emplace_back(one, measure(place, Trees::many, seconds));
    }
    print(measured, tree_head_us(place));
    return 0;
}
