// What the log explorer says of a log that it has seen before: web/client/log_memory.js, against a
// server whose log grows, goes back to a backup, and is exchanged for another. VERBATIM names the
// server, OPENAPI the document.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { webcrypto } from 'node:crypto';
import { cpSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { OpenApi } from './documents.mjs';
import { Api, Server } from './server.mjs';

globalThis.crypto ??= webcrypto; // Node 18 has it by another name
const { examine, nothingRemembered, remember } = await import('../../web/client/log_memory.js');
const { parseNote } = await import('../../web/client/merkle.js');

const { VERBATIM, OPENAPI } = process.env;
const PASSWORD = 'correct horse battery';
const server = new Server(VERBATIM);
const api = new Api(server, new OpenApi(OPENAPI));
const at = (name) => join(server.folder, name);
let token;
let room;
let memory = nothingRemembered;
const kept = {}; // what was remembered at some moments

function tool(...parts) {
  const done = spawnSync(VERBATIM, parts, { encoding: 'utf8' });
  assert.equal(done.status, 0, done.stderr);
}
async function logIn() {
  const session = await api.call('POST', '/sessions', { body: { username: 'alice', password: PASSWORD } });
  assert.equal(session.status, 201);
  token = session.body.access_token;
}
async function say(text) {
  const sent = await api.call('POST', `/rooms/${room}/messages`, { token, body: { text } });
  assert.equal(sent.status, 201);
  return sent.body.position;
}
const ask = async (path) => {
  const answer = await api.call('GET', `/${path}`, { token });
  assert.equal(answer.status, 200, path);
  return answer.body;
};
// The newest tree head, which covers all that was said.
async function look(from = memory, asking = ask, covering = 1) {
  const headers = { 'Verbatim-Min-Position': String(covering) };
  const note = (await api.ask('GET', '/api/v1/audit/checkpoint', { headers })).body;
  const key = (await api.ask('GET', '/api/v1/audit/key')).body;
  return examine({ note, key, memory: from, ask: asking });
}
async function believe(covering) {
  const found = await look(memory, ask, covering);
  assert.deepEqual(said(found, 'bad'), []);
  ({ memory } = found);
  return found;
}
const said = ({ findings }, kind) => findings.filter((one) => one.kind === kind).map(({ what }) => what);
const spoilt = (note) => { // another root, as if it had been signed
  const lines = note.split('\n');
  const root = Buffer.from(lines[2], 'base64');
  root[7] ^= 1;
  return [...lines.slice(0, 2), root.toString('base64'), ...lines.slice(3)].join('\n');
};

before(async () => {
  await server.start();
  await api.call('POST', '/users', { body: { username: 'alice', password: PASSWORD } });
  await logIn();
  room = (await api.call('POST', '/rooms', { token, body: { name: 'Lobby' } })).body.room_id;
});
after(() => server.end());

test('a log is remembered when it is first seen, and held to it', async () => {
  const first = await believe(await say('one'));
  assert.match(said(first, 'good').at(-1), /for the first time/);
  const second = await believe(await say('two'));
  assert.match(said(second, 'good').at(-1), /only grown/);
  const last = memory.notes.length - 1;
  const altered = { ...memory, notes: memory.notes.with?.(last, spoilt(memory.notes[last]))
    ?? [...memory.notes.slice(0, last), spoilt(memory.notes[last])] };
  await say('three');
  const tampered = await look(altered);
  assert.match(said(tampered, 'bad')[0], /PAST WAS CHANGED/);
  assert.equal(tampered.memory, altered, 'what is wrong is not remembered');
});

test('what a restore keeps is proved, and what it gives up is named', async () => {
  await believe(await say('in the backup'));
  tool('backup', '--data', at('data'), '--to', at('backups'), '--keys-to', at('keys'));
  kept.inBackup = memory;
  await believe(await say('lost one'));
  await believe(await say('lost two'));
  kept.beyond = memory;
  const seen = parseNote(memory.notes.at(-1)).size;

  await server.kill9();
  renameSync(at('data'), at('before'));
  tool('restore', '--from', at('backups'), '--data', at('data'), '--keys-from', at('keys'));
  await server.start();
  await logIn();
  const { epochs } = await ask('audit/epochs');
  assert.equal(epochs.length, 1);
  const [{ kept_to: keptTo, position }] = epochs;
  assert.equal(position, keptTo + 1);

  const found = await look();
  assert.deepEqual(said(found, 'bad'), []);
  const notices = said(found, 'notice');
  assert.equal(notices.length, 2);
  assert.match(notices[0], new RegExp(`declared at position ${position}, .*an older backup was restored`));
  assert.match(notices[1], new RegExp(`positions ${keptTo + 1} to ${seen}, of which this browser had seen ${seen - keptTo} events`));
  assert.match(said(found, 'good').at(-1), /is unchanged/);
  ({ memory } = found);
  assert.ok(memory.notes.every((note) => parseNote(note).size <= keptTo || parseNote(note).origin === found.head.origin));
  assert.match(said(await believe(await say('goes on')), 'good').at(-1), /only grown/);
});

test('who has seen only what was kept loses nothing', async () => {
  const found = await look(kept.inBackup);
  assert.deepEqual(said(found, 'bad'), []);
  assert.equal(said(found, 'notice').length, 1);
});

test('a past that was changed before a restore is found all the same', async () => {
  const notes = kept.beyond.notes.map((note, index) => (index < kept.beyond.notes.length - 1 ? spoilt(note) : note));
  const found = await look({ ...kept.beyond, notes });
  assert.match(said(found, 'bad')[0], /PAST WAS CHANGED, also before position/);
});

test('an epoch is believed only as the signed tree has it', async () => {
  const forging = async (path) => {
    const answer = await ask(path);
    if (path !== 'audit/epochs') return answer;
    const leaf = Buffer.from(answer.epochs[0].leaf, 'base64').toString('latin1').replace('restored', 'accepted');
    return { epochs: [{ ...answer.epochs[0], leaf: Buffer.from(leaf, 'latin1').toString('base64') }] };
  };
  assert.match(said(await look(kept.beyond, forging), 'bad')[0], /NOT IN THE SIGNED TREE/);
  const silent = async (path) => (path === 'audit/epochs' ? { epochs: [] } : ask(path));
  assert.match(said(await look(kept.beyond, silent), 'bad')[0], /ANOTHER LOG/);
});

test('another log is told, with the same key and with another', async () => {
  await server.kill9();
  rmSync(at('data'), { recursive: true });
  cpSync(at('keys'), join(at('data'), 'keys'), { recursive: true });
  await server.start();
  await api.call('POST', '/users', { body: { username: 'alice', password: PASSWORD } });
  await logIn();
  assert.match(said(await look(), 'bad')[0], /ANOTHER LOG/);
  await server.kill9();
  rmSync(at('data'), { recursive: true });
  await server.start();
  await api.call('POST', '/users', { body: { username: 'alice', password: PASSWORD } });
  const found = await look();
  assert.match(said(found, 'bad')[0], /ANOTHER KEY/);
  assert.equal(found.memory, memory);
});

test('tree heads of every age stay', () => {
  const note = (size) => `verbatim/x\n${size}\nAAAA\n\n\u2014 verbatim/x AAAA\n`;
  let long = nothingRemembered;
  for (let size = 1; size <= 1000; ++size) long = remember(long, note(size), 'key');
  const sizes = long.notes.map((one) => parseNote(one).size);
  assert.ok(sizes.length <= 24 && sizes[0] === 1 && sizes.at(-1) === 1000);
  assert.ok(sizes.some((size) => size > 100 && size < 900), 'and of the time between');
});
