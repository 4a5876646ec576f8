// What this user can see of the server, kept up to date by the feed: rooms, people, and the messages
// of the room that is open. Components read `state` and are told by `subscribe` when it changes.

import {Feed} from './feed.js';
import {command, get, Refused} from './session.js';

const typingShownMs = 6_000;
const typingToldMs = 3_000;
const pageItems = 50;
const roomsMax = 1_000;
const peopleAskedMax = 20; // at a time

export class Chat {
  constructor(userId, onSignedOut) {
    this.state = {
      me: null, connection: 'connecting', rooms: new Map(), invites: [], people: new Map(),
      openRoom: null, messages: [], myReactions: {}, older: null, loading: false,
      members: [], typing: new Map(), online: new Map(), failure: null,
    };
    this.userId = userId;
    this.listeners = new Set();
    this.stale = new Set();
    this.feed = new Feed({
      event: (event) => this.apply(event),
      signal: (frame) => this.applySignal(frame),
      state: (connection) => this.change({connection}),
      reset: () => this.load(),
      ended: onSignedOut,
    });
    this.load();
  }

  close() {
    this.feed.close();
    this.listeners.clear();
  }

  subscribe(listener) {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  change(changes) {
    this.state = {...this.state, ...changes};
    for (const listener of this.listeners) listener(this.state);
  }

  // Runs a command or query for somebody who looks at the page, and shows what went wrong.
  async attempt(work) {
    try {
      const result = await work();
      if (this.state.failure) this.change({failure: null});
      return result;
    } catch (error) {
      const text = error instanceof Refused ? error.message : 'The server cannot be reached.';
      this.change({failure: text});
      return undefined;
    }
  }

  async load() {
    await this.attempt(async () => {
      const [me, invites, rooms] = await Promise.all(
        [get('users/me'), get('users/me/invites'), this.allOf('rooms?scope=mine&limit=200')]);
      this.change({
        me, invites: invites.items, rooms: new Map(rooms.map((room) => [room.room_id, room])),
      });
      for (const room of rooms) this.learnPerson(room.last_message?.sender_id);
      if (this.state.openRoom) await this.open(this.state.openRoom);
    });
  }

  async allOf(path) {
    const items = [];
    for (let next = path; next && items.length < roomsMax;) {
      const page = await get(next);
      items.push(...page.items);
      next = page.next;
    }
    return items;
  }

  // ---- rooms

  get room() {
    return this.state.rooms.get(this.state.openRoom) ?? null;
  }

  // Opens a room at its newest messages, or around one of them.
  async open(roomId, around = null) {
    this.change({
      openRoom: roomId, messages: [], myReactions: {}, members: [], older: null, loading: true,
      typing: new Map(),
    });
    await this.attempt(async () => {
      const query = around ? `around=${around}&` : '';
      const [room, page, members] = await Promise.all([
        get(`rooms/${roomId}`), get(`rooms/${roomId}/messages?${query}limit=${pageItems}`),
        get(`rooms/${roomId}/members?limit=200`),
      ]);
      if (this.state.openRoom !== roomId) return;
      this.putRoom(room);
      for (const member of members.items) this.state.people.set(member.user_id, member);
      const arrived = this.state.messages; // by the feed, meanwhile
      this.change({
        members: members.items, messages: merged(page.items, arrived), loading: false,
        myReactions: page.my_reactions ?? {},
        older: page.items[0]?.seq > 1 ? page.items[0].seq : null,
      });
      for (const message of page.items) this.learnPerson(message.sender_id);
      await this.markRead();
    });
    this.change({loading: false});
  }

  closeRoom() {
    this.change({openRoom: null, messages: [], members: []});
  }

  async loadOlder() {
    const {openRoom, older, loading} = this.state;
    if (!older || loading) return;
    this.change({loading: true});
    await this.attempt(async () => {
      const page = await get(`rooms/${openRoom}/messages?before=${older}&limit=${pageItems}`);
      if (this.state.openRoom !== openRoom) return;
      this.change({
        messages: merged(page.items, this.state.messages),
        myReactions: {...page.my_reactions, ...this.state.myReactions},
        older: page.items[0]?.seq > 1 ? page.items[0].seq : null,
      });
      for (const message of page.items) this.learnPerson(message.sender_id);
    });
    this.change({loading: false});
  }

  putRoom(room) {
    const rooms = new Map(this.state.rooms);
    if (room.my) rooms.set(room.room_id, room);
    else rooms.delete(room.room_id);
    this.change({rooms});
  }

  // Many events may concern one room: it is asked for once, when they have been looked at.
  refresh(roomId) {
    if (this.stale.size === 0) setTimeout(() => this.refreshStale(), 100);
    this.stale.add(roomId);
  }

  async refreshStale() {
    const roomIds = [...this.stale];
    this.stale.clear();
    for (const roomId of roomIds) {
      const room = await get(`rooms/${roomId}`).catch((error) => (error.status ? null : undefined));
      if (room === undefined) continue; // no server: the feed will come back and tell
      if (room) this.putRoom(room);
      else this.dropRoom(roomId);
      if (room && roomId === this.state.openRoom) await this.refreshMembers();
    }
  }

  async refreshMembers() {
    const page = await get(`rooms/${this.state.openRoom}/members?limit=200`).catch(() => null);
    if (page) this.change({members: page.items});
  }

  dropRoom(roomId) {
    const rooms = new Map(this.state.rooms);
    rooms.delete(roomId);
    this.change({rooms});
    if (this.state.openRoom === roomId) this.closeRoom();
  }

  async create(settings) {
    const room = await this.attempt(() => command('POST', 'rooms', settings));
    if (!room) return;
    this.putRoom(room);
    await this.open(room.room_id);
  }

  async join(roomId) {
    const joined = await this.attempt(() => command('POST', `rooms/${roomId}/join`));
    if (!joined) return;
    this.change({invites: this.state.invites.filter((invite) => invite.room_id !== roomId)});
    await this.open(roomId);
  }

  async leave(roomId) {
    const left = await this.attempt(() => command('POST', `rooms/${roomId}/leave`));
    if (left) this.dropRoom(roomId);
  }

  // ---- people

  // Learns a user's names, once; shows the id until they are known.
  learnPerson(userId) {
    if (!userId || this.state.people.has(userId)) return;
    this.state.people.set(userId, null);
    (this.unknown ??= []).push(userId);
    if (this.unknown.length === 1) setTimeout(() => this.askPeople(), 20);
  }

  async askPeople() {
    const asked = this.unknown.splice(0, peopleAskedMax);
    const answers = await Promise.allSettled(asked.map((userId) => get(`users/${userId}`)));
    const people = new Map(this.state.people);
    asked.forEach((userId, at) => people.set(userId, answers[at].value ?? null));
    this.change({people});
    if (this.unknown.length > 0) await this.askPeople();
  }

  nameOf(userId) {
    const person = this.state.people.get(userId);
    if (person === undefined) this.learnPerson(userId);
    return person?.display_name ?? person?.username ?? 'somebody';
  }

  // A direct room is called by the other one's name.
  titleOf(room) {
    if (room.name) return room.name;
    if (room.kind !== 'direct') return 'A room whose name was erased';
    const other = room.room_id === this.state.openRoom &&
      this.state.members.find((member) => member.user_id !== this.userId);
    return other ? other.display_name ?? other.username : 'Direct messages';
  }

  // ---- messages

  async say(text, {replyTo = null, attachments = []} = {}) {
    const roomId = this.state.openRoom;
    const body = {
      ...(text ? {text} : {}), ...(replyTo ? {reply_to: replyTo} : {}),
      ...(attachments.length ? {attachments} : {}),
    };
    const message = await this.attempt(() => command('POST', `rooms/${roomId}/messages`, body));
    if (message) this.putMessage(message);
    return Boolean(message);
  }

  async edit(seq, text) {
    const path = `rooms/${this.state.openRoom}/messages/${seq}`;
    const message = await this.attempt(() => command('PATCH', path, {text}));
    if (message) this.putMessage(message);
    return Boolean(message);
  }

  async remove(seq) {
    await this.attempt(() => command('DELETE', `rooms/${this.state.openRoom}/messages/${seq}`));
    await this.refreshMessage(this.state.openRoom, seq);
  }

  async react(seq, emoji) {
    const mine = this.state.myReactions[seq] ?? [];
    const has = mine.includes(emoji);
    const path = `rooms/${this.state.openRoom}/messages/${seq}/reactions/${encodeURIComponent(emoji)}`;
    const done = await this.attempt(async () => {
      await command(has ? 'DELETE' : 'PUT', path);
      return true;
    });
    if (!done) return;
    const now = has ? mine.filter((each) => each !== emoji) : [...mine, emoji];
    this.change({myReactions: {...this.state.myReactions, [seq]: now}});
  }

  putMessage(message) {
    if (message.room_id !== this.state.openRoom) return;
    this.change({messages: merged([message], this.state.messages)});
  }

  // What happened to a message is asked for rather than counted: asking twice does no harm.
  async refreshMessage(roomId, seq) {
    if (roomId !== this.state.openRoom) return;
    if (!this.state.messages.some((message) => message.seq === seq)) return;
    const message = await get(`rooms/${roomId}/messages/${seq}`).catch(() => null);
    if (message && roomId === this.state.openRoom)
      this.change({messages: merged(this.state.messages, [message])});
  }

  async markRead() {
    const room = this.room;
    if (!room?.my || document.visibilityState !== 'visible') return;
    const newest = this.state.messages.at(-1)?.seq ?? 0;
    if (newest <= (room.my.read_up_to ?? 0)) return;
    await command('PUT', `rooms/${room.room_id}/read`, {up_to: newest}).catch(() => {});
    this.putRoom({...room, my: {...room.my, read_up_to: newest, unread_count: 0}});
  }

  type() {
    if (Date.now() - (this.toldTyping ?? 0) < typingToldMs) return;
    this.toldTyping = Date.now();
    this.feed.say({type: 'typing', room_id: this.state.openRoom, typing: true});
  }

  // ---- what the feed tells

  apply(event) {
    const {type, room_id: roomId, data} = event;
    const isMe = (data?.user_id ?? event.actor_id) === this.userId;
    if (type === 'message.sent') return this.applySent(event);
    if (type.startsWith('message.') || type.startsWith('reaction.')) {
      if (type.startsWith('reaction.') && event.actor_id === this.userId)
        this.applyMyReaction(type === 'reaction.added', data);
      this.refreshMessage(roomId, data.seq);
      if (type.startsWith('message.p') || type.startsWith('message.un')) this.refresh(roomId);
      return undefined;
    }
    if (type === 'member.invited' || type === 'member.invite_revoked') {
      if (isMe) get('users/me/invites').then(({items}) => this.change({invites: items}), () => {});
      return undefined;
    }
    const ends = ['member.left', 'member.removed', 'member.banned'].includes(type);
    if (ends && isMe) return this.dropRoom(roomId);
    if (type === 'user.renamed') return this.load();
    if (type === 'room.read' || roomId) this.refresh(roomId ?? data.room_id);
    return undefined;
  }

  applySent(event) {
    const {room_id: roomId, data} = event;
    this.learnPerson(event.actor_id);
    const message = {
      room_id: roomId, seq: event.room_seq, position: event.position, kind: data.kind,
      sender_id: event.actor_id, text: data.text, metadata: data.metadata,
      attachments: data.attachments ?? [], reply_to: data.reply_to ?? null, reply_count: 0,
      mentions: data.mentions ?? [], reactions: [], sent_at: event.occurred_at ?? event.at,
      edited_at: null, deleted_at: null,
    };
    const typing = new Map(this.state.typing);
    typing.delete(event.actor_id);
    if (roomId === this.state.openRoom) {
      // A message that the answer to its sending has already brought may know more than this.
      this.change({messages: merged(this.state.messages, [message], false), typing});
      if (data.reply_to) this.refreshMessage(roomId, data.reply_to);
      this.markRead();
    }
    this.refresh(roomId);
  }

  applyMyReaction(added, {seq, emoji}) {
    const others = (this.state.myReactions[seq] ?? []).filter((each) => each !== emoji);
    const now = added ? [...others, emoji] : others;
    this.change({myReactions: {...this.state.myReactions, [seq]: now}});
  }

  applySignal(frame) {
    if (frame.type === 'presence') {
      const online = new Map(this.state.online).set(frame.user_id, frame.online);
      this.change({online});
    } else if (frame.type === 'typing' && frame.room_id === this.state.openRoom) {
      const typing = new Map(this.state.typing);
      if (frame.typing) typing.set(frame.user_id, Date.now() + typingShownMs);
      else typing.delete(frame.user_id);
      this.change({typing});
      setTimeout(() => this.forgetTyping(), typingShownMs + 50);
    }
  }

  forgetTyping() {
    const now = Date.now();
    const typing = new Map([...this.state.typing].filter(([, until]) => until > now));
    if (typing.size !== this.state.typing.size) this.change({typing});
  }
}

// Two lists of messages as one, each once, by seq. Of a message that is in both the later one
// stands, or the earlier one unless `replace`.
function merged(earlier, later, replace = true) {
  const bySeq = new Map(earlier.map((message) => [message.seq, message]));
  for (const message of later) if (replace || !bySeq.has(message.seq)) bySeq.set(message.seq, message);
  return [...bySeq.values()].sort((a, b) => a.seq - b.seq);
}
