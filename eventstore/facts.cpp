#include "eventstore/facts.hpp"

#include "domain/invariant.hpp"
#include "eventstore/digest.hpp"

namespace verbatim {

std::string_view text_of(RoomKind kind) {
    switch (kind) {
        case RoomKind::group: return "group";
        case RoomKind::channel: return "channel";
        case RoomKind::direct: return "direct";
    }
    broken_invariant("every RoomKind is listed above");
}

std::string_view text_of(Visibility visibility) {
    switch (visibility) {
        case Visibility::public_: return "public";
        case Visibility::private_: return "private";
    }
    broken_invariant("every Visibility is listed above");
}

std::string_view text_of(History history) {
    switch (history) {
        case History::shared: return "shared";
        case History::since_join: return "since_join";
    }
    broken_invariant("every History is listed above");
}

std::string_view text_of(MemberRole role) {
    switch (role) {
        case MemberRole::owner: return "owner";
        case MemberRole::admin: return "admin";
        case MemberRole::member: return "member";
    }
    broken_invariant("every MemberRole is listed above");
}

std::string_view text_of(MessageKind kind) {
    switch (kind) {
        case MessageKind::text: return "text";
        case MessageKind::action: return "action";
        case MessageKind::notice: return "notice";
    }
    broken_invariant("every MessageKind is listed above");
}

std::string_view text_of(ServerRole role) {
    switch (role) {
        case ServerRole::auditor: return "auditor";
        case ServerRole::admin: return "admin";
    }
    broken_invariant("every ServerRole is listed above");
}

std::string_view text_of(SessionEnd reason) {
    switch (reason) {
        case SessionEnd::logged_out: return "logged_out";
        case SessionEnd::revoked: return "revoked";
        case SessionEnd::refresh_reused: return "refresh_reused";
        case SessionEnd::password_changed: return "password_changed";
        case SessionEnd::superseded: return "superseded";
        case SessionEnd::erased: return "erased";
    }
    broken_invariant("every SessionEnd is listed above");
}

std::string_view text_of(KeyScope scope) {
    switch (scope) {
        case KeyScope::read: return "read";
        case KeyScope::send: return "send";
    }
    broken_invariant("every KeyScope is listed above");
}

std::string_view text_of(EpochCause cause) {
    switch (cause) {
        case EpochCause::restored: return "restored";
        case EpochCause::loss_accepted: return "loss_accepted";
    }
    broken_invariant("every EpochCause is listed above");
}

void FactsWriter::put_hash(const char* member, const std::array<std::uint8_t, 32>& hash) {
    put(member, Json(hex_text(hash)));
}

void FactsWriter::put_users_unless_empty(const char* member, const std::vector<UserId>& users) {
    if (users.empty()) return;
    Json listed = Json::array();
    for (const UserId& user : users) listed.push_back(to_text(user));
    put(member, std::move(listed));
}

std::string FactsWriter::text() const {
    if (facts_.is_null()) return "{}";
    try {
        return facts_.dump();
    } catch (const Json::exception&) {
        broken_invariant("texts in facts are UTF-8: requests are checked at the edge");
    }
}

bool FactsReader::is_null(const char* member) const {
    const Json* const found = find(member);
    return found != nullptr && found->is_null();
}

std::string FactsReader::text(const char* member) const {
    const std::string* const written = string_at(member);
    if (written == nullptr) note(member);
    return written == nullptr ? std::string() : *written;
}

bool FactsReader::flag_or_false(const char* member) const {
    const Json* const found = find(member);
    if (found == nullptr) return false;
    if (!found->is_boolean()) note(member);
    return found->is_boolean() && found->get<bool>();
}

std::vector<UserId> FactsReader::users(const char* member) const {
    std::vector<UserId> users;
    for (const std::string& text : texts(member)) {
        const auto user = parse_id<UserId>(text);
        if (!user) note(member);
        users.push_back(user.value_or(UserId()));
    }
    return users;
}

std::vector<std::string> FactsReader::texts(const char* member) const {
    const Json* const listed = array_at(member);
    if (listed == nullptr) return {};
    std::vector<std::string> texts;
    texts.reserve(listed->size());
    for (const Json& element : *listed) {
        if (!element.is_string()) note(member);
        texts.push_back(element.is_string() ? element.get<std::string>() : std::string());
    }
    return texts;
}

std::array<std::uint8_t, 32> FactsReader::hash(const char* member) const {
    const std::string* const written = string_at(member);
    const auto parsed = written == nullptr ? std::nullopt : parse_hex(*written);
    if (!parsed) note(member);
    return parsed.value_or(Digest{});
}

Timestamp FactsReader::time(const char* member) const {
    const Json* const found = find(member);
    const bool is_whole = found != nullptr && found->is_number_integer();
    if (!is_whole) note(member);
    return is_whole ? Timestamp(found->get<std::int64_t>()) : Timestamp();
}

std::vector<FactsReader> FactsReader::objects(const char* member) const {
    const Json* const listed = array_at(member);
    if (listed == nullptr) return {};
    std::vector<FactsReader> objects;
    objects.reserve(listed->size());
    for (const Json& element : *listed) {
        if (!element.is_object()) note(member);
        objects.emplace_back(element, *problem_);
    }
    return objects;
}

void FactsReader::note(const char* member) const {
    if (problem_->empty()) *problem_ = member;
}

const Json* FactsReader::find(const char* member) const {
    if (!facts_->is_object()) return nullptr;
    const auto found = facts_->find(member);
    return found == facts_->end() ? nullptr : &*found;
}

const std::string* FactsReader::string_at(const char* member) const {
    const Json* const found = find(member);
    return found == nullptr ? nullptr : found->get_ptr<const std::string*>();
}

const Json* FactsReader::array_at(const char* member) const {
    const Json* const found = find(member);
    if (found == nullptr) return nullptr;
    if (found->is_array()) return found;
    note(member);
    return nullptr;
}

std::uint64_t FactsReader::number_up_to(const char* member, std::uint64_t max) const {
    const Json* const found = find(member);
    if (found == nullptr || !found->is_number_unsigned() || found->get<std::uint64_t>() > max) {
        note(member);
        return 0;
    }
    return found->get<std::uint64_t>();
}

Text ContentsReader::next(ContentField field) {
    if (left_.empty() || left_.front().field != field) return std::nullopt;
    Text bytes = std::move(left_.front().bytes);
    left_ = left_.subspan(1);
    return bytes;
}

}  // namespace verbatim
