#pragma once

#include "broker/feed/frames.hpp"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace verbatim::feed {

// Which receivers get the same run of frames, found without comparing runs: a tree whose paths are
// the runs. A receiver is at one node; the next frame leads all who are at that node to the same
// child. Frames come one after the other and never again, so a node needs to remember only its
// newest child, and a delivery costs two loads and a compare. Single thread.
class DeliveryRuns {
public:
    using Run = std::uint32_t;
    static constexpr Run nothing = 0;

    // The next frame; deliveries that follow are of it. Returns its index.
    void begin_frame(SharedFrames frame) { frames_.push_back(std::move(frame)); }

    // Whether who is at `run` has the current frame already.
    [[nodiscard]] bool has_current(Run run) const {
        return run != nothing && nodes_[run].frame + 1 == frames_.size();
    }
    // Requires: !has_current(run).
    [[nodiscard]] Run extend(Run run) {
        const auto current = static_cast<std::uint32_t>(frames_.size() - 1);
        if (nodes_[run].newest_child == nothing || nodes_[run].newest_frame != current) {
            nodes_.push_back({.parent = run, .frame = current});
            nodes_[run].newest_child = static_cast<Run>(nodes_.size() - 1);
            nodes_[run].newest_frame = current;
        }
        return nodes_[run].newest_child;
    }

    // After the last extend: how many receivers end at each run decides how it is handed over.
    void count_receiver(Run run) { ++nodes_[run].receivers; }
    // Appends the run's frames: joined into one piece where several receivers share it (one copy
    // for all, one part of a write for each), else one by one, shared with whoever else has them.
    void append_to(Run run, std::vector<SharedFrames>& out) {
        Node& node = nodes_[run];
        if (node.receivers > 1 && node.parent != nothing) {
            if (!node.joined) node.joined = join(run);
            out.push_back(node.joined);
            return;
        }
        const std::size_t first = out.size();
        std::size_t length = 0;
        for (Run at = run; at != nothing; at = nodes_[at].parent) ++length;
        out.resize(first + length);
        for (Run at = run; at != nothing; at = nodes_[at].parent)
            out[first + --length] = frames_[nodes_[at].frame];
    }
    void clear() {
        nodes_.resize(1);
        nodes_[nothing] = {};
        frames_.clear();
    }

private:
    struct Node {
        Run parent = nothing;
        std::uint32_t frame = 0;
        std::uint32_t newest_frame = 0;
        Run newest_child = nothing;
        std::uint32_t receivers = 0;
        SharedFrames joined{};
    };

    [[nodiscard]] SharedFrames join(Run run) const {
        auto joined = std::make_shared<Frames>();
        std::vector<const Frames*> parts;
        std::size_t bytes = 0;
        for (Run at = run; at != nothing; at = nodes_[at].parent) {
            parts.push_back(frames_[nodes_[at].frame].get());
            bytes += parts.back()->bytes.size();
        }
        joined->bytes.reserve(bytes);
        for (auto part = parts.rbegin(); part != parts.rend(); ++part) {
            joined->bytes += (*part)->bytes;
            joined->count += (*part)->count;
        }
        return joined;
    }

    std::vector<Node> nodes_ = std::vector<Node>(1);
    std::vector<SharedFrames> frames_;
};

}  // namespace verbatim::feed
