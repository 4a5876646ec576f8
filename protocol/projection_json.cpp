#include "protocol/projection_json.hpp"

#include "domain/invariant.hpp"
#include "projections/row_names.hpp"
#include "protocol/object_writer.hpp"

#include <algorithm>
#include <optional>

namespace verbatim {
namespace {

std::string_view text_of(RebuildStage stage) {
    switch (stage) {
        case RebuildStage::folding: return "folding";
        case RebuildStage::comparing: return "comparing";
        case RebuildStage::exchanging: return "exchanging";
    }
    broken_invariant("every RebuildStage is listed above");
}

void put_running(
    ObjectWriter& object, const std::optional<ProjectionStatus::Running>& running, Position head
) {
    if (!running) return object.put_json("rebuild", "null");
    ObjectWriter rebuild(object.member("rebuild"));
    rebuild.put_flag("compare_only", running->compares_only);
    rebuild.put("position", running->folded);
    rebuild.put("target", head);
    rebuild.close();
}

void put_difference(
    ObjectWriter& object, std::string_view projection, const std::optional<ViewDifference>& found
) {
    if (!found) return object.put_json("difference", "null");
    const auto shown = [](const std::optional<std::string>& value) {
        return value ? std::optional(shown_value(*value)) : std::nullopt;
    };
    ObjectWriter difference(object.member("difference"));
    difference.put("position", found->position);
    difference.put("row", name_of_row(projection, found->key));
    difference.put_or_null("live", shown(found->live));
    difference.put_or_null("fresh", shown(found->fresh));
    difference.close();
}

void put_ended(ObjectWriter& object, const ProjectionStatus& projection) {
    const auto& ended = projection.last;
    if (!ended) return object.put_json("last", "null");
    ObjectWriter last(object.member("last"));
    last.put("at", ended->at);
    last.put_flag("compare_only", ended->compared_only);
    last.put("took_ms", static_cast<std::uint64_t>(ended->took_ms));
    last.put("position", ended->position);
    put_difference(last, projection.name, ended->difference);
    last.put_or_null("failure", ended->failure);
    last.close();
}

}  // namespace

std::string_view state_of(const ProjectionStatus& projection) {
    if (!projection.running) return "live";
    return projection.running->is_begun ? text_of(projection.running->stage) : "waiting";
}

std::string projection_json(const ProjectionStatus& projection, Position head) {
    const std::uint64_t behind = head.value() - std::min(head, projection.position).value();
    std::string out;
    ObjectWriter object(out);
    object.put("name", projection.name);
    object.put("state", state_of(projection));
    object.put("schema", std::uint64_t{projection.schema});
    object.put("position", projection.position);
    object.put("lag", behind);
    object.put_or_null("rebuilt_at", projection.rebuilt_at);
    put_running(object, projection.running, head);
    put_ended(object, projection);
    object.close();
    return out;
}

}  // namespace verbatim
