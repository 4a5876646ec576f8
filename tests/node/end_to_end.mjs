// The whole contract by a client that has nothing of ours: npm's `ws`, `jose` and `tus-js-client`,
// and the built-in fetch. VERBATIM names the server, OPENAPI and ASYNCAPI the documents.
import assert from 'node:assert/strict';
import { randomBytes, randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import * as jose from 'jose';
import * as tus from 'tus-js-client';
import WebSocket from 'ws';
import { AsyncApi, OpenApi } from './documents.mjs';
import { Api, Feed, Server } from './server.mjs';

const { VERBATIM, OPENAPI, ASYNCAPI } = process.env;
const PASSWORD = 'correct horse battery';
const server = new Server(VERBATIM);
const openApi = new OpenApi(OPENAPI);
const asyncApi = new AsyncApi(ASYNCAPI);
const api = new Api(server, openApi);
const feeds = [];

// The status that a handshake is refused with, or the code that the feed is closed with.
function endOfFeed(url, options) {
  return new Promise((resolve) => {
    const socket = new WebSocket(url, options);
    socket.on('unexpected-response', (_, answer) => { socket.terminate(); resolve(answer.statusCode); });
    socket.on('close', resolve);
    socket.on('error', () => {}); // 'close' follows
  });
}

async function person(username, at = api) {
  const made = await at.call('POST', '/users', { body: { username, password: PASSWORD } });
  assert.equal(made.status, 201);
  const session = await at.call('POST', '/sessions', { body: { username, password: PASSWORD } });
  assert.equal(session.status, 201);
  const { access_token: token, refresh_token: refreshToken, session_id: session_id } = session.body;
  return { id: made.body.user_id, username, token, refreshToken, session_id };
}

async function roomOf(owner, body, ...members) {
  const made = await api.call('POST', '/rooms', { token: owner.token, body: { name: 'Lobby', ...body } });
  assert.equal(made.status, 201);
  for (const { token } of members) {
    const joined = await api.call('POST', `/rooms/${made.body.room_id}/join`, { token });
    assert.equal(joined.status, 200);
  }
  return made.body.room_id;
}

async function say(who, room, text, headers) {
  const sent = await api.call('POST', `/rooms/${room}/messages`, { token: who.token, body: { text }, headers });
  assert.equal(sent.status, 201);
  return sent;
}

function feedOf(who, query = '', options = { token: who.token }) {
  const feed = new Feed(`${server.feed}/api/v1/feed${query}`, asyncApi, options);
  feeds.push(feed);
  return feed;
}

// From what queries show now, and past its `caught_up`: what comes next is live.
async function liveFeedOf(who) {
  const { body } = await api.ask('GET', '/readyz');
  const feed = feedOf(who, `?after=${body.position}`);
  await feed.nextOfType('caught_up');
  return feed;
}

function expectProblem(answer, status, code) {
  assert.equal(answer.headers.get('content-type'), 'application/problem+json');
  assert.deepEqual([answer.status, answer.body.code], [status, code]);
}

let alice;
let bob;

before(async () => {
  await server.start();
  [alice, bob] = [await person('alice'), await person('bob')];
});

after(async () => {
  await Promise.all(feeds.map((feed) => feed.close()));
  await server.end();
});

test('the documents and the pages are served', async () => {
  assert.deepEqual((await api.call('GET', '/openapi.json')).body, openApi.document);
  assert.deepEqual((await api.call('GET', '/asyncapi.json')).body, asyncApi.document);
  const page = await api.ask('GET', '/docs');
  for (const [, path] of page.body.matchAll(/(?:src|href)="(\/docs\/[^"]+\.\w+)"/g)) {
    const asset = await api.ask('GET', path);
    assert.equal(asset.status, 200, path);
    const copy = await api.ask('GET', path, { headers: { 'If-None-Match': asset.headers.get('etag') } });
    assert.equal(copy.status, 304, path);
    assert.equal((await api.ask('HEAD', path)).headers.get('etag'), asset.headers.get('etag'));
  }
  const { body: missing } = await api.call('GET', '/rooms/room_00000000000000000000000000', { token: alice.token });
  const [explanation, anchor] = missing.type.split('#');
  assert.ok((await api.ask('GET', explanation)).body.includes(`id="${anchor}"`));
});

