#include "tests/eventstore/commands/sequencer_fixture.hpp"

namespace verbatim::testing {
namespace {

// What rules must know beside their own aggregate.
using SequencerFacts = SequencerTest;

Submission if_match(Submission submission, std::uint64_t version) {
    submission.if_match = Version(version);
    return submission;
}

Submission with_alias(Submission creation, const std::string& alias) {
    std::get<CreateRoom>(std::get<RoomCommand>(creation.command)).alias = alias;
    return creation;
}

TEST_F(SequencerFacts, IfMatchRefusesWhenTheRoomHasMovedOn) {
    accepted(create(1, user(1)));
    accepted(send(1, user(1)));
    const auto refused = run(if_match(send(1, user(1)), 1));
    EXPECT_TRUE(is_fault(refused, CommandFault::room_has_moved_on));
    EXPECT_EQ(refused.error().current, Version(2));
    EXPECT_EQ(accepted(if_match(send(1, user(1)), 2)).version, Version(3));
}

TEST_F(SequencerFacts, IfMatchSeesWhatIsStillInFlight) {
    accepted(create(1, user(1)));
    control->writes.close();
    auto first = submit(if_match(send(1, user(1)), 1));
    auto second = submit(if_match(send(1, user(1)), 1));
    auto third = submit(if_match(send(1, user(1)), 2));
    control->writes.open();
    EXPECT_TRUE(first.result());
    EXPECT_TRUE(is_fault(second.result(), CommandFault::room_has_moved_on));
    EXPECT_TRUE(third.result());
}

TEST_F(SequencerFacts, IfMatchTellsNobodyOfARoomThatIsHiddenFromHim) {
    accepted(create(1, user(1), 10, Visibility::private_));
    EXPECT_TRUE(is_refused(run(if_match(send(1, user(2)), 7)), Rule::room_not_found));
    EXPECT_TRUE(is_refused(run(if_match(send(2, user(2)), 7)), Rule::room_not_found));
}

TEST_F(SequencerFacts, ADirectPairGetsOneRoomHoweverItIsAskedFor) {
    accepted(registration(1, "alice"));
    accepted(registration(2, "bob"));
    control->writes.close();
    auto from_alice = submit(create_direct(1, user(1), user(2)));
    auto from_bob = submit(create_direct(2, user(2), user(1)));
    control->writes.wait_for_one();
    wait_until_decided();
    control->writes.open();
    const auto first = from_alice.result();
    const auto second = from_bob.result();
    ASSERT_TRUE(first && second);
    EXPECT_EQ(first->count, 2);
    EXPECT_TRUE(second->already_so);
    EXPECT_EQ(second->stream, first->stream);
    EXPECT_EQ(second->position, first->position);
    EXPECT_EQ(second->version, first->version);
    accepted(send(1, user(2)));
    restart();
    const auto later = accepted(create_direct(3, user(2), user(1)));
    EXPECT_TRUE(later.already_so);
    EXPECT_EQ(later.stream, stream_of(room(1)));
    EXPECT_EQ(later.version, Version(3));
    EXPECT_EQ(later.position, Position(5));
}

TEST_F(SequencerFacts, ADirectRoomNeedsAnAccountOnTheOtherSide) {
    accepted(registration(1, "alice"));
    EXPECT_TRUE(is_refused(run(create_direct(1, user(1), user(2))), Rule::user_not_found));
    EXPECT_TRUE(
        is_refused(run(create_direct(1, user(1), user(1))), Rule::direct_needs_one_other_member)
    );
}

TEST_F(SequencerFacts, AUsernameHasOneWinner) {
    control->writes.close();
    std::vector<Pending> racing;
    for (std::uint64_t i = 0; i < 20; ++i) racing.push_back(submit(registration(i, "alice")));
    control->writes.open();
    int won = 0;
    for (Pending& pending : racing) {
        const auto result = pending.result();
        if (result) ++won;
        if (!result) {
            EXPECT_TRUE(is_refused(result, Rule::username_is_taken));
        }
    }
    EXPECT_EQ(won, 1);
    EXPECT_TRUE(is_refused(run(registration(50, "alice")), Rule::username_is_taken));
    restart();
    EXPECT_TRUE(is_refused(run(registration(51, "alice")), Rule::username_is_taken));
    EXPECT_TRUE(run(registration(52, "bob")));
}

TEST_F(SequencerFacts, AnAliasIsFreeAsSoonAsItsRoomTookAnother) {
    accepted(with_alias(create(1, user(1)), "harbour"));
    EXPECT_TRUE(is_refused(run(with_alias(create(2, user(1)), "harbour")), Rule::alias_is_taken));
    control->writes.close();
    UpdateRoom update;
    update.alias = std::optional<std::string>("haven");
    auto renamed = submit(to_room(room(1), user(1), update));
    auto created = submit(with_alias(create(3, user(1)), "harbour"));
    auto too_late = submit(with_alias(create(4, user(1)), "haven"));
    control->writes.open();
    EXPECT_TRUE(renamed.result());
    EXPECT_TRUE(created.result());
    EXPECT_TRUE(is_refused(too_late.result(), Rule::alias_is_taken));
    EXPECT_EQ(log->holder_of({ClaimKind::alias, "harbour"}).value(), room(3).value());
    EXPECT_EQ(log->holder_of({ClaimKind::alias, "haven"}).value(), room(1).value());
}

TEST_F(SequencerFacts, FiftyJoinsForTenPlacesFillExactlyTen) {
    accepted(create(1, user(1), 11));
    std::vector<std::thread> callers;
    std::atomic<int> joined{0};
    std::atomic<int> full{0};
    for (std::uint64_t i = 0; i < 50; ++i) {
        callers.emplace_back([&, join = to_room(room(1), user(100 + i), JoinRoom{})] {
            const auto result = run(join);
            if (result) ++joined;
            if (is_refused(result, Rule::room_is_full)) ++full;
        });
    }
    for (std::thread& caller : callers) caller.join();
    EXPECT_EQ(joined, 10);
    EXPECT_EQ(full, 40);
    EXPECT_EQ(in_log<Room>(stream_of(room(1))).members.size(), 11u);
}

TEST_F(SequencerFacts, PeopleAreAddedOnlyIfTheyHaveAnAccount) {
    accepted(create(1, user(1)));
    EXPECT_TRUE(is_refused(
        run(to_room(room(1), user(1), PutMember{user(2), std::nullopt})), Rule::user_not_found
    ));
    EXPECT_TRUE(
        is_refused(run(to_room(room(1), user(1), InviteUser{user(2)})), Rule::user_not_found)
    );
    EXPECT_TRUE(is_refused(
        run(to_room(room(1), user(1), BanUser{user(2), std::nullopt})), Rule::user_not_found
    ));
    control->writes.close();
    auto registered = submit(registration(2, "bob"));
    auto put = submit(to_room(room(1), user(1), PutMember{user(2), std::nullopt}));
    control->writes.open();
    EXPECT_TRUE(registered.result());
    EXPECT_TRUE(put.result());
}

TEST_F(SequencerFacts, MessagesAreKnownInFlightInMemoryAndFromTheLog) {
    accepted(create(1, user(1)));
    accepted(to_room(room(1), user(2), JoinRoom{}));
    control->writes.close();
    auto sent = submit(send(1, user(1)));
    auto edited = submit(to_room(room(1), user(1), EditMessage{Version(3), "Ahoy there", {}}));
    auto stolen = submit(to_room(room(1), user(2), EditMessage{Version(3), "Mine", {}}));
    control->writes.open();
    EXPECT_TRUE(sent.result());
    EXPECT_TRUE(edited.result());
    EXPECT_TRUE(is_refused(stolen.result(), Rule::actor_is_not_sender));
    restart();
    EXPECT_TRUE(is_refused(
        run(to_room(room(1), user(2), DeleteMessage{Version(3)})),
        Rule::actor_may_not_delete_message
    ));
    EXPECT_TRUE(run(to_room(room(1), user(1), DeleteMessage{Version(3)})));
    EXPECT_TRUE(is_refused(
        run(to_room(room(1), user(1), EditMessage{Version(3), "Back", {}})),
        Rule::message_is_deleted
    ));
    restart();
    EXPECT_TRUE(accepted(to_room(room(1), user(1), DeleteMessage{Version(3)})).already_so);
    for (const std::uint64_t no_message : {0u, 1u, 99u}) {
        EXPECT_TRUE(is_refused(
            run(to_room(room(1), user(1), EditMessage{Version(no_message), "What", {}})),
            Rule::message_not_found
        ));
    }
}

TEST_F(SequencerFacts, ARepliedToMessageMustBeThere) {
    accepted(create(1, user(1)));
    accepted(send(1, user(1)));
    auto reply = send(1, user(1));
    auto& message = std::get<SendMessage>(std::get<RoomCommand>(reply.command));
    message.reply_to = Version(2);
    EXPECT_TRUE(run(reply));
    message.reply_to = Version(1);
    EXPECT_TRUE(is_refused(run(reply), Rule::reply_target_not_found));
    message.reply_to = Version(4);  // the place it would have itself
    EXPECT_TRUE(is_refused(run(reply), Rule::reply_target_not_found));
    EXPECT_EQ(accepted(send(1, user(1))).version, Version(4));
    EXPECT_TRUE(run(reply));
}

TEST_F(SequencerFacts, DeletedMessagesAreDestroyedWhereTheServerSaysSo) {
    accepted(create(1, user(1)));
    accepted(send(1, user(1)));
    const auto hidden = accepted(to_room(room(1), user(1), DeleteMessage{Version(2)}));
    options.destroy_deleted = true;
    restart();
    accepted(send(1, user(1)));
    const auto destroyed = accepted(to_room(room(1), user(1), DeleteMessage{Version(4)}));
    const auto event_of = [](const Accepted& result) {
        return std::get<MessageDeleted>(std::get<RoomEvent>(result.events().front().event));
    };
    EXPECT_FALSE(event_of(hidden).destroyed);
    EXPECT_TRUE(event_of(destroyed).destroyed);
}

TEST_F(SequencerFacts, ADestroyedMessageTakesItsTextsAndThoseOfItsEditsAlong) {
    options.destroy_deleted = true;
    restart();
    accepted(create(1, user(1)));
    const auto sent = accepted(send(1, user(1)));
    const auto edited =
        accepted(to_room(room(1), user(1), EditMessage{Version(2), "once more", {}}));
    const auto other = accepted(send(1, user(1)));
    const auto text_at = [&](Position position) {
        const auto event = std::get<RoomEvent>(log->read(position).value().event);
        if (const auto* const edit = std::get_if<MessageEdited>(&event)) return edit->text;
        return std::get<MessageSent>(event).text;
    };
    EXPECT_EQ(text_at(edited.position), "once more");

    restart();  // so that the message is recalled from the log
    accepted(to_room(room(1), user(1), DeleteMessage{Version(2)}));
    EXPECT_EQ(text_at(sent.position), std::nullopt);
    EXPECT_EQ(text_at(edited.position), std::nullopt);
    EXPECT_NE(text_at(other.position), std::nullopt);
}

TEST_F(SequencerFacts, MarkersStayWithinTheRoomAsItIsNow) {
    accepted(create(1, user(1), 10, Visibility::private_));
    control->writes.close();
    auto sent = submit(send(1, user(1)));
    auto marked = submit(mark_read(user(1), room(1), 2));
    auto beyond = submit(mark_read(user(1), room(1), 3));
    control->writes.open();
    EXPECT_TRUE(sent.result());
    const auto result = marked.result();
    ASSERT_TRUE(result);
    EXPECT_EQ(result->stream, reader_stream_of(user(1)));
    EXPECT_EQ(result->version, Version(1));
    EXPECT_TRUE(is_refused(beyond.result(), Rule::read_marker_is_beyond_room));
    EXPECT_TRUE(is_refused(run(mark_read(user(2), room(1), 1)), Rule::room_not_found));
    restart();
    EXPECT_TRUE(accepted(mark_read(user(1), room(1), 1)).already_so);
}

}  // namespace
}  // namespace verbatim::testing
