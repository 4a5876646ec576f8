#include "tools/log/names.hpp"

#include "domain/type_id.hpp"
#include "tools/text_output.hpp"

namespace verbatim {

namespace {

constexpr std::size_t names_max = 4'096;

}  // namespace

template <class Id>
std::string Names::remembered(LruCache<Id, std::string>& names, const Id& id) {
    if (const std::string* const known = names.touch(id)) return *known;
    const auto found = source_.name_of(id);
    std::string& name = names.put(id);
    name = found && !found->empty() ? printable(*found) : to_text(id);
    std::string answer = name;
    if (names.size() > names_max)
        names.drop_oldest([](const std::string&) { return true; }, [](const std::string&) {});
    return answer;
}

std::string Names::of(const UserId& user) {
    return user.is_nil() ? "-" : remembered(users_, user);
}

std::string Names::of(const RoomId& room) {
    return remembered(rooms_, room);
}

std::string Names::of_id(const std::string& text) {
    if (const auto user = parse_id<UserId>(text)) return of(*user);
    if (const auto room = parse_id<RoomId>(text)) return of(*room);
    return text;
}

}  // namespace verbatim