test('operations answer anyone', async () => {
  for (const path of ['/healthz', '/readyz', '/metrics', '/api/v1/limits']) {
    assert.equal((await api.ask('GET', path)).status, 200, path);
    assert.equal((await api.ask('HEAD', path)).status, 200, path);
  }
  const wrong = await api.ask('DELETE', '/healthz');
  expectProblem(wrong, 405, 'method_not_allowed');
  assert.equal(wrong.headers.get('allow'), 'GET, HEAD, OPTIONS');
  expectProblem(await api.ask('GET', '/nowhere'), 404, 'not_found');
});

test('access tokens verify against the published key', async () => {
  const keys = jose.createRemoteJWKSet(new URL(`${server.http}/.well-known/jwks.json`));
  const { payload, protectedHeader } = await jose.jwtVerify(alice.token, keys);
  assert.equal(protectedHeader.alg, 'EdDSA');
  assert.equal(payload.sub, alice.id);
  assert.ok(payload.exp - Date.now() / 1000 <= 15 * 60);
  await api.ask('GET', '/.well-known/jwks.json');
  const forged = alice.token.slice(0, -8) + 'AAAAAAAA';
  expectProblem(await api.call('GET', '/users/me', { token: forged }), 401, 'not_authenticated');
});

test('a refresh token works once, and its second use closes the session', async () => {
  const carol = await person('carol');
  const renew = () => api.call('POST', '/sessions/refresh', { body: { refresh_token: carol.refreshToken } });
  const renewed = await renew();
  assert.equal(renewed.status, 201);
  expectProblem(await renew(), 401, 'refresh_token_was_used');
  expectProblem(await api.call('GET', '/users/me', { token: renewed.body.access_token }), 401, 'not_authenticated');
});

test('accounts and sessions', async () => {
  const dora = await person('dora');
  const { token } = dora;
  assert.equal((await api.call('PATCH', '/users/me', { token, body: { display_name: 'Dora ✨' } })).body.display_name, 'Dora ✨');
  assert.equal((await api.call('GET', `/users/${dora.id}`, { token: bob.token })).body.display_name, 'Dora ✨');
  assert.deepEqual((await api.call('GET', '/users?q=DOR', { token })).body.items.map((user) => user.user_id), [dora.id]);
  const next = { current: PASSWORD, new: 'another battery' };
  assert.equal((await api.call('PUT', '/users/me/password', { token, body: next })).status, 204);
  expectProblem(await api.call('POST', '/sessions', { body: { username: 'dora', password: PASSWORD } }), 401, 'not_authenticated');
  expectProblem(await api.call('POST', '/users', { body: { username: 'DORA', password: PASSWORD } }), 409, 'username_is_taken');
  assert.equal((await api.call('GET', '/sessions', { token })).body.items.length, 1);
  const feed = feedOf(dora);
  await feed.nextOfType('welcome');
  assert.equal((await api.call('DELETE', '/sessions/current', { token })).status, 204);
  assert.equal(await feed.closed, 4401);
});

test('rooms, their members, invitations and bans', async () => {
  const room = await roomOf(alice, { alias: 'hall', max_members: 2 }, bob);
  const eve = await person('eve');
  expectProblem(await api.call('POST', `/rooms/${room}/join`, { token: eve.token }), 409, 'room_is_full');
  const at = `/rooms/${room}`;
  const { token } = alice;
  assert.equal((await api.call('PATCH', at, { token, body: { max_members: 10, description: 'Where all meet' } })).status, 200);
  assert.equal((await api.call('GET', '/aliases/hall', { token: eve.token })).body.my, null);
  assert.equal((await api.call('PUT', `${at}/members/${bob.id}`, { token, body: { role: 'admin' } })).body.role, 'admin');
  assert.equal((await api.call('PUT', `${at}/invites/${eve.id}`, { token })).status, 200);
  assert.equal((await api.call('GET', `${at}/invites`, { token })).body.items.length, 1);
  assert.equal((await api.call('GET', '/users/me/invites', { token: eve.token })).body.items[0].room_id, room);
  assert.equal((await api.call('DELETE', `${at}/invites/${eve.id}`, { token: eve.token })).status, 204);
  assert.equal((await api.call('PUT', `${at}/bans/${eve.id}`, { token, body: { reason: 'advertises' } })).status, 200);
  assert.equal((await api.call('GET', `${at}/bans`, { token })).body.items[0].reason, 'advertises');
  expectProblem(await api.call('POST', `${at}/join`, { token: eve.token }), 403, 'banned');
  assert.equal((await api.call('DELETE', `${at}/bans/${eve.id}`, { token })).status, 204);
  assert.equal((await api.call('POST', `${at}/join`, { token: eve.token })).body.role, 'member');
  assert.equal((await api.call('DELETE', `${at}/members/${eve.id}`, { token })).status, 204);
  assert.equal((await api.call('POST', `${at}/leave`, { token: bob.token })).body.role, null);
  assert.equal((await api.call('DELETE', at, { token })).status, 204);
  expectProblem(await api.call('POST', `${at}/messages`, { token, body: { text: 'too late' } }), 409, 'room_is_archived');
});

