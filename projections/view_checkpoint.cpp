#include "projections/view_checkpoint.hpp"

#include <algorithm>

namespace verbatim {

std::string checkpoint_row(const ViewCheckpoint& checkpoint) {
    return RowWriter()
        .place(checkpoint.position)
        .bytes(checkpoint.epoch.bytes)
        .bytes(checkpoint.leaf)
        .u32(checkpoint.schema)
        .take();
}

std::optional<ViewCheckpoint> parse_checkpoint(std::string_view row) {
    RowReader reader(row);
    ViewCheckpoint checkpoint{.position = reader.place<Position>(), .epoch = reader.uuid()};
    std::ranges::generate(checkpoint.leaf, [&] { return reader.u8(); });
    checkpoint.schema = reader.u32();
    if (!reader.is_done()) return std::nullopt;
    return checkpoint;
}

}  // namespace verbatim
