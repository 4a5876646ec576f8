#include "eventstore/commands/read_notes.hpp"

#include "domain/limits.hpp"

namespace verbatim {
namespace {

bool is_over(Timestamp since, Timestamp now) {
    return now.microseconds() - since.microseconds() >= limits::read_marker_interval_ms * 1'000;
}

}  // namespace

ReadNotes::ReadNotes(const EventLog& log) : before_(log.last_at()) {
    for (const ReadNote& note : log.notes_at_opening()) this->note(note);
}

bool ReadNotes::are_due_later(const UserId& user, const RoomId& room, Timestamp now) const {
    const auto known = recorded_.find({user, room});
    return !is_over(known == recorded_.end() ? before_ : known->second, now);
}

const ReadNote* ReadNotes::find(const UserId& user, const RoomId& room) const {
    const auto found = notes_.find({user, room});
    return found == notes_.end() ? nullptr : &found->second;
}

void ReadNotes::note(const ReadNote& note) {
    const Place place{note.user, note.room};
    notes_[place] = note;
    // Nothing known is older, so it goes first.
    if (recorded_.emplace(place, before_).second) order_.emplace_front(before_, place);
}

bool ReadNotes::recorded(const UserId& user, const RoomId& room, Timestamp at) {
    const Place place{user, room};
    recorded_[place] = at;
    order_.emplace_back(at, place);
    return notes_.erase(place) > 0;
}

std::vector<ReadNote> ReadNotes::take_of(const UserId& user) {
    std::vector<ReadNote> taken;
    std::erase_if(notes_, [&](const auto& noted) {
        const bool is_of_user = noted.first.user == user;
        if (is_of_user) taken.push_back(noted.second);
        return is_of_user;
    });
    return taken;
}

std::vector<ReadNote> ReadNotes::due(Timestamp now) {
    for (; !order_.empty() && is_over(order_.front().first, now); order_.pop_front()) {
        const auto& [at, place] = order_.front();
        const auto known = recorded_.find(place);
        if (known == recorded_.end() || known->second != at) continue;
        recorded_.erase(known);
        if (notes_.contains(place)) due_.push_back(place);
    }
    std::erase_if(due_, [this](const Place& place) { return !notes_.contains(place); });
    std::vector<ReadNote> notes;
    for (const Place& place : due_) notes.push_back(notes_.at(place));
    return notes;
}

std::vector<ReadNote> ReadNotes::all() const {
    std::vector<ReadNote> notes;
    for (const auto& [place, note] : notes_) notes.push_back(note);
    return notes;
}

void ReadNotes::clear() {
    notes_.clear();
    recorded_.clear();
    order_.clear();
    due_.clear();
}

}  // namespace verbatim