test('a direct room is made once', async () => {
  const body = { kind: 'direct', members: [bob.id] };
  const made = await api.call('POST', '/rooms', { token: alice.token, body });
  assert.equal(made.status, 201);
  const again = await api.call('POST', '/rooms', { token: alice.token, body });
  assert.deepEqual([again.status, again.body.room_id], [200, made.body.room_id]);
});

test('messages, their pages and their changes', async () => {
  const room = await roomOf(alice, {}, bob);
  const texts = ['one', 'two', 'three @bob', '四'];
  const seqs = [];
  for (const text of texts) seqs.push((await say(alice, room, text)).body.seq);
  const read = [];
  for (let next = `/rooms/${room}/messages?after=0&limit=3`; next;) {
    const page = await api.call('GET', next, { token: bob.token });
    read.push(...page.body.items);
    next = page.body.next;
  }
  assert.deepEqual(read.map((message) => message.text), texts);
  assert.deepEqual(read[2].mentions, [bob.id]);
  const first = `/rooms/${room}/messages/${seqs[0]}`;
  expectProblem(await api.call('PATCH', first, { token: bob.token, body: { text: 'mine' } }), 403, 'actor_is_not_sender');
  const edited = await api.call('PATCH', first, { token: alice.token, body: { text: 'One' } });
  assert.equal(edited.body.text, 'One');
  assert.ok(edited.body.edited_at);
  assert.equal((await api.call('DELETE', first, { token: alice.token })).status, 204);
  assert.equal((await api.call('GET', first, { token: bob.token })).body.text, null);
  const wrong = await api.call('GET', `/rooms/${room}/messages?limit=201`, { token: bob.token });
  expectProblem(wrong, 422, 'invalid_field');
  assert.equal(wrong.body.field, 'limit');
});

test('the same Idempotency-Key does a command once', async () => {
  const room = await roomOf(alice, {});
  const headers = { 'Idempotency-Key': randomUUID() };
  const [first, again] = [await say(alice, room, 'once', headers), await say(alice, room, 'once', headers)];
  assert.equal(again.body.seq, first.body.seq);
  assert.equal(first.headers.get('idempotency-replayed'), null);
  assert.equal(again.headers.get('idempotency-replayed'), 'true');
  assert.equal(again.headers.get('verbatim-position'), first.headers.get('verbatim-position'));
  const other = await api.call('POST', `/rooms/${room}/messages`, { token: alice.token, body: { text: 'twice' }, headers });
  expectProblem(other, 422, 'idempotency_key_reused');
});

test('If-Match refuses where the room has moved on', async () => {
  const room = await roomOf(alice, {});
  const seen = (await say(alice, room, 'seen')).headers.get('verbatim-room-seq');
  const moved = (await say(alice, room, 'moved')).headers.get('verbatim-room-seq');
  const send = (seq) => api.call('POST', `/rooms/${room}/messages`,
    { token: alice.token, body: { text: 'only then' }, headers: { 'If-Match': `"${seq}"` } });
  const refused = await send(seen);
  expectProblem(refused, 412, 'room_has_moved_on');
  assert.equal(refused.body.current_room_seq, Number(moved));
  assert.equal((await send(refused.body.current_room_seq)).status, 201);
});

