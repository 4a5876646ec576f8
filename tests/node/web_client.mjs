// The web client and the log explorer in a real browser, under the policy that they are sent with:
// two people talk, the server is killed and comes back, and nothing that was said is missing.
// VERBATIM names the server, CHROMIUM the browser.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { openPage, startBrowser } from './browser.mjs';
import { Server } from './server.mjs';

const { VERBATIM, CHROMIUM } = process.env;
const PASSWORD = 'correct horse battery';
const PIXEL = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';
const server = new Server(VERBATIM);
const complaints = [];
let browser;
let alice;
let bob;

// A browser of their own for each: nothing shared but the server.
async function newcomer(name) {
  const page = await openPage(browser, complaints);
  await page.goto(server.http);
  await page.getByRole('button', { name: 'I am new here' }).click();
  await page.getByLabel('Username').fill(name);
  await page.getByLabel('Display name').fill(name.toUpperCase());
  await page.getByLabel('Password').fill(PASSWORD);
  await page.getByRole('button', { name: 'Create account' }).click();
  await page.locator('.connection.live').waitFor();
  return page;
}

const said = (page, text) => page.locator('.message').filter({ hasText: text });

async function say(page, text) {
  await page.getByLabel('Message', { exact: true }).fill(text);
  await page.keyboard.press('Enter');
  await said(page, text).waitFor();
}

async function use(page, text, tool) {
  await said(page, text).hover();
  await said(page, text).getByRole('button', { name: tool, exact: true }).click();
}

before(async () => {
  await server.start();
  browser = await startBrowser(CHROMIUM);
});

after(async () => {
  await browser?.close();
  await server.end();
});

test('two people meet in a room', async () => {
  alice = await newcomer('alice');
  bob = await newcomer('bob');
  await alice.getByRole('button', { name: 'New room' }).click();
  await alice.getByLabel('Name').fill('Lobby');
  await alice.getByRole('button', { name: 'Create', exact: true }).click();
  await alice.locator('.room-view h2').filter({ hasText: 'Lobby' }).waitFor();
  await bob.getByRole('button', { name: 'Browse' }).click();
  await bob.locator('.panel li').filter({ hasText: 'Lobby' }).getByRole('button', { name: 'Join' }).click();
  await bob.locator('.room-view h2').filter({ hasText: 'Lobby' }).waitFor();
  await alice.getByRole('button', { name: '2 members' }).waitFor();
});

test('what one says the other sees at once', async () => {
  await say(alice, 'hello from alice');
  await said(bob, 'hello from alice').waitFor();
  await say(bob, 'and <b>hello</b> from bob');
  await said(alice, 'and <b>hello</b> from bob').waitFor();
  await alice.getByLabel('Message', { exact: true }).pressSequentially('hm');
  await bob.locator('.typing').filter({ hasText: 'ALICE is typing' }).waitFor();
  await alice.getByLabel('Message', { exact: true }).fill('');
});

test('reactions, replies, edits and deletions reach both', async () => {
  await use(bob, 'hello from alice', 'React with 👍');
  await said(alice, 'hello from alice').locator('.reactions button').filter({ hasText: '👍 1' }).waitFor();
  await use(bob, 'hello from alice', 'Reply');
  await say(bob, 'an answer');
  await said(alice, 'an answer').locator('blockquote').filter({ hasText: 'hello from alice' }).waitFor();
  await said(alice, 'hello from alice').filter({ hasText: '1 reply' }).first().waitFor();
  await use(bob, 'an answer', 'Edit');
  await bob.getByLabel('New text').fill('a better answer');
  await bob.getByRole('button', { name: 'Save' }).click();
  await said(alice, 'a better answer').filter({ hasText: 'edited' }).waitFor();
  await use(bob, 'a better answer', 'Delete');
  await alice.locator('.message em').filter({ hasText: 'deleted' }).waitFor();
  assert.equal(await said(alice, 'a better answer').count(), 0);
});

test('a picture is uploaded and shown', async () => {
  await alice.locator('input[type=file]').setInputFiles(
    { name: 'pixel.png', mimeType: 'image/png', buffer: Buffer.from(PIXEL, 'base64') });
  await alice.locator('.upload progress').waitFor({ state: 'detached' });
  await say(alice, 'see this picture');
  await bob.locator('img.picture').waitFor();
  assert.equal(await bob.locator('img.picture').evaluate((image) => image.naturalWidth), 1);
});

test('after the server was killed nothing is missing', async () => {
  await server.kill9();
  await alice.locator('.connection.connecting').waitFor();
  await server.start({ again: true });
  await alice.locator('.connection.live').waitFor();
  await say(alice, 'still here');
  await said(bob, 'still here').waitFor();
  assert.equal(await said(bob, 'still here').count(), 1);
  assert.equal(await said(bob, 'hello from alice').first().isVisible(), true);
  complaints.length = 0; // the browser complained that nobody answered, as it should
});

test('messages are found by their words', async () => {
  await bob.getByRole('button', { name: 'Search' }).first().click();
  await bob.getByLabel('Search in this room').fill('hello alice');
  await bob.locator('.side form button').click();
  await bob.locator('.found').filter({ hasText: 'hello from alice' }).waitFor();
});

test('the log explorer checks signature and growth by itself', async () => {
  await bob.goto(`${server.http}/audit`);
  await bob.getByText('The signature is the log key’s.').waitFor();
  await bob.getByText('sees this log for the first time').waitFor();
  await say(alice, 'one more');
  await bob.getByText('Only auditors and admins read the whole log.').waitFor();
  await bob.reload();
  await bob.getByText('It has only grown since this browser last looked').waitFor();
});

test('the browser finds nothing to complain of', () => {
  // A query of the log that the reader may not make is refused, and browsers say so.
  assert.deepEqual(complaints.filter((line) => !line.includes('403')), []);
});
