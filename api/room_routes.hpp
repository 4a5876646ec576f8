#pragma once

#include "api/exchange.hpp"

// The contract's "Rooms": rooms themselves, and who is in them.
namespace verbatim::api::rooms {

void create_room(const ExchangePtr& exchange, const Actor& actor);
void list_rooms(const ExchangePtr& exchange, const Actor& actor);
void show_room(const ExchangePtr& exchange, const Actor& actor);
void show_alias(const ExchangePtr& exchange, const Actor& actor);
void update_room(const ExchangePtr& exchange, const Actor& actor);
void archive_room(const ExchangePtr& exchange, const Actor& actor);
void join_room(const ExchangePtr& exchange, const Actor& actor);
void leave_room(const ExchangePtr& exchange, const Actor& actor);

}  // namespace verbatim::api::rooms

namespace verbatim::api::members {

void list_members(const ExchangePtr& exchange, const Actor& actor);
void put_member(const ExchangePtr& exchange, const Actor& actor);
void remove_member(const ExchangePtr& exchange, const Actor& actor);
void list_invites(const ExchangePtr& exchange, const Actor& actor);
void list_my_invites(const ExchangePtr& exchange, const Actor& actor);
void invite_user(const ExchangePtr& exchange, const Actor& actor);
void revoke_invite(const ExchangePtr& exchange, const Actor& actor);
void list_bans(const ExchangePtr& exchange, const Actor& actor);
void ban_user(const ExchangePtr& exchange, const Actor& actor);
void unban_user(const ExchangePtr& exchange, const Actor& actor);

}  // namespace verbatim::api::members
