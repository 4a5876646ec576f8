// A real `verbatim serve` on free ports with a data folder of its own, and two clients that know
// only the contract: every answer and every frame is held against the API documents.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import WebSocket from 'ws';

const READY = /ready: (http:\/\/\S+:\d+) and (ws:\/\/[^/\s]+:\d+)/;
const PATIENCE_MS = 30_000;

export class Server {
  constructor(binary, options = []) {
    this.binary = binary;
    this.options = options;
    this.folder = mkdtempSync(join(tmpdir(), 'verbatim-node-'));
  }

  // Starts it, again after kill9() too, and waits until it says that it is ready. The ports are new,
  // or `again` those that it had.
  async start({ again = false } = {}) {
    const port = (url) => (again ? new URL(url).port : '0');
    const ports = ['--http-port', port(this.http), '--feed-port', port(this.feed)];
    const data = join(this.folder, 'data');
    this.process = spawn(this.binary, ['serve', '--data', data, ...ports, '--rate-limits', 'off', ...this.options],
      { stdio: ['ignore', 'ignore', 'pipe'] });
    const lines = [];
    const reader = createInterface({ input: this.process.stderr });
    await new Promise((resolve, reject) => {
      reader.on('line', (line) => {
        lines.push(line);
        const ready = READY.exec(line);
        if (!ready) return;
        [, this.http, this.feed] = ready;
        resolve();
      });
      reader.on('close', () => reject(new Error(`the server did not start:\n${lines.join('\n')}`)));
    });
  }

  async kill9() {
    const ended = once(this.process, 'exit');
    this.process.kill('SIGKILL');
    await ended;
  }

  async end() {
    if (this.process?.exitCode === null && this.process.signalCode === null) await this.kill9();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

// REST by the built-in fetch.
export class Api {
  constructor(server, openApi) {
    this.server = server;
    this.openApi = openApi;
  }

  async call(method, path, { token, body, headers = {} } = {}) {
    const target = path.startsWith('/api/') || !path.startsWith('/') ? path : `/api/v1${path}`;
    return this.ask(method, target, {
      headers: {
        ...(token && { Authorization: `Bearer ${token}` }),
        ...(body !== undefined && { 'Content-Type': 'application/json' }),
        ...headers,
      },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
  }

  // `target` is the whole path.
  async ask(method, target, { headers = {}, body } = {}) {
    const answer = await fetch(this.server.http + target, { method, headers, body });
    const text = await answer.text();
    this.judge({ method, target, status: answer.status, headers: Object.fromEntries(answer.headers), body: text, request: body });
    const isJson = (answer.headers.get('content-type') ?? '').includes('json');
    return { status: answer.status, headers: answer.headers, body: isJson && text ? JSON.parse(text) : text };
  }

  judge(answer) {
    const faults = this.openApi.faults(answer);
    assert.deepEqual(faults, [], `${answer.method} ${answer.target} ${answer.status}: ${answer.body}`);
  }
}

// The live feed by `ws`.
export class Feed {
  constructor(url, asyncApi, { token, protocols } = {}) {
    this.asyncApi = asyncApi;
    this.frames = [];
    this.faults = [];
    this.socket = new WebSocket(url, protocols, token ? { headers: { Authorization: `Bearer ${token}` } } : {});
    this.closed = new Promise((resolve) => this.socket.on('close', (code) => { this.#wake(); resolve(code); }));
    this.socket.on('error', () => {}); // 'close' follows
    this.socket.on('message', (text, isBinary) => {
      const frame = JSON.parse(text);
      const fault = isBinary ? 'a binary frame' : asyncApi.fault(frame);
      if (fault) this.faults.push(`${fault}: ${text}`);
      this.frames.push(frame);
      this.#wake();
    });
  }

  #wake() {
    this.waiting?.();
  }

  send(frame) {
    assert.equal(this.asyncApi.fault(frame, 'client'), undefined);
    this.socket.send(JSON.stringify(frame));
  }

  // The next frame that `wanted` likes; those before it are dropped.
  async next(wanted) {
    const deadline = Date.now() + PATIENCE_MS;
    for (;;) {
      assert.deepEqual(this.faults, []);
      while (this.frames.length > 0) {
        const frame = this.frames.shift();
        if (wanted(frame)) return frame;
      }
      const left = deadline - Date.now();
      assert.ok(left > 0 && this.socket.readyState <= WebSocket.OPEN, 'the frame did not come');
      let timer;
      await new Promise((resolve) => { this.waiting = resolve; timer = setTimeout(resolve, left); });
      clearTimeout(timer);
    }
  }

  nextOfType(type) {
    return this.next((frame) => frame.type === type);
  }

  nextEvent(type) {
    return this.next((frame) => frame.type === 'event' && frame.event.type === type).then((frame) => frame.event);
  }

  async close() {
    this.socket.close();
    await this.closed;
  }
}
