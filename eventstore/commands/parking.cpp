#include "eventstore/commands/parking.hpp"

#include "domain/invariant.hpp"

#include <iterator>
#include <utility>

namespace verbatim {

void Parking::park_behind(Job job) {
    remember_key(job);
    streams_.at(job.submission.stream).jobs.push_back(std::move(job));
}

void Parking::park_first(Job job, const std::vector<AggregateKey>& needs) {
    remember_key(job);
    const StreamId id = job.submission.stream;
    Stream& stream = streams_[id];
    stream.jobs.push_front(std::move(job));
    for (const AggregateKey& need : needs) {
        if (aggregates_.touch(need)) {
            aggregates_.pin(need);
            stream.pinned.push_back(need);
            continue;
        }
        auto& waiting = loading_[need];
        if (waiting.empty()) loader_.load(need);
        waiting.push_back(id);
        ++stream.missing;
    }
    invariant(stream.missing > 0, "only a command that misses something is parked");
}

void Parking::receive(Loaded loaded) {
    const auto waiting = loading_.extract(loaded.key);
    invariant(!waiting.empty(), "only what was asked for is delivered");
    if (loaded.recalled) aggregates_.insert(loaded.key, std::move(*loaded.recalled));
    for (const StreamId& id : waiting.mapped()) {
        Stream& stream = streams_.at(id);
        if (loaded.recalled) {
            aggregates_.pin(loaded.key);
            stream.pinned.push_back(loaded.key);
        } else {
            stream.error = loaded.recalled.error();
        }
        if (--stream.missing == 0) released_.push_back(id);
    }
}

Parking::Released Parking::release() {
    Stream& stream = streams_.at(released_.front());
    released_.pop_front();
    unpin(stream);
    Released released{std::move(stream.jobs.front()), std::exchange(stream.error, std::nullopt)};
    stream.jobs.pop_front();
    return released;
}

void Parking::decided(const StreamId& id) {
    if (streams_.at(id).jobs.empty()) {
        streams_.erase(id);
    } else {
        released_.push_back(id);
    }
}

const RequestFingerprint* Parking::fingerprint_of(const KeyHash& key) const {
    const auto found = keys_.find(key);
    return found == keys_.end() ? nullptr : &found->second.fingerprint;
}

void Parking::attach(Job duplicate) {
    keys_.at(duplicate.submission.key->key).duplicates.push_back(std::move(duplicate));
}

std::vector<Job> Parking::detach(const KeyHash& key) {
    const auto keyed = keys_.extract(key);
    return keyed.empty() ? std::vector<Job>() : std::move(keyed.mapped().duplicates);
}

std::vector<Job> Parking::clear() {
    std::vector<Job> jobs;
    const auto take = [&jobs](auto& from) {
        jobs.insert(
            jobs.end(), std::make_move_iterator(from.begin()), std::make_move_iterator(from.end())
        );
    };
    for (auto& [id, stream] : streams_) {
        unpin(stream);
        take(stream.jobs);
    }
    for (auto& [key, keyed] : keys_) take(keyed.duplicates);
    streams_.clear();
    loading_.clear();
    released_.clear();
    keys_.clear();
    return jobs;
}

void Parking::remember_key(const Job& job) {
    if (const auto& key = job.submission.key)
        keys_.try_emplace(key->key, Keyed{key->fingerprint, {}});
}

void Parking::unpin(Stream& stream) {
    for (const AggregateKey& key : stream.pinned) aggregates_.unpin(key);
    stream.pinned.clear();
}

}  // namespace verbatim
