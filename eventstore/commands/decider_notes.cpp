// How read markers are coalesced: Decider's part with notes (read_note.hpp).
#include "eventstore/commands/decider.hpp"

#include <algorithm>

namespace verbatim {

// A marker that comes too soon after the last one was recorded is noted instead: durable with the
// batch as an event would be, and the answer is that it is so.
void Decider::hold_back(const Submission& submission, std::vector<Event>& events) {
    if (events.empty()) return;
    const auto& read = std::get<RoomRead>(std::get<ReaderEvent>(events.front()));
    const UserId user(submission.stream.id);
    const ReadNote* const noted = notes_.find(user, read.room);
    if (noted == nullptr || read.up_to > noted->up_to) {
        if (!notes_.are_due_later(user, read.room, now_)) return;
        const ReadNote note{
            .user = user,
            .room = read.room,
            .up_to = read.up_to,
            .at = now_,
            .command = submission.id};
        notes_.note(note);
        batch().unstaged.notes.push_back({.note = note});
    }
    events.clear();
}

// The note goes in the batch in which its event comes.
void Decider::forget_note(const RecordedEvent& event) {
    const RoomId room = std::get<RoomRead>(std::get<ReaderEvent>(event.event)).room;
    const UserId user(event.stream.id);
    if (!notes_.recorded(user, room, now_)) return;
    batch().unstaged.notes.push_back(
        {.note = {.user = user, .room = room, .up_to = {}, .at = {}, .command = {}},
         .is_recorded = true}
    );
}

std::size_t Decider::take_up_due_notes() {
    if (failed_) return 0;
    now_ = std::max(now_, options_.clock());
    return take_up(notes_.due(now_));
}

// They go through recall and parking like any other command to the reader's stream.
std::size_t Decider::take_up(const std::vector<ReadNote>& notes) {
    for (const ReadNote& note : notes) {
        again_.push_back(
            {.submission =
                 {.stream = reader_stream_of(note.user),
                  .command = ReaderCommand(MarkRead{.room = note.room, .up_to = note.up_to}),
                  .actor = note.user,
                  .id = note.command,
                  .key = std::nullopt,
                  .if_match = std::nullopt,
                  .occurred_at = std::nullopt},
             .callback = [](const CommandResult&) {},  // the next time finds what was not recorded
             .taken_at = std::chrono::steady_clock::now(),
             .records_note = true}
        );
    }
    return notes.size();
}

// The rules were asked when it was noted: it is recorded whatever has become of the membership.
void Decider::record_note(Job job) {
    Submission& submission = job.submission;
    const RoomId room = std::get<MarkRead>(std::get<ReaderCommand>(submission.command)).room;
    const ReadNote* const note = notes_.find(submission.actor, room);
    if (note == nullptr) {  // a later marker was recorded meanwhile
        auto accepted = already_so(submission, submission.stream);
        return conclude(std::move(job), std::move(accepted));
    }
    submission.id = note->command;
    auto accepted = stage(submission, {ReaderEvent(RoomRead{.room = room, .up_to = note->up_to})});
    conclude(std::move(job), std::move(accepted));
}

}  // namespace verbatim
