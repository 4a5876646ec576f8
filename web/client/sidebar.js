import {html, useEffect, useState} from './preact.js';
import {get} from './session.js';

const searchAfterMs = 250;

// The user's rooms, newest talk first; below them what can be joined or made.
export function Sidebar({chat, state, onSignOut}) {
  const [panel, setPanel] = useState(null); // null | 'browse' | 'new'
  const rooms = [...state.rooms.values()].sort((a, b) => lastAt(b).localeCompare(lastAt(a)));
  const toggle = (name) => setPanel(panel === name ? null : name);
  return html`
    <nav class="sidebar" aria-label="Rooms">
      <header>
        <strong>${state.me?.display_name ?? state.me?.username ?? ''}</strong>
        <span class="connection ${state.connection}" role="status">
          ${state.connection === 'live' ? 'live' : 'connecting…'}</span>
        <button class="link" onClick=${onSignOut}>Sign out</button>
      </header>
      <div class="actions">
        <button onClick=${() => toggle('new')} aria-expanded=${panel === 'new'}>New room</button>
        <button onClick=${() => toggle('browse')} aria-expanded=${panel === 'browse'}>Browse</button>
      </div>
      ${panel === 'new' && html`<${NewRoom} chat=${chat} onDone=${() => setPanel(null)} />`}
      ${panel === 'browse' && html`<${Browse} chat=${chat} onDone=${() => setPanel(null)} />`}
      ${state.invites.map((invite) => html`
        <div class="invite" key=${invite.room_id}>You are invited to
          <b> ${invite.room_name ?? 'a room'}</b>
          <button onClick=${() => chat.join(invite.room_id)}>Join</button></div>`)}
      <ul class="rooms">
        ${rooms.map((room) => html`
          <li key=${room.room_id}>
            <button class="room ${room.room_id === state.openRoom ? 'open' : ''}"
                    aria-current=${room.room_id === state.openRoom}
                    onClick=${() => chat.open(room.room_id)}>
              <span class="name">${chat.titleOf(room)}</span>
              ${room.my.unread_count > 0 && html`<span class="unread"
                aria-label="${room.my.unread_count} unread">${room.my.unread_count}</span>`}
              <span class="last">${lastText(chat, room)}</span>
            </button>
          </li>`)}
      </ul>
      ${rooms.length === 0 && html`<p class="hint">No rooms yet: make one, or browse.</p>`}
      <footer><a href="/docs">API</a> · <a href="/audit">Log</a></footer>
    </nav>`;
}

const lastAt = (room) => room.last_message?.sent_at ?? room.updated_at;

function lastText(chat, room) {
  const message = room.last_message;
  if (!message) return '';
  const text = message.text ?? (message.attachments?.length ? 'a file' : 'deleted');
  return `${chat.nameOf(message.sender_id)}: ${text.slice(0, 80)}`;
}

function NewRoom({chat, onDone}) {
  async function submit(event) {
    event.preventDefault();
    const form = new FormData(event.target);
    await chat.create({name: form.get('name'), visibility: form.get('private') ? 'private' : 'public'});
    onDone();
  }
  return html`
    <form class="panel" onSubmit=${submit}>
      <label>Name <input name="name" required maxlength="100" autofocus /></label>
      <label class="check"><input type="checkbox" name="private" /> private: by invitation only</label>
      <button class="primary">Create</button>
    </form>`;
}

// Public rooms to join, and people to talk to directly.
function Browse({chat, onDone}) {
  const [query, setQuery] = useState('');
  const [rooms, setRooms] = useState([]);
  const [people, setPeople] = useState([]);
  useEffect(() => {
    const q = encodeURIComponent(query);
    const timer = setTimeout(() => chat.attempt(async () => {
      const [found, users] = await Promise.all([
        get(`rooms?scope=public&limit=20&q=${q}`), query ? get(`users?limit=10&q=${q}`) : {items: []}]);
      setRooms(found.items.filter((room) => !room.my));
      setPeople(users.items.filter((user) => user.user_id !== chat.userId));
    }), searchAfterMs);
    return () => clearTimeout(timer);
  }, [query]);
  const join = (roomId) => chat.join(roomId).then(onDone);
  const talk = (userId) => chat.create({kind: 'direct', members: [userId]}).then(onDone);
  return html`
    <div class="panel">
      <label>Find rooms and people
        <input type="search" value=${query} autofocus
               onInput=${(event) => setQuery(event.target.value)} /></label>
      <ul>
        ${rooms.map((room) => html`<li key=${room.room_id}>
          <span>${room.name} <small>${room.member_count} members</small></span>
          <button onClick=${() => join(room.room_id)}>Join</button></li>`)}
        ${people.map((user) => html`<li key=${user.user_id}>
          <span>${user.display_name} <small>@${user.username}</small></span>
          <button onClick=${() => talk(user.user_id)}>Talk</button></li>`)}
      </ul>
      ${rooms.length + people.length === 0 && html`<p class="hint">Nothing else to see.</p>`}
    </div>`;
}
