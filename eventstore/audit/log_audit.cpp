#include "eventstore/audit/log_audit.hpp"

#include "eventstore/audit/examiner.hpp"
#include "eventstore/audit/raw_batch.hpp"
#include "eventstore/audit/sequence_check.hpp"
#include "eventstore/audit/tree_check.hpp"
#include "eventstore/event_log.hpp"
#include "eventstore/record_layout.hpp"

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <future>
#include <limits>
#include <mutex>
#include <thread>
#include <utility>

namespace verbatim {
namespace {

// Threads that examine batches; their results are taken in the order of submission.
class Examiners {
public:
    Examiners(unsigned threads, bool of_replica) : of_replica_(of_replica) {
        for (unsigned i = 0; i < std::max(1u, threads); ++i)
            threads_.emplace_back([this] { run(); });
    }
    ~Examiners() {
        {
            const std::lock_guard lock(mutex_);
            is_stopping_ = true;
        }
        wake_.notify_all();
        for (std::thread& thread : threads_) thread.join();
    }
    Examiners(const Examiners&) = delete;
    Examiners& operator=(const Examiners&) = delete;

    void submit(RawBatch batch) {
        Task task([batch = std::move(batch), of_replica = of_replica_] {
            return examine(batch, of_replica);
        });
        results_.push_back(task.get_future());
        {
            const std::lock_guard lock(mutex_);
            tasks_.push_back(std::move(task));
        }
        wake_.notify_one();
    }
    [[nodiscard]] std::size_t waiting() const { return results_.size(); }
    [[nodiscard]] std::size_t in_flight_max() const { return threads_.size() + 2; }
    // Requires: waiting() > 0.
    [[nodiscard]] ExaminedBatch take() {
        ExaminedBatch batch = results_.front().get();
        results_.pop_front();
        return batch;
    }

private:
    using Task = std::packaged_task<ExaminedBatch()>;

    void run() {
        std::unique_lock lock(mutex_);
        while (true) {
            wake_.wait(lock, [this] { return is_stopping_ || !tasks_.empty(); });
            if (tasks_.empty()) return;
            Task task = std::move(tasks_.front());
            tasks_.pop_front();
            lock.unlock();
            task();
            lock.lock();
        }
    }

    const bool of_replica_;
    std::mutex mutex_;
    std::condition_variable wake_;
    std::deque<Task> tasks_;
    std::deque<std::future<ExaminedBatch>> results_;  // of the submitting thread
    std::vector<std::thread> threads_;
    bool is_stopping_ = false;
};

struct CheckedNotes {
    std::vector<TreeHead> heads;  // those that can be compared with, ascending
    AuditFindings findings;
};

// Each note by itself and in its order. One takes about 0.1 ms.
CheckedNotes check_notes(const std::vector<std::string>& notes, const std::string& verifier_key) {
    CheckedNotes checked;
    for (std::size_t i = 0; i < notes.size(); ++i) {
        const std::string which = "note " + std::to_string(i + 1) + " of the checkpoint file";
        auto head = verify_checkpoint(notes[i], verifier_key);
        if (!head) {
            const auto said = read_checkpoint(notes[i]);
            checked.findings.add(
                AuditFault::note_not_signed,
                Position(said ? std::max<std::uint64_t>(said->size, 1) : 1),
                which + " is not signed by the log's key"
            );
            continue;
        }
        if (!checked.heads.empty() && head->size < checked.heads.back().size) {
            checked.findings.add(
                AuditFault::note_out_of_order,
                Position(head->size),
                which + " is of a smaller log than the one before it"
            );
            continue;
        }
        checked.heads.push_back(std::move(*head));
    }
    return checked;
}

StoreResult<Position> find_head(const Storage& storage) {
    const auto cursor = storage.cursor(EventLog::records);
    cursor->seek_for_previous(record_key(Position(std::numeric_limits<std::uint64_t>::max())));
    if (!cursor->valid()) {
        const auto status = cursor->status();
        if (!status) return failure(status.error());
        return Position();
    }
    return position_of_record_key(cursor->key()).value_or(Position());
}

StoreResult<LogMeta> read_meta(const Storage& storage) {
    const auto stored = storage.get(EventLog::meta, meta_key);
    if (!stored) return failure(stored.error());
    const auto meta = *stored ? parse_meta_value(**stored) : std::nullopt;
    if (!meta)
        return failure(StoreError{StoreFault::cannot_open, {}, "there is no log in this store"});
    if (meta->min_reader > log_format)
        return failure(StoreError{
            StoreFault::written_by_newer_build, {}, "the log needs a newer build to be read"});
    return *meta;
}

// The right edge of the stored tree at `size`.
StoreResult<MerkleFrontier> stored_frontier(const Storage& storage, std::uint64_t size) {
    std::vector<Digest> peaks;
    for (const NodeId node : peaks_of(size)) {
        const auto digest = stored_tree_node(storage, node);
        if (!digest) return failure(digest.error());
        peaks.push_back(*digest);
    }
    return MerkleFrontier(size, std::move(peaks));
}

class LogAudit {
public:
    LogAudit(const Storage& storage, const LogAuditOptions& options)
        : storage_(storage), options_(options), witnesses_(options.witnesses) {
        std::ranges::sort(witnesses_, {}, &LeafWitness::position);
    }