test('Verbatim-Min-Position waits for what was written', async () => {
  const room = await roomOf(alice, {});
  const position = (await say(alice, room, 'mine')).headers.get('verbatim-position');
  const messages = (least) => api.call('GET', `/rooms/${room}/messages`, { token: alice.token, headers: { 'Verbatim-Min-Position': least } });
  assert.equal((await messages(position)).body.items.at(-1).text, 'mine');
  const behind = await messages(String(Number(position) + 1_000_000));
  expectProblem(behind, 503, 'behind');
  assert.ok(Number(behind.headers.get('retry-after')) > 0);
});

test('the feed takes its token in the header, the query or a sub-protocol', async () => {
  const query = feedOf(alice, `?token=${encodeURIComponent(alice.token)}`, {});
  assert.equal((await query.nextOfType('welcome')).user_id, alice.id);
  const protocols = feedOf(alice, '', { protocols: ['bearer', alice.token] });
  assert.equal((await protocols.nextOfType('welcome')).user_id, alice.id);
  assert.equal(protocols.socket.protocol, 'bearer');
  const header = feedOf(alice);
  assert.equal((await header.nextOfType('welcome')).user_id, alice.id);
  assert.equal(await feedOf(alice, '?token=nonsense', {}).closed, 4401);
  const chat = new Feed(`${server.feed}/ws/chat/${await roomOf(alice, {})}/?token=${alice.token}`, asyncApi);
  feeds.push(chat);
  assert.equal((await chat.nextOfType('welcome')).user_id, alice.id);
});

test('pages of other hosts ask and open feeds only where they are named', async () => {
  const named = 'https://chat.example';
  const open = new Server(VERBATIM, ['--cors-origins', named]);
  const feedFrom = (at, origin) => endOfFeed(`${at.feed}/api/v1/feed?token=nonsense`, { origin });
  const preflight = async (at, origin) => {
    const headers = { Origin: origin, 'Access-Control-Request-Method': 'POST' };
    const answer = await fetch(`${at.http}/api/v1/rooms`, { method: 'OPTIONS', headers });
    return answer.headers.get('access-control-allow-origin');
  };
  try {
    await open.start();
    assert.equal(await feedFrom(server, server.http), 4401);
    assert.equal(await feedFrom(server, named), 403);
    assert.equal(await preflight(server, named), null);
    assert.equal(await feedFrom(open, named), 4401);
    assert.equal(await preflight(open, named), named);
    assert.equal(await feedFrom(open, 'https://evil.example'), 403);
    assert.equal(await preflight(open, 'https://evil.example'), null);
  } finally {
    await open.end();
  }
});

test('every list has pages of one to two hundred items', async () => {
  const room = await roomOf(alice, {}, bob);
  const { seq } = (await say(alice, room, 'on a page')).body;
  const isList = ({ operation }) => {
    const schema = operation.responses['200']?.content?.['application/json']?.schema;
    return openApi.resolve(schema).node?.required?.includes('next');
  };
  const lists = openApi.operations().filter(isList);
  let bounded = 0;
  for (const { path, operation } of lists) {
    const known = (operation.parameters ?? []).map((parameter) => openApi.resolve(parameter).node.name);
    assert.ok(known.includes('limit'), `${path} takes no limit`);
    const target = path.replace('{room_id}', room).replace('{seq}', seq);
    for (const limit of [0, 201]) {
      const { status, body } = await api.ask('GET', `${target}?limit=${limit}&q=page`, {
        headers: { Authorization: `Bearer ${alice.token}` },
      });
      if (status === 403) continue; // for auditors and admins
      assert.deepEqual([status, body.field], [422, 'limit'], target);
      bounded += 1;
    }
  }
  assert.ok(bounded >= 30, `${bounded} lists`);
});

test('sessions and keys come in pages', async () => {
  const pia = await person('pia');
  const { token } = pia;
  for (let i = 0; i < 2; ++i) await api.call('POST', '/sessions', { body: { username: 'pia', password: PASSWORD } });
  for (const name of ['one', 'two', 'three']) {
    await api.call('POST', '/users/me/keys', { token, body: { name, scopes: ['read'] } });
  }
  for (const list of ['/sessions', '/users/me/keys']) {
    const whole = (await api.call('GET', list, { token })).body;
    assert.deepEqual([whole.items.length, whole.next], [3, null]);
    const walked = [];
    let pages = 0;
    for (let next = `${list}?limit=2`; next; ++pages) {
      const { body } = await api.call('GET', next, { token });
      walked.push(...body.items);
      next = body.next;
    }
    assert.deepEqual([walked, pages], [whole.items, 2]);
  }
});

