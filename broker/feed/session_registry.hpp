#pragma once

#include "broker/feed/counters.hpp"
#include "broker/feed/feed_session.hpp"

#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

namespace verbatim::feed {

// All connections of a server. The feed thread's.
class SessionRegistry {
public:
    explicit SessionRegistry(FeedCounters& counters) : counters_(counters) {}

    void add(std::shared_ptr<FeedSession> session) {
        session->registry_index = sessions_.size();
        sessions_.push_back(std::move(session));
        counters_.sessions.add(1);
    }
    // Requires: it was added and not removed yet.
    void remove(const FeedSession& session) {
        const std::size_t place = session.registry_index;
        std::swap(sessions_[place], sessions_.back());
        sessions_[place]->registry_index = place;
        sessions_.pop_back();
        counters_.sessions.subtract(1);
    }
    [[nodiscard]] std::size_t size() const { return sessions_.size(); }

    // `visit` may end sessions: they are removed in a later task.
    template <class Visit>
    void for_each(Visit visit) {
        for (const auto& session : sessions_) visit(*session);
    }

private:
    FeedCounters& counters_;
    std::vector<std::shared_ptr<FeedSession>> sessions_;
};

}  // namespace verbatim::feed
