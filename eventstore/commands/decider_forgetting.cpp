// How contents go, and what an erased user may no more: Decider's part with Forgotten.
#include "eventstore/commands/decider.hpp"

#include <algorithm>
#include <utility>

namespace verbatim {
namespace {

template <class T>
void append(std::vector<T>& to, const std::vector<T>& more) {
    to.insert(to.end(), more.begin(), more.end());
}

}  // namespace

// What was authenticated before the erasure began may arrive after it. In its own account's stream
// the domain says so itself.
bool Decider::is_by_erased(const Submission& submission) const {
    return erased_.contains(submission.actor) && submission.stream != stream_of(submission.actor);
}

// Who wants an account erased has looked up its rooms some batches ago. False: so long ago that
// what came since is not known any more, so it has to be looked up again.
bool Decider::add_later_rooms(Submission& submission) const {
    auto* const account = std::get_if<AccountCommand>(&submission.command);
    auto* const erasure = account ? std::get_if<BeginErasure>(account) : nullptr;
    if (erasure == nullptr || aggregates_.server().state.held_rooms.empty()) return true;
    const auto later = joins_.of(UserId(submission.stream.id), erasure->rooms_as_of);
    if (later) append(erasure->rooms, *later);
    return later.has_value();
}

void Decider::forget_notes_of(const UserId& user) {
    for (const ReadNote& note : notes_.take_of(user))
        batch().unstaged.notes.push_back({.note = note, .is_recorded = true});
}

void Decider::destroy(Job job) {
    const Forgotten& forgotten = *job.forgotten;
    Destruction& destroyed = batch().unstaged.destroyed;
    append(destroyed.contents, forgotten.destruction.contents);
    append(destroyed.keys, forgotten.destruction.keys);
    append(destroyed.snapshots, forgotten.destruction.snapshots);
    append(destroyed.cleared, forgotten.destruction.cleared);
    for (const StreamId& stream : forgotten.destruction.snapshots)
        if (stream.kind == StreamKind::room) stale_rooms_.emplace_back(batch().number, stream);
    batch().forgotten.push_back(job.forgotten);
    answer(std::move(job), Accepted{});
}

// A room whose name went is folded anew, without it. Until it can be, it is only "already so" that
// may be said by the old name.
void Decider::drop_stale_rooms() {
    std::erase_if(stale_rooms_, [this](const auto& stale) {
        return stale.first <= durable_batch_ && aggregates_.drop_room(stale.second, log_.head());
    });
}

}  // namespace verbatim
