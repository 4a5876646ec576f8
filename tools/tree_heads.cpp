#include "tools/tree_heads.hpp"

#include "domain/limits.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace verbatim {

// Requires: mutex_ is held.
template <class Condition>
std::vector<TreeHeads::Waiter> TreeHeads::take_if(const Condition& condition) {
    const auto first = std::stable_partition(
        waiters_.begin(), waiters_.end(), [&](const Waiter& waiter) { return !condition(waiter); }
    );
    std::vector<Waiter> taken(
        std::make_move_iterator(first), std::make_move_iterator(waiters_.end())
    );
    waiters_.erase(first, waiters_.end());
    return taken;
}

void TreeHeads::kept(SignedTreeHead head) {
    std::vector<Waiter> covered;
    {
        const std::lock_guard lock(mutex_);
        newest_ = head;
        covered =
            take_if([&](const Waiter& waiter) { return waiter.covering.value() <= head.size; });
    }
    for (const Waiter& waiter : covered) waiter.listener(head);
}

void TreeHeads::tell(Position covering, Clock::time_point deadline, TreeHeadListener listener) {
    std::optional<SignedTreeHead> answer;
    {
        const std::lock_guard lock(mutex_);
        const bool is_covered = newest_ && covering.value() <= newest_->size;
        const bool may_wait = !has_ended_ && waiters_.size() < limits::position_waiters_max;
        if (!is_covered && may_wait)
            return waiters_.push_back({covering, deadline, std::move(listener)});
        if (is_covered) answer = newest_;
    }
    listener(std::move(answer));
}

void TreeHeads::sweep(Clock::time_point now) {
    std::vector<Waiter> late;
    {
        const std::lock_guard lock(mutex_);
        late = take_if([&](const Waiter& waiter) { return waiter.deadline < now; });
    }
    for (const Waiter& waiter : late) waiter.listener(std::nullopt);
}

void TreeHeads::end() {
    std::vector<Waiter> left;
    {
        const std::lock_guard lock(mutex_);
        has_ended_ = true;
        left = std::exchange(waiters_, {});
    }
    for (const Waiter& waiter : left) waiter.listener(std::nullopt);
}

}  // namespace verbatim
