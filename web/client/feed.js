// The live feed: one WebSocket that comes back by itself and goes on after the last event that it
// saw, so that nothing is missed and nothing told twice.

import {freshToken, forget, get} from './session.js';

const patienceMsMin = 500;
const patienceMsMax = 30_000;
const renewEveryMs = 60_000;

async function address() {
  const settings = await fetch('/web/settings.json').then((answer) => answer.json());
  if (settings.feed_url) return settings.feed_url;
  const scheme = location.protocol === 'https:' ? 'wss' : 'ws';
  return `${scheme}://${location.hostname}:${settings.feed_port}/api/v1/feed`;
}

export class Feed {
  // `listener`: event(envelope), signal(frame), state('connecting' | 'live'), reset() when the past
  // that was shown is no longer this server's, ended() when the session is over.
  constructor(listener) {
    this.listener = listener;
    this.cursor = null; // {epoch, position}: the last event seen
    this.failures = 0;
    this.closed = false;
    this.online = () => this.socket === null && this.open();
    addEventListener('online', this.online);
    this.open();
  }

  async open() {
    if (this.closed) return;
    clearTimeout(this.timer);
    this.socket = undefined; // on its way
    this.listener.state('connecting');
    try {
      const token = await freshToken();
      const url = new URL(await address());
      if (this.cursor) {
        url.searchParams.set('after', this.cursor.position);
        url.searchParams.set('epoch', this.cursor.epoch);
      }
      if (this.closed) return;
      this.listen(new WebSocket(url, ['bearer', token]));
    } catch (error) {
      if (error.status === 401) return this.listener.ended();
      this.tryLater();
    }
  }

  listen(socket) {
    this.socket = socket;
    socket.onmessage = ({data}) => this.take(JSON.parse(data));
    socket.onclose = ({code}) => this.closedWith(code);
    this.renewal = setInterval(() => this.renew(), renewEveryMs);
  }

  take(frame) {
    switch (frame.type) {
      case 'welcome':
        this.cursor ??= {epoch: frame.epoch, position: frame.position};
        break;
      case 'event':
        this.cursor.position = frame.event.position;
        this.listener.event(frame.event);
        break;
      case 'caught_up':
        this.failures = 0;
        this.cursor.position = Math.max(this.cursor.position, frame.position);
        this.listener.state('live');
        break;
      default:
        this.listener.signal(frame);
    }
  }

  async renew() {
    const token = await freshToken().catch(() => null);
    if (token) this.say({type: 'auth', token});
  }

  async closedWith(code) {
    clearInterval(this.renewal);
    this.socket = null;
    if (this.closed) return;
    if (code === 4410) {
      this.cursor = null;
      this.listener.reset();
    }
    if (code === 4401) {
      // Expired, or the session was ended somewhere else: any query tells.
      const ended = await get('users/me').then(() => false, (error) => error.status === 401);
      if (ended) {
        forget();
        return this.listener.ended();
      }
    }
    if (code === 4408) return this.open(); // too slow: the log has what the socket could not take
    this.tryLater();
  }

  tryLater() {
    this.socket = null;
    this.listener.state('connecting');
    const patience = Math.min(patienceMsMax, patienceMsMin * 2 ** this.failures++);
    this.timer = setTimeout(() => this.open(), patience * (0.5 + Math.random() / 2));
  }

  say(frame) {
    if (this.socket?.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify(frame));
  }

  close() {
    this.closed = true;
    clearTimeout(this.timer);
    clearInterval(this.renewal);
    removeEventListener('online', this.online);
    this.socket?.close();
  }
}