test('bounds and deletion are as the options say', async () => {
  const own = new Server(VERBATIM, ['--max-file-mib', '1', '--deletion', 'destroy', '--feed-sessions-max', '1']);
  const at = new Api(own, openApi);
  try {
    await own.start();
    const { token } = await person('owner', at);
    const mebibyte = 1024 * 1024;
    assert.equal((await at.call('GET', '/limits')).body.file_bytes_max, mebibyte);
    assert.equal((await at.call('OPTIONS', '/uploads')).headers.get('tus-max-size'), String(mebibyte));
    const begin = (bytes) => at.call('POST', '/uploads', {
      token, headers: { 'Tus-Resumable': '1.0.0', 'Upload-Length': String(bytes) },
    });
    assert.equal((await begin(mebibyte)).status, 201);
    expectProblem(await begin(mebibyte + 1), 413, 'content_too_large');

    const { room_id: room } = (await at.call('POST', '/rooms', { token, body: { name: 'Lobby' } })).body;
    const { seq, position } = (await at.call('POST', `/rooms/${room}/messages`, { token, body: { text: 'gone' } })).body;
    assert.equal((await at.call('DELETE', `/rooms/${room}/messages/${seq}`, { token })).status, 204);
    const feed = new Feed(`${own.feed}/api/v1/feed?after=${position}`, asyncApi, { token });
    feeds.push(feed);
    assert.equal((await feed.nextEvent('message.deleted')).data.destroyed, true);
    assert.equal(await endOfFeed(`${own.feed}/api/v1/feed?token=${token}`), 503);
  } finally {
    await own.end();
  }
});

test('the feed sends, tells, and answers what is none of its frames', async () => {
  const room = await roomOf(alice, {}, bob);
  const [mine, theirs] = [await liveFeedOf(alice), await liveFeedOf(bob)];
  const frame = { type: 'send', ref: 'm1', room_id: room, text: 'over the feed', idempotency_key: randomUUID() };
  mine.send(frame);
  const ack = await mine.nextOfType('ack');
  assert.equal(ack.ref, 'm1');
  const event = await theirs.nextEvent('message.sent');
  assert.deepEqual([event.position, event.room_seq, event.data.text], [ack.position, ack.room_seq, 'over the feed']);
  mine.send(frame);
  assert.equal((await mine.nextOfType('ack')).position, ack.position);

  theirs.send({ type: 'read', ref: 1, room_id: room, up_to: ack.room_seq });
  await theirs.nextOfType('ack');
  assert.equal((await mine.nextOfType('receipt')).up_to, ack.room_seq);
  mine.socket.send('{"type":"dance","ref":"d"}');
  const { ref, problem } = await mine.nextOfType('problem');
  assert.deepEqual([ref, problem.code], ['d', 'invalid_field']);
  mine.send({ type: 'auth', token: alice.token });
  assert.equal((await api.call('DELETE', `/rooms/${room}/messages/${ack.room_seq}`, { token: alice.token })).status, 204);
  assert.equal((await theirs.nextEvent('message.deleted')).data.seq, ack.room_seq);
});

test('typing is told and never logged', async () => {
  const room = await roomOf(alice, {}, bob);
  const feed = await liveFeedOf(alice);
  const logged = (await api.ask('GET', '/readyz')).body.log_position;
  assert.equal((await api.call('POST', `/rooms/${room}/typing`, { token: bob.token, body: { typing: true } })).status, 202);
  const { type, ...told } = await feed.nextOfType('typing');
  assert.deepEqual(told, { room_id: room, user_id: bob.id, typing: true });
  const theirs = await liveFeedOf(bob);
  theirs.send({ type: 'typing', room_id: room, typing: false });
  assert.equal((await feed.nextOfType('typing')).typing, false);
  assert.equal((await api.ask('GET', '/readyz')).body.log_position, logged);
});

