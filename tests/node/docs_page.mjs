// /docs in a real browser, under the policy that it is sent with: it shows every operation, and
// what it is told to try reaches this server and no other. VERBATIM names the server, OPENAPI the
// document, CHROMIUM the browser.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { openPage, startBrowser } from './browser.mjs';
import { Server } from './server.mjs';

const { VERBATIM, OPENAPI, CHROMIUM } = process.env;
const METHODS = ['get', 'put', 'post', 'delete', 'options', 'head', 'patch', 'trace'];
const USER = { username: 'reader', password: 'correct horse battery' };
const server = new Server(VERBATIM);
const complaints = []; // of the browser: policy, console, scripts, network
const hosts = new Set();
let browser;
let page;

async function post(path, body) {
  const answer = await fetch(`${server.http}/api/v1${path}`, {
    method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body),
  });
  assert.equal(answer.status, 201);
  return answer.json();
}

// Opens the operation, fills in what is given, sends it; what Swagger UI shows as the answer.
async function tryOut(operationId, { parameters = {}, body } = {}) {
  const block = page.locator(`[id$="-${operationId}"].opblock`);
  await block.locator('.opblock-summary').click();
  await block.getByRole('button', { name: 'Try it out' }).click();
  for (const [name, value] of Object.entries(parameters)) {
    await block.locator(`tr[data-param-name="${name}"] input`).fill(value);
  }
  if (body) await block.locator('textarea.body-param__text').fill(JSON.stringify(body));
  await block.getByRole('button', { name: 'Execute' }).click();
  const answer = block.locator('.live-responses-table');
  const status = await answer.locator('.response-col_status').last().innerText();
  return { status: Number.parseInt(status, 10), text: await answer.innerText() };
}

before(async () => {
  await server.start();
  browser = await startBrowser(CHROMIUM);
  page = await openPage(browser, complaints);
  page.on('request', (request) => { if (request.url().startsWith('http')) hosts.add(new URL(request.url()).origin); });
});

after(async () => {
  await browser?.close();
  await server.end();
});

test('shows every operation of the document', async () => {
  const answer = await page.goto(`${server.http}/docs`);
  assert.match(answer.headers()['content-security-policy'], /default-src 'self'/);
  await page.locator('.opblock').first().waitFor();
  const { paths } = JSON.parse(readFileSync(OPENAPI, 'utf8'));
  const described = Object.values(paths).flatMap((item) => METHODS.filter((method) => item[method]));
  assert.equal(await page.locator('.opblock').count(), described.length);
  assert.equal(await page.locator('.errors-wrapper').count(), 0);
});

test('tries out queries and commands with a token', async () => {
  await post('/users', USER);
  const { access_token: token, user_id: user } = await post('/sessions', USER);
  await page.getByRole('button', { name: 'Authorize' }).click();
  const bearer = page.locator('.auth-container').filter({ hasText: 'accessToken' });
  await bearer.locator('input').fill(token);
  await bearer.getByRole('button', { name: 'Apply credentials' }).click();
  await page.getByRole('button', { name: 'Close' }).first().click();

  const me = await tryOut('showMe');
  assert.equal(me.status, 200);
  assert.ok(me.text.includes(user));
  const made = await tryOut('createRoom', {
    parameters: { 'Idempotency-Key': 'tried-out' }, body: { name: 'Tried out' },
  });
  assert.equal(made.status, 201);
  assert.ok(made.text.toLowerCase().includes('verbatim-position'));
});

test('explains problems at their own places', async () => {
  await page.goto(`${server.http}/docs/problems#room_is_full`);
  assert.ok(await page.locator('#room_is_full').isVisible());
  const background = await page.locator('#room_is_full').evaluate((section) => getComputedStyle(section).backgroundColor);
  assert.notEqual(background, 'rgba(0, 0, 0, 0)', 'its style sheet is used');
});

test('asks nobody else, and breaks no policy', () => {
  assert.deepEqual([...hosts], [server.http]);
  assert.deepEqual(complaints, []);
});
