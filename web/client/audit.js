// The log explorer: what happened, by whom and when, for auditors; and for everybody signed in the
// proof that the log has only grown since this browser last looked.

import {html, render, useEffect, useState} from './preact.js';
import {examine, nothingRemembered} from './log_memory.js';
import {canCheck, fromBase64, isIncluded, parseNote, toHex} from './merkle.js';
import {currentSession, get, signOut, textOf} from './session.js';
import {SignIn} from './sign_in.js';

const rememberedKey = 'verbatim.log'; // what log_memory.js has this browser remember
const pageEvents = 100;

function remembered() {
  try {
    const {notes, key} = JSON.parse(localStorage.getItem(rememberedKey));
    notes.forEach(parseNote);
    return {notes, key};
  } catch {
    return nothingRemembered;
  }
}

// Fetches the newest tree head and holds it to those that this browser remembers.
async function examineLog() {
  const [note, key] = await Promise.all([textOf('audit/checkpoint'), textOf('audit/key')]);
  const {head, findings, memory} = await examine({note, key, memory: remembered(), ask: get});
  localStorage.setItem(rememberedKey, JSON.stringify(memory));
  return {head, findings};
}

async function proveEvent(position, head) {
  if (position > head.size) return {good: false, what: 'newer than the tree head: examine again'};
  const proof = await get(`audit/proofs/inclusion?position=${position}&size=${head.size}`);
  const good = canCheck && await isIncluded({
    index: position - 1, size: head.size, leaf: fromBase64(proof.leaf_hash),
    hashes: proof.hashes.map(fromBase64), root: head.root});
  return {good, what: good ? `proved: leaf ${toHex(fromBase64(proof.leaf_hash)).slice(0, 16)}… is in the signed tree`
    : canCheck ? 'NOT PROVED' : 'not checked by this browser'};
}

const looks = {
  good: {style: 'good', sign: '✓'}, notice: {style: 'notice', sign: '!'}, bad: {style: 'problem', sign: '✗'},
};

function Examination({result, failure, onAgain}) {
  return html`
    <section class="examination" aria-live="polite">
      ${failure && html`<p class="problem">${failure}</p>`}
      ${result?.findings.map(({kind, what}) => html`<p class=${looks[kind].style} key=${what}>
        ${looks[kind].sign} ${what}</p>`)}
      <button onClick=${onAgain}>Examine again</button>
    </section>`;
}

const fields = [
  ['type', 'Type', 'message.sent'], ['actor_id', 'By', 'user_…'], ['room_id', 'Room', 'room_…'],
  ['since', 'Since', '2026-01-31T00:00:00Z'], ['until', 'Until', ''], ['after', 'After position', '0'],
];

function Events({head}) {
  const [events, setEvents] = useState([]);
  const [next, setNext] = useState(null);
  const [failure, setFailure] = useState(null);
  const [open, setOpen] = useState(null);

  async function ask(path, kept) {
    try {
      const page = await get(path);
      setEvents([...kept, ...page.items]);
      setNext(page.next);
      setFailure(null);
    } catch (error) {
      setFailure(error.status === 403
        ? 'Only auditors and admins read the whole log. Its proof above is for everybody.'
        : error.message);
    }
  }
  function search(event) {
    event?.preventDefault();
    const query = new URLSearchParams({limit: pageEvents});
    if (event) for (const [name, value] of new FormData(event.target)) if (value) query.set(name, value);
    return ask(`events?${query}`, []);
  }
  useEffect(() => { search(); }, []);

  return html`
    <form class="filters" onSubmit=${search}>
      ${fields.map(([name, label, example]) => html`
        <label key=${name}>${label} <input name=${name} placeholder=${example} /></label>`)}
      <button class="primary">Find</button>
    </form>
    ${failure && html`<p class="problem" role="alert">${failure}</p>`}
    <table class="events">
      <thead><tr><th>Position</th><th>Time</th><th>Type</th><th>Room</th><th>By</th><th>What</th></tr></thead>
      <tbody>${events.map((event) => html`
        <tr key=${event.position} onClick=${() => setOpen(open === event.position ? null : event.position)}>
          <td><button class="link" aria-expanded=${open === event.position}>${event.position}</button></td>
          <td><time>${event.at}</time></td><td>${event.type}</td>
          <td title=${event.room_id ?? ''}>${short(event.room_id)}${event.room_seq ? ` ${event.room_seq}` : ''}</td>
          <td title=${event.actor_id ?? ''}>${short(event.actor_id)}</td>
          <td>${summary(event)}</td></tr>
        ${open === event.position && html`<tr class="detail"><td colspan="6">
          <${Detail} event=${event} head=${head} /></td></tr>`}`)}
      </tbody>
    </table>
    ${next && html`<button onClick=${() => ask(next, events)}>More</button>`}`;
}

// The last characters tell ids of one time apart.
const short = (id) => (id ? `…${id.slice(-8)}` : '');

function summary({data}) {
  if (!data) return '';
  if ('text' in data) return data.text ?? '(no text: deleted or erased)';
  return Object.entries(data).filter(([, value]) => typeof value !== 'object')
    .map(([name, value]) => `${name} ${value}`).join(', ');
}

function Detail({event, head}) {
  const [proof, setProof] = useState(null);
  const prove = () => proveEvent(event.position, head).then(
    setProof, (error) => setProof({good: false, what: error.message}));
  return html`
    <pre>${JSON.stringify(event, null, 2)}</pre>
    <button onClick=${prove} disabled=${!head}>Prove that it is in the log</button>
    ${proof && html`<span class=${proof.good ? 'good' : 'problem'}> ${proof.what}</span>`}`;
}

function Explorer({onSignedOut}) {
  const [result, setResult] = useState(null);
  const [failure, setFailure] = useState(null);
  const examine = () => examineLog().then(
    (found) => { setResult(found); setFailure(null); }, (error) => setFailure(error.message));
  useEffect(() => { examine(); }, []);
  return html`
    <main class="audit">
      <header><h1>The log</h1><a href="/">Chat</a> <a href="/docs">API</a>
        <button class="link" onClick=${() => signOut().then(onSignedOut)}>Sign out</button></header>
      <${Examination} result=${result} failure=${failure} onAgain=${examine} />
      <${Events} head=${result?.head} />
    </main>`;
}

function App() {
  const [session, setSession] = useState(currentSession());
  return session ? html`<${Explorer} onSignedOut=${() => setSession(null)} />`
    : html`<${SignIn} title="Verbatim: the log" onSignedIn=${setSession} />`;
}

render(html`<${App} />`, document.getElementById('app'));