test('read markers only move forward', async () => {
  const room = await roomOf(alice, {}, bob);
  const { seq } = (await say(alice, room, 'read me')).body;
  const mine = () => api.call('GET', `/rooms/${room}`, { token: bob.token }).then(({ body }) => body.my);
  const mark = (up_to) => api.call('PUT', `/rooms/${room}/read`, { token: bob.token, body: { up_to } });
  assert.equal((await mine()).unread_count, 1);
  assert.equal((await mark(seq)).body.up_to, seq);
  assert.equal((await mark(1)).body.up_to, seq);
  assert.equal((await mine()).unread_count, 0);
  const beyond = await mark(seq + 1_000);
  expectProblem(beyond, 422, 'read_marker_is_beyond_room');
  const receipts = await api.call('GET', `/rooms/${room}/receipts`, { token: alice.token });
  assert.equal(receipts.body.items.find((marker) => marker.user_id === bob.id).up_to, seq);
});

test('API keys do what their scopes say', async () => {
  const room = await roomOf(alice, {});
  const make = (name, scopes) => api.call('POST', '/users/me/keys', { token: alice.token, body: { name, scopes } });
  const [reader, sender] = [await make('reader', ['read']), await make('sender', ['send'])];
  assert.equal(reader.status, 201);
  const send = (token) => api.call('POST', `/rooms/${room}/messages`, { token, body: { text: 'beep' } });
  assert.equal((await send(sender.body.key)).status, 201);
  expectProblem(await send(reader.body.key), 403, 'scope_is_missing');
  assert.equal((await api.call('GET', `/rooms/${room}/messages`, { token: reader.body.key })).status, 200);
  expectProblem(await api.call('DELETE', '/sessions/current', { token: sender.body.key }), 403, 'not_allowed');
  const feed = feedOf(alice, '', { token: reader.body.key });
  assert.equal((await feed.nextOfType('welcome')).user_id, alice.id);

  const listed = await api.call('GET', '/users/me/keys', { token: alice.token });
  assert.deepEqual(listed.body.items.map((key) => key.name).sort(), ['reader', 'sender']);
  const path = `/users/me/keys/${reader.body.key_id}`;
  assert.equal((await api.call('DELETE', path, { token: alice.token })).status, 204);
  expectProblem(await api.call('DELETE', path, { token: alice.token }), 404, 'key_not_found');
  assert.equal(await feed.closed, 4401);
  expectProblem(await api.call('GET', '/users/me', { token: reader.body.key }), 401, 'not_authenticated');
});

test('invite links let in as often as they say', async () => {
  const room = await roomOf(alice, { visibility: 'private' });
  const [finn, gwen] = [await person('finn'), await person('gwen')];
  const links = `/rooms/${room}/invite-links`;
  const made = await api.call('POST', links, { token: alice.token, body: { max_uses: 1, expires_in: 3600 } });
  assert.equal(made.status, 201);
  const join = ({ token }, code) => api.call('POST', `/invite-links/${code}/join`, { token });
  assert.equal((await join(finn, made.body.code)).body.room_id, room);
  expectProblem(await join(gwen, made.body.code), 410, 'invite_link_has_ended');
  expectProblem(await join(gwen, 'AAAAAAAAAAAAAAAAAAAAAA'), 404, 'invite_link_not_found');
  const [link] = (await api.call('GET', links, { token: alice.token })).body.items;
  assert.deepEqual([link.uses, link.ended], [1, 'used_up']);
  expectProblem(await api.call('GET', links, { token: finn.token }), 403, 'actor_may_not_manage_members');
  assert.equal((await api.call('DELETE', `${links}/${link.link_id}`, { token: alice.token })).status, 204);
});

test('presence is told to those who share a room', async () => {
  const hugo = await person('hugo');
  await roomOf(alice, {}, hugo);
  const feed = await liveFeedOf(alice);
  const theirs = feedOf(hugo);
  await theirs.nextOfType('welcome');
  const told = await feed.next((frame) => frame.type === 'presence' && frame.user_id === hugo.id);
  assert.equal(told.online, true);
});

