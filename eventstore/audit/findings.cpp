#include "eventstore/audit/findings.hpp"

namespace verbatim {

std::string_view name_of(AuditFault fault) {
    switch (fault) {
        case AuditFault::unreadable: return "unreadable";
        case AuditFault::missing_record: return "missing_record";
        case AuditFault::damaged_record: return "damaged_record";
        case AuditFault::misplaced_record: return "misplaced_record";
        case AuditFault::undecodable_facts: return "undecodable_facts";
        case AuditFault::broken_stream: return "broken_stream";
        case AuditFault::broken_time: return "broken_time";
        case AuditFault::content_differs: return "content_differs";
        case AuditFault::content_missing: return "content_missing";
        case AuditFault::content_unknown: return "content_unknown";
        case AuditFault::tree_differs: return "tree_differs";
        case AuditFault::no_tree_head: return "no_tree_head";
        case AuditFault::note_not_signed: return "note_not_signed";
        case AuditFault::note_out_of_order: return "note_out_of_order";
        case AuditFault::log_is_shorter: return "log_is_shorter";
        case AuditFault::log_differs: return "log_differs";
        case AuditFault::view_differs: return "view_differs";
        case AuditFault::declared_loss: return "declared_loss";
    }
    return "unreadable";
}

}  // namespace verbatim
