// The signed-in user's tokens, shared by all tabs of this browser, and REST requests with them.

const storageKey = 'verbatim.session';
const base = '/api/v1';
const renewBeforeMs = 60_000;

// An answer that says no: RFC 9457, as the server writes it.
export class Refused extends Error {
  constructor(status, problem, retryAfter) {
    super(problem.detail ?? problem.title ?? `the server answered ${status}`);
    this.status = status;
    this.code = problem.code ?? 'unknown';
    this.retryAfter = Number(retryAfter ?? 0);
  }
}

export function currentSession() {
  try {
    return JSON.parse(localStorage.getItem(storageKey));
  } catch {
    return null; // somebody else's text: as if there were none
  }
}

function keep(tokens) {
  const session = {
    user_id: tokens.user_id,
    session_id: tokens.session_id,
    access_token: tokens.access_token,
    refresh_token: tokens.refresh_token,
    expires_at: Date.now() + tokens.expires_in * 1000,
  };
  localStorage.setItem(storageKey, JSON.stringify(session));
  return session;
}

export function forget() {
  localStorage.removeItem(storageKey);
}

async function send(method, path, {body, headers = {}, token} = {}) {
  const answer = await fetch(path.startsWith('/') ? path : `${base}/${path}`, {
    method,
    headers: {
      ...(body === undefined ? {} : {'Content-Type': 'application/json'}),
      ...(token ? {Authorization: `Bearer ${token}`} : {}),
      ...headers,
    },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  if (answer.ok) return answer;
  const problem = await answer.json().catch(() => ({}));
  throw new Refused(answer.status, problem, answer.headers.get('Retry-After'));
}

const json = async (answer) => (answer.status === 204 ? null : answer.json());

export async function register(username, password, displayName) {
  const body = {username, password, ...(displayName ? {display_name: displayName} : {})};
  await json(await send('POST', 'users', {body})); // unread, an answer counts as given up
  return signIn(username, password);
}

export async function signIn(username, password) {
  return keep(await json(await send('POST', 'sessions', {body: {username, password}})));
}

export async function signOut() {
  const token = await freshToken().catch(() => null);
  if (token) await send('DELETE', 'sessions/current', {token}).catch(() => {});
  forget();
}

// A refresh token works once: tabs that renew at the same time must take turns, or the server
// takes the second one for a thief's.
const takingTurns = (work) =>
  navigator.locks ? navigator.locks.request(storageKey, work) : work();

let renewing = null;

// An access token that is good for another minute.
export async function freshToken() {
  const session = currentSession();
  if (!session) throw new Refused(401, {detail: 'You are not signed in.', code: 'unauthorized'});
  if (session.expires_at - renewBeforeMs > Date.now()) return session.access_token;
  renewing ??= takingTurns(renew).finally(() => (renewing = null));
  return renewing;
}

async function renew() {
  const session = currentSession(); // another tab may have been first
  if (!session) throw new Refused(401, {detail: 'You are not signed in.', code: 'unauthorized'});
  if (session.expires_at - renewBeforeMs > Date.now()) return session.access_token;
  try {
    const body = {refresh_token: session.refresh_token};
    return keep(await json(await send('POST', 'sessions/refresh', {body}))).access_token;
  } catch (error) {
    if (error.status === 401) forget();
    throw error;
  }
}

export const newKey = () => [...crypto.getRandomValues(new Uint8Array(16))]
  .map((byte) => byte.toString(16).padStart(2, '0')).join('');

// `path` is relative to /api/v1, or a `next` of a list. Throws Refused, or fetch's TypeError where
// no server answers.
export async function request(method, path, {body, headers} = {}) {
  return json(await send(method, path, {body, headers, token: await freshToken()}));
}

export const get = (path) => request('GET', path);

// A command that is tried again until the server has answered: with one key it happens once,
// however often it is sent.
export async function command(method, path, body, tries = 4) {
  const headers = {'Idempotency-Key': newKey()};
  for (let attempt = 1; ; ++attempt) {
    try {
      return await request(method, path, {body, headers});
    } catch (error) {
      const passing = !(error instanceof Refused) || error.status === 503;
      if (!passing || attempt === tries) throw error;
      await new Promise((done) => setTimeout(done, 500 * 2 ** attempt));
    }
  }
}

export async function textOf(path) {
  return (await send('GET', path)).text();
}

// The bytes of a file as an object URL; whoever takes it revokes it.
export async function fileUrl(fileId) {
  const answer = await send('GET', `files/${fileId}`, {token: await freshToken()});
  return URL.createObjectURL(await answer.blob());
}