test('search finds words in any script, and only in rooms of one\'s own', async () => {
  const room = await roomOf(alice, { visibility: 'private' });
  const sent = await say(alice, room, 'The quick brown 狐狸 jumps over Čapek');
  const headers = { 'Verbatim-Min-Position': sent.headers.get('verbatim-position') };
  for (const words of ['quick', '狐狸', 'capek']) {
    const path = `/search?q=${encodeURIComponent(words)}&room_id=${room}`;
    const found = await api.call('GET', path, { token: alice.token, headers });
    assert.deepEqual(found.body.items.map((message) => message.seq), [sent.body.seq], words);
  }
  const others = await api.call('GET', '/search?q=quick', { token: bob.token, headers });
  assert.equal(others.body.items.some((message) => message.room_id === room), false);
  expectProblem(await api.call('GET', '/search', { token: bob.token }), 422, 'invalid_field');
});

test('reactions, pins, threads and histories', async () => {
  const room = await roomOf(alice, {}, bob);
  const { seq } = (await say(alice, room, 'root')).body;
  const at = `/rooms/${room}/messages/${seq}`;
  const emoji = encodeURIComponent('👍');
  const put = await api.call('PUT', `${at}/reactions/${emoji}`, { token: bob.token });
  assert.deepEqual(put.body.reactions, [{ emoji: '👍', count: 1 }]);
  const page = await api.call('GET', `/rooms/${room}/messages`, { token: bob.token });
  assert.deepEqual(page.body.my_reactions, { [seq]: ['👍'] });
  assert.equal((await api.call('DELETE', `${at}/reactions/${emoji}`, { token: bob.token })).status, 204);
  expectProblem(await api.call('PUT', `${at}/reactions/nonsense`, { token: bob.token }), 422, 'invalid_field');

  expectProblem(await api.call('PUT', `/rooms/${room}/pins/${seq}`, { token: bob.token }), 403, 'actor_may_not_pin');
  assert.deepEqual((await api.call('PUT', `/rooms/${room}/pins/${seq}`, { token: alice.token })).body.pinned, [seq]);
  assert.equal((await api.call('DELETE', `/rooms/${room}/pins/${seq}`, { token: alice.token })).status, 204);

  const reply = await api.call('POST', `/rooms/${room}/messages`, { token: bob.token, body: { text: 'leaf', reply_to: seq } });
  const thread = await api.call('GET', `${at}/thread`, { token: alice.token });
  assert.equal(thread.body.root.reply_count, 1);
  assert.deepEqual(thread.body.items.map((message) => message.seq), [reply.body.seq]);
  await api.call('PATCH', at, { token: alice.token, body: { text: 'Root' } });
  const history = await api.call('GET', `${at}/history`, { token: bob.token });
  assert.deepEqual(history.body.items.map((wording) => wording.text), ['root', 'Root']);
  const all = await api.call('GET', `/messages?after=${thread.body.root.position - 1}`, { token: bob.token });
  assert.deepEqual(all.body.items.map((message) => message.seq), [seq, reply.body.seq]);
});

test('the log is signed and proves what it holds', async () => {
  const room = await roomOf(alice, {}, bob);
  const { seq, position } = (await say(alice, room, 'for ever')).body;
  const headers = { 'Verbatim-Min-Position': String(position) };
  const note = await api.ask('GET', '/api/v1/audit/checkpoint', { headers });
  const size = Number(note.body.split('\n')[1]);
  assert.ok(size >= position);
  const key = await api.ask('GET', '/api/v1/audit/key');
  assert.ok(key.body.startsWith(note.body.split('\n')[0]));
  const { token } = bob;
  const proof = await api.call('GET', `/audit/proofs/inclusion?position=${position}&size=${size}`, { token });
  assert.deepEqual([proof.body.position, proof.body.size], [position, size]);
  assert.equal((await api.call('GET', `/audit/proofs/consistency?from=1&to=${size}`, { token })).body.to, size);
  const bundle = await api.call('GET', `/rooms/${room}/messages/${seq}/proof`, { token });
  assert.equal(bundle.body.entries[0].contents[0].content, 'for ever');
  const events = await api.call('GET', `/rooms/${room}/events`, { token });
  assert.deepEqual(events.body.items.map((event) => event.type), ['room.created', 'member.joined', 'message.sent']);
  expectProblem(await api.call('GET', '/events', { token }), 403, 'not_allowed');
});

