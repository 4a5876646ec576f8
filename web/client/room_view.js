import {html, useLayoutEffect, useRef, useState} from './preact.js';
import {Composer} from './composer.js';
import {Message} from './message_view.js';
import {command, get} from './session.js';

const nearEndPixels = 80;

// The open room: its messages, who is there, and where one writes.
export function RoomView({chat, state}) {
  const [replyTo, setReplyTo] = useState(null);
  const [side, setSide] = useState(null); // null | 'members' | 'search'
  const room = chat.room;
  if (!room) return html`<main class="room-view empty"><p>Choose a room, or make one.</p></main>`;
  const toggle = (name) => setSide(side === name ? null : name);
  const maySpeak = !room.archived && (room.kind !== 'channel' || room.my.role !== 'member');
  return html`
    <main class="room-view">
      <header>
        <button class="back" aria-label="Back to the rooms" onClick=${() => chat.closeRoom()}>‹</button>
        <div><h2>${chat.titleOf(room)}</h2><p>${room.description ?? ''}</p></div>
        <button onClick=${() => toggle('search')} aria-expanded=${side === 'search'}>Search</button>
        <button onClick=${() => toggle('members')} aria-expanded=${side === 'members'}>
          ${room.member_count} members</button>
        <button onClick=${() => chat.leave(room.room_id)}>Leave</button>
      </header>
      <div class="columns">
        <section class="talk">
          <${Timeline} chat=${chat} state=${state} onReply=${setReplyTo} />
          <${Typing} chat=${chat} state=${state} />
          ${maySpeak
            ? html`<${Composer} chat=${chat} replyTo=${replyTo} onReplied=${() => setReplyTo(null)} />`
            : html`<p class="hint">${room.archived ? 'This room is archived.' : 'Only admins write here.'}</p>`}
        </section>
        ${side === 'members' && html`<${Members} chat=${chat} state=${state} />`}
        ${side === 'search' && html`<${Search} chat=${chat} room=${room} />`}
      </div>
    </main>`;
}

// Stays at the end while its reader is there, and where it was when older messages come in above.
function Timeline({chat, state, onReply}) {
  const box = useRef(null);
  const place = useRef({atEnd: true, height: 0});
  useLayoutEffect(() => {
    const element = box.current;
    if (place.current.atEnd) element.scrollTop = element.scrollHeight;
    else if (place.current.prepended !== state.messages[0]?.seq)
      element.scrollTop += element.scrollHeight - place.current.height;
    place.current.height = element.scrollHeight;
    place.current.prepended = state.messages[0]?.seq;
  }, [state.messages]);
  function scrolled() {
    const element = box.current;
    place.current.atEnd =
      element.scrollHeight - element.scrollTop - element.clientHeight < nearEndPixels;
    if (element.scrollTop < nearEndPixels) chat.loadOlder();
  }
  return html`
    <ol class="timeline" ref=${box} onScroll=${scrolled} aria-live="polite" aria-busy=${state.loading}>
      ${state.older && html`<li class="hint"><button class="link" disabled=${state.loading}
        onClick=${() => chat.loadOlder()}>Earlier messages</button></li>`}
      ${!state.loading && state.messages.length === 0 && html`<li class="hint">Nothing was said yet.</li>`}
      ${state.messages.map((message, at) => html`
        <${Message} key=${message.seq} chat=${chat} message=${message}
          previous=${state.messages[at - 1]} mine=${state.myReactions[message.seq] ?? []}
          repliedTo=${state.messages.find((other) => other.seq === message.reply_to)}
          onReply=${onReply} />`)}
    </ol>`;
}

function Typing({chat, state}) {
  const names = [...state.typing.keys()].slice(0, 3).map((userId) => chat.nameOf(userId));
  const text = names.length === 0 ? '' : `${names.join(', ')} ${names.length > 1 ? 'are' : 'is'} typing…`;
  return html`<p class="typing" aria-live="polite">${text}</p>`;
}

function Members({chat, state}) {
  const [query, setQuery] = useState('');
  const may = chat.room.my.role !== 'member' && chat.room.kind !== 'direct';
  async function invite(event) {
    event.preventDefault();
    await chat.attempt(async () => {
      const found = await get(`users?limit=1&q=${encodeURIComponent(query)}`);
      const user = found.items.find((each) => each.username === query.toLowerCase());
      if (!user) return chat.change({failure: `There is nobody called ${query}.`});
      await command('PUT', `rooms/${chat.room.room_id}/members/${user.user_id}`, {role: 'member'});
      setQuery('');
      return chat.refreshMembers();
    });
  }
  return html`
    <aside class="side" aria-label="Members">
      ${may && html`<form onSubmit=${invite}><input value=${query} placeholder="Add by username"
        aria-label="Add by username" onInput=${(event) => setQuery(event.target.value)} required />
        <button>Add</button></form>`}
      <ul>${state.members.map((member) => html`
        <li key=${member.user_id}>
          <span class="dot ${(state.online.get(member.user_id) ?? member.online) ? 'online' : ''}"></span>
          ${member.display_name ?? 'erased'} <small>@${member.username ?? '…'}</small>
          ${member.role !== 'member' && html`<small> ${member.role}</small>`}
        </li>`)}</ul>
    </aside>`;
}

function Search({chat, room}) {
  const [query, setQuery] = useState('');
  const [found, setFound] = useState(null);
  const [next, setNext] = useState(null);
  async function ask(path, kept) {
    const page = await chat.attempt(() => get(path));
    if (!page) return;
    setFound([...kept, ...page.items]);
    setNext(page.next);
  }
  const submit = (event) => {
    event.preventDefault();
    ask(`search?room_id=${room.room_id}&limit=20&q=${encodeURIComponent(query)}`, []);
  };
  return html`
    <aside class="side" aria-label="Search">
      <form onSubmit=${submit}><input type="search" value=${query} autofocus required
        aria-label="Search in this room" onInput=${(event) => setQuery(event.target.value)} />
        <button>Search</button></form>
      ${found?.length === 0 && html`<p class="hint">Nobody said that here.</p>`}
      <ul>${found?.map((message) => html`
        <li key=${message.seq}><button class="found" onClick=${() => chat.open(room.room_id, message.seq)}>
          <small>${chat.nameOf(message.sender_id)}, ${new Date(message.sent_at).toLocaleString()}</small>
          <span>${message.text}</span></button></li>`)}</ul>
      ${next && html`<button class="link" onClick=${() => ask(next, found)}>More</button>`}
    </aside>`;
}