    StoreResult<LogAuditReport> run();

private:
    void scan(Position after, SequenceCheck& sequence, TreeCheck& tree);
    void fold(const ExaminedBatch& batch, SequenceCheck& sequence, TreeCheck& tree);
    void hear_witnesses(const ExaminedRecord& record);
    void hear_those_beyond(Position head);

    const Storage& storage_;
    const LogAuditOptions& options_;
    std::vector<LeafWitness> witnesses_;  // ascending by position
    std::size_t next_witness_ = 0;
    bool is_replica_ = false;
    bool without_secrets_ = false;
    Position folded_;
    LogAuditReport report_;
};

StoreResult<LogAuditReport> LogAudit::run() {
    const auto meta = read_meta(storage_);
    if (!meta) return failure(meta.error());
    is_replica_ = meta->is_replica;
    const auto without_secrets = storage_.get(EventLog::meta, without_secrets_key);
    if (!without_secrets) return failure(without_secrets.error());
    without_secrets_ = is_replica_ || without_secrets->has_value();
    const auto head = find_head(storage_);
    if (!head) return failure(head.error());
    report_.head = *head;
    report_.after = Position(options_.since ? options_.since->size : 0);
    if (report_.after > *head) {
        report_.findings.add(
            {AuditFault::log_is_shorter,
             head->next(),
             report_.after,
             "the tree head that is trusted covers these positions, and they are not in the log"}
        );
        return std::move(report_);
    }
    auto notes = check_notes(options_.notes, options_.verifier_key);
    notes.heads.insert(notes.heads.end(), options_.former.begin(), options_.former.end());
    report_.notes = notes.heads.size();
    const bool has_heads = !options_.notes.empty() || !options_.former.empty();
    const bool must_have = options_.must_be_signed && *head > Position() && !is_replica_;
    if (must_have && !has_heads) {
        report_.findings.add(
            AuditFault::no_tree_head, head->next(), "no signed tree head is stored beside the log"
        );
    }
    for (const AuditFinding& finding : notes.findings.kept()) report_.findings.add(finding);
    if (options_.since) notes.heads.push_back(*options_.since);
    std::ranges::stable_sort(notes.heads, {}, &TreeHead::size);

    auto frontier = stored_frontier(storage_, report_.after.value());
    if (!frontier) return failure(frontier.error());
    folded_ = report_.after;
    TreeCheck tree(storage_, std::move(*frontier), std::move(notes.heads), report_.findings);
    SequenceCheck sequence(storage_, report_.after, report_.findings);
    scan(report_.after, sequence, tree);
    sequence.end();
    tree.end(*head);
    hear_those_beyond(*head);
    if (tree.is_whole()) report_.root = tree.root();
    report_.signed_up_to = tree.signed_up_to();
    return std::move(report_);
}

void LogAudit::scan(Position after, SequenceCheck& sequence, TreeCheck& tree) {
    RawReader reader(storage_, after, report_.findings);
    Examiners examiners(options_.threads, without_secrets_);
    bool has_ended = false;
    while (!has_ended || examiners.waiting() > 0) {
        if (!has_ended && examiners.waiting() < examiners.in_flight_max()) {
            RawBatch batch = reader.next();
            has_ended = batch.records.empty();
            if (!has_ended) examiners.submit(std::move(batch));
            continue;
        }
        fold(examiners.take(), sequence, tree);
        if (options_.progress) options_.progress(folded_, report_.head);
    }
}

void LogAudit::fold(const ExaminedBatch& batch, SequenceCheck& sequence, TreeCheck& tree) {
    for (const AuditFinding& finding : batch.findings) report_.findings.add(finding);
    for (const ExaminedRecord& record : batch.records) {
        ++report_.events;
        const std::uint64_t missing = record.position.value() - folded_.value() - 1;
        if (!record.is_whole || missing > 0) tree.give_up();
        sequence.missed(missing + (record.is_whole ? 0 : 1));
        folded_ = record.position;
        if (!record.is_whole) continue;
        sequence.next(record);
        tree.append(record.leaf);
        hear_witnesses(record);
    }
}

void LogAudit::hear_witnesses(const ExaminedRecord& record) {
    while (next_witness_ < witnesses_.size() &&
           witnesses_[next_witness_].position <= record.position) {
        const LeafWitness& witness = witnesses_[next_witness_++];
        if (witness.position != record.position || witness.leaf == record.leaf) continue;
        report_.findings.add(
            AuditFault::view_differs,
            record.position,
            "the view " + witness.name + " was folded from another record than stands here"
        );
    }
}

void LogAudit::hear_those_beyond(Position head) {
    for (; next_witness_ < witnesses_.size(); ++next_witness_) {
        const LeafWitness& witness = witnesses_[next_witness_];
        if (witness.position <= head) continue;
        report_.findings.add(
            {AuditFault::log_is_shorter,
             head.next(),
             witness.position,
             "the view " + witness.name + " was folded from these positions"}
        );
    }
}

}  // namespace

StoreResult<LogAuditReport> audit_log(const Storage& storage, const LogAuditOptions& options) {
    return LogAudit(storage, options).run();
}

}  // namespace verbatim
