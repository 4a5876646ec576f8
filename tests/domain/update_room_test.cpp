#include "tests/domain/room_scenario.hpp"

namespace verbatim::testing {
namespace {

UpdateRoom naming(std::optional<std::string> name) {
    UpdateRoom command;
    command.name = std::move(name);
    return command;
}

UpdateRoom aliasing(std::optional<std::string> alias) {
    UpdateRoom command;
    command.alias = std::move(alias);
    return command;
}

UpdateRoom bounding(std::uint32_t max_members) {
    UpdateRoom command;
    command.max_members = max_members;
    return command;
}

RoomPast updated(RoomUpdated event) {
    return {.event = std::move(event), .by = alice};
}

TEST(UpdateRoom, RecordsEverySettingThatChanges) {
    given(group_created(alice))
        .when(
            UpdateRoom{
                .name = "Hall",
                .description = "All are welcome",
                .alias = "hall",
                .visibility = Visibility::private_,
                .history = History::since_join,
                .max_members = 20},
            by(alice)
        )
        .then(RoomUpdated{
            .name = "Hall",
            .description = "All are welcome",
            .alias = "hall",
            .visibility = Visibility::private_,
            .history = History::since_join,
            .max_members = 20});
}

TEST(UpdateRoom, LeavesOutWhatIsAlreadySo) {
    RoomUpdated only_history;
    only_history.history = History::since_join;
    given(group_created(alice, 20))
        .when(
            UpdateRoom{
                .name = "Lobby",
                .description = std::optional<std::string>(),
                .alias = std::nullopt,
                .visibility = Visibility::public_,
                .history = History::since_join,
                .max_members = 20},
            by(alice)
        )
        .then(only_history);
}

TEST(UpdateRoom, ClearsAName) {
    RoomUpdated cleared;
    cleared.name = Text();
    UpdateRoom command;
    command.name.emplace(std::nullopt);
    given(group_created(alice)).when(command, by(alice)).then(cleared);
}

TEST(UpdateRoom, IsAllowedToAdmins) {
    RoomUpdated renamed;
    renamed.name = "Hall";
    given(group_created(alice), joined(bob, MemberRole::admin))
        .when(naming("Hall"), by(bob))
        .then(renamed);
}

TEST(UpdateRoom, IsRefusedWhenTheActorIsNotMember) {
    given(group_created(alice))
        .when(naming("Hall"), by(bob))
        .then_refused(Rule::actor_is_not_member);
}

TEST(UpdateRoom, IsRefusedWhenTheActorMayNotManageTheRoom) {
    given(group_created(alice), joined(bob))
        .when(naming("Hall"), by(bob))
        .then_refused(Rule::actor_may_not_manage_room);
}

TEST(UpdateRoom, AsksForAuthorityBeforeItIsAlreadySo) {
    given(group_created(alice), joined(bob))
        .when(naming("Lobby"), by(bob))
        .then_refused(Rule::actor_may_not_manage_room);
}

TEST(UpdateRoom, StaysQuietWhenNothingDiffers) {
    given(group_created(alice)).when(naming("Lobby"), by(alice)).then_nothing();
    given(group_created(alice)).when(UpdateRoom{}, by(alice)).then_nothing();
}

TEST(UpdateRoom, IsRefusedWhenTheAliasIsTaken) {
    given(group_created(alice))
        .where(alias_is_taken())
        .when(aliasing("hall"), by(alice))
        .then_refused(Rule::alias_is_taken);
}

TEST(UpdateRoom, KeepsOrClearsItsOwnAliasWhateverIsTaken) {
    RoomUpdated hall;
    hall.alias.emplace("hall");
    RoomUpdated cleared;
    cleared.alias.emplace(std::nullopt);
    UpdateRoom clearing;
    clearing.alias.emplace(std::nullopt);
    const auto scenario = given(group_created(alice), updated(hall)).where(alias_is_taken());
    scenario.when(aliasing("hall"), by(alice)).then_nothing();
    scenario.when(clearing, by(alice)).then(cleared);
}

TEST(UpdateRoom, TakesABoundDownToTheMemberCountAndNotBelow) {
    RoomUpdated three;
    three.max_members = 3;
    const auto scenario = given(group_created(alice), joined(bob), joined(carol));
    scenario.when(bounding(3), by(alice)).then(three);
    scenario.when(bounding(2), by(alice)).then_refused(Rule::max_members_is_below_member_count);
}

TEST(UpdateRoom, SaysThatTheAliasIsTakenBeforeThatTheBoundIsTooLow) {
    UpdateRoom command = bounding(2);
    command.alias.emplace("hall");
    given(group_created(alice), joined(bob), joined(carol))
        .where(alias_is_taken())
        .when(command, by(alice))
        .then_refused(Rule::alias_is_taken);
}

}  // namespace
}  // namespace verbatim::testing