// Uploads by tus in chunks; the answers it gets are judged as well. The id of the file.
function upload(bytes, who, metadata) {
  return new Promise((resolve, reject) => {
    let file;
    const uploading = new tus.Upload(bytes, {
      endpoint: `${server.http}/api/v1/uploads`,
      headers: { Authorization: `Bearer ${who.token}` },
      metadata,
      chunkSize: 64 * 1024,
      retryDelays: null,
      onAfterResponse: (request, response) => {
        file = response.getHeader('Upload-File-Id') ?? file;
        const { headers } = response.getUnderlyingObject();
        const target = new URL(request.getURL()).pathname;
        api.judge({ method: request.getMethod(), target, status: response.getStatus(), headers, body: response.getBody() });
      },
      onError: reject,
      onSuccess: () => resolve(file),
    });
    uploading.start();
  });
}

test('files go up by tus, are attached, and read in ranges by members only', async () => {
  const room = await roomOf(alice, { visibility: 'private' });
  const bytes = randomBytes(200 * 1024);
  const file = await upload(bytes, alice, { filename: 'noise.bin', filetype: 'application/octet-stream' });
  const sent = await api.call('POST', `/rooms/${room}/messages`, { token: alice.token, body: { attachments: [file] } });
  assert.equal(sent.status, 201);
  assert.deepEqual([sent.body.attachments[0].filename, sent.body.attachments[0].bytes], ['noise.bin', bytes.length]);

  const path = `/api/v1/files/${file}`;
  const read = async (who, headers = {}) => {
    const answer = await fetch(server.http + path, { headers: { Authorization: `Bearer ${who.token}`, ...headers } });
    const body = Buffer.from(await answer.arrayBuffer());
    const type = answer.headers.get('content-type') ?? '';
    api.judge({ method: 'GET', target: path, status: answer.status, headers: Object.fromEntries(answer.headers), body: type.includes('json') ? body.toString() : '' });
    return { status: answer.status, headers: answer.headers, body };
  };
  const whole = await read(alice);
  assert.ok(whole.body.equals(bytes));
  const part = await read(alice, { Range: 'bytes=1000-1999' });
  assert.deepEqual([part.status, part.headers.get('content-range')], [206, `bytes 1000-1999/${bytes.length}`]);
  assert.ok(part.body.equals(bytes.subarray(1000, 2000)));
  assert.equal((await read(alice, { Range: `bytes=${bytes.length}-` })).status, 416);
  assert.equal((await read(alice, { 'If-None-Match': whole.headers.get('etag') })).status, 304);
  assert.equal((await read(bob)).status, 404);

  const feed = await liveFeedOf(alice);
  const attachment = { filename: 'note.txt', media_type: 'text/plain', content_base64: Buffer.from('small').toString('base64') };
  feed.send({ type: 'send', ref: 'f', room_id: room, attachment });
  assert.equal((await feed.nextEvent('message.sent')).data.attachments[0].bytes, 5);
  const options = await api.ask('OPTIONS', '/api/v1/uploads');
  assert.equal(options.headers.get('tus-version'), '1.0.0');
});

test('a feed resumes exactly after kill -9', async () => {
  const room = await roomOf(alice, {}, bob);
  const feed = await liveFeedOf(bob);
  await say(alice, room, 'before');
  const seen = await feed.nextEvent('message.sent');
  const { epoch } = await (async () => {
    const other = feedOf(bob);
    return other.nextOfType('welcome');
  })();
  const missed = [];
  for (let i = 0; i < 20; ++i) missed.push((await say(alice, room, `missed ${i}`)).body.position);
  await server.kill9();
  await feed.closed;
  await server.start();
  for (let i = 0; i < 3; ++i) missed.push((await say(alice, room, `later ${i}`)).body.position);

  const resumed = feedOf(bob, `?after=${seen.position}&epoch=${epoch}&room=${room}`);
  const told = [];
  while (told.length < missed.length) told.push((await resumed.nextEvent('message.sent')).position);
  assert.deepEqual(told, missed);
  assert.equal(await feedOf(bob, `?after=${seen.position}&epoch=00000000000000000000000000`).closed, 4410);
  const known = await api.call('GET', `/rooms/${room}/messages?limit=200`, { token: bob.token });
  assert.deepEqual(known.body.items.slice(1).map((message) => message.position), missed);
});
