// What npm's tus-js-client does with the server: uploads in chunks, pauses, goes on, and goes on
// once more as another client that knows only the upload's address.
// Usage: node tus_upload.mjs <http://host:port> <access token>. Prints the file's id.
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { Upload } from 'tus-js-client';

const [, , origin, token] = process.argv;
const MEBIBYTE = 1024 * 1024;
const bytes = randomBytes(5 * MEBIBYTE + 123);
const headers = { Authorization: `Bearer ${token}` };
const events = { wake: () => {}, fileId: undefined };

function uploadOf(more) {
  return new Upload(bytes, {
    endpoint: `${origin}/api/v1/uploads`,
    chunkSize: MEBIBYTE,
    headers,
    metadata: { filename: 'зима ❄.bin', filetype: 'image/png' },
    // A chunk that was given up may still arrive after the question how far the upload is.
    retryDelays: [0, 200, 1000, 3000, 5000],
    onAfterResponse: (request, response) => {
      events.fileId = response.getHeader('Upload-File-Id') ?? events.fileId;
    },
    onChunkComplete: (size, accepted) => events.wake({ accepted }),
    onSuccess: () => events.wake({ done: true }),
    onError: (error) => events.wake({ error }),
    ...more,
  });
}

// Runs until `enough` likes what happened.
function runUntil(upload, enough) {
  return new Promise((resolve, reject) => {
    events.wake = (what) => {
      if (what.error) reject(what.error);
      else if (enough(what)) resolve(what);
    };
    upload.start();
  });
}

const first = uploadOf();
await runUntil(first, ({ accepted }) => accepted >= 2 * MEBIBYTE);
await first.abort();
assert.equal(events.fileId, undefined, 'it is not whole yet');

await runUntil(first, ({ accepted }) => accepted >= 3 * MEBIBYTE);
await first.abort();

const second = uploadOf({ uploadUrl: first.url });
await runUntil(second, ({ done }) => done);
assert.ok(events.fileId, 'the finished upload says its Upload-File-Id');

const answer = await fetch(`${origin}/api/v1/files/${events.fileId}`, { headers });
assert.equal(answer.status, 200);
assert.equal(answer.headers.get('content-type'), 'application/octet-stream');
assert.match(answer.headers.get('content-disposition'), /^attachment; .*filename\*=UTF-8''%D0%B7/);
const digest = createHash('sha256').update(bytes).digest('hex');
assert.equal(answer.headers.get('etag'), `"${digest}"`);
assert.ok(bytes.equals(Buffer.from(await answer.arrayBuffer())));

const third = uploadOf();
await runUntil(third, ({ accepted }) => accepted >= MEBIBYTE);
await third.abort(true);
const gone = await fetch(third.url, { method: 'HEAD', headers: { ...headers, 'Tus-Resumable': '1.0.0' } });
assert.equal(gone.status, 404);

console.log(events.fileId);
