// The chat page: signing in, then the rooms on the left and the open room on the right.

import {html, render, useEffect, useState} from './preact.js';
import {Chat} from './chat.js';
import {RoomView} from './room_view.js';
import {Sidebar} from './sidebar.js';
import {SignIn} from './sign_in.js';
import {currentSession, signOut} from './session.js';

function Main({session, onSignedOut}) {
  const [chat, setChat] = useState(null);
  const [state, setState] = useState(null);
  useEffect(() => {
    const made = new Chat(session.user_id, onSignedOut);
    setChat(made);
    setState(made.state);
    made.subscribe(setState);
    const seen = () => made.markRead();
    document.addEventListener('visibilitychange', seen);
    return () => {
      document.removeEventListener('visibilitychange', seen);
      made.close();
    };
  }, [session.user_id]);
  useEffect(() => {
    const unread = state
      ? [...state.rooms.values()].reduce((sum, room) => sum + (room.my?.unread_count ?? 0), 0) : 0;
    document.title = unread ? `(${unread}) Verbatim` : 'Verbatim';
  });
  if (!chat || !state) return null;
  const leave = () => signOut().then(onSignedOut);
  return html`
    <div class="main ${state.openRoom ? 'has-room' : ''}">
      <${Sidebar} chat=${chat} state=${state} onSignOut=${leave} />
      <${RoomView} chat=${chat} state=${state} key=${state.openRoom} />
      ${state.failure && html`
        <div class="failure" role="alert">${state.failure}
          <button aria-label="Dismiss" onClick=${() => chat.change({failure: null})}>×</button></div>`}
    </div>`;
}

function App() {
  const [session, setSession] = useState(currentSession());
  return session
    ? html`<${Main} session=${session} onSignedOut=${() => setSession(null)} />`
    : html`<${SignIn} onSignedIn=${setSession} />`;
}

render(html`<${App} />`, document.getElementById('app'));
