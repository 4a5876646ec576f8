// RFC 6962 proofs and C2SP signed notes, checked by the browser itself. Needs crypto.subtle, which
// browsers have over https and on localhost only.

const encoder = new TextEncoder();

export const canCheck = Boolean(globalThis.crypto?.subtle);

export const fromBase64 = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
export const toHex = (bytes) => [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');

const joined = (...parts) => {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
};
const sha256 = async (...parts) =>
  new Uint8Array(await crypto.subtle.digest('SHA-256', joined(...parts)));
const inner = (left, right) => sha256([1], left, right);
export const leafHash = (leaf) => sha256([0], leaf);
const same = (a, b) => a.length === b.length && a.every((byte, at) => byte === b[at]);

// RFC 9162, 2.1.3.2: whether `leaf` at `index` is in the tree of `size` leaves with this `root`.
// Indices are BigInt: a bitwise number would end at 2^31.
export async function isIncluded({index, size, leaf, hashes, root}) {
  let at = BigInt(index);
  let last = BigInt(size) - 1n;
  if (at > last) return false;
  let node = leaf;
  for (const hash of hashes) {
    if (last === 0n) return false;
    if (at & 1n || at === last) {
      node = await inner(hash, node);
      while (!(at & 1n) && at !== 0n) {
        at >>= 1n;
        last >>= 1n;
      }
    } else {
      node = await inner(node, hash);
    }
    at >>= 1n;
    last >>= 1n;
  }
  return last === 0n && same(node, root);
}

// RFC 9162, 2.1.4.2: whether the tree of `to` leaves only adds to the one of `from` leaves.
export async function isConsistent({from, to, hashes, fromRoot, toRoot}) {
  if (from === to) return hashes.length === 0 && same(fromRoot, toRoot);
  if (from === 0 || from > to) return from === 0 && hashes.length === 0;
  const path = (BigInt(from) & (BigInt(from) - 1n)) === 0n ? [fromRoot, ...hashes] : [...hashes];
  if (path.length === 0) return false;
  let at = BigInt(from) - 1n;
  let last = BigInt(to) - 1n;
  while (at & 1n) {
    at >>= 1n;
    last >>= 1n;
  }
  let [older, newer] = [path[0], path[0]];
  for (const hash of path.slice(1)) {
    if (last === 0n) return false;
    if (at & 1n || at === last) {
      older = await inner(hash, older);
      newer = await inner(hash, newer);
      while (!(at & 1n) && at !== 0n) {
        at >>= 1n;
        last >>= 1n;
      }
    } else {
      newer = await inner(newer, hash);
    }
    at >>= 1n;
    last >>= 1n;
  }
  return last === 0n && same(older, fromRoot) && same(newer, toRoot);
}

// The parts of a signed tree head: docs/event_format.md, "Checkpoints".
export function parseNote(note) {
  const end = note.indexOf('\n\n');
  const lines = note.slice(0, end).split('\n');
  const signature = /^— (\S+) (\S+)$/mu.exec(note.slice(end + 2));
  if (end < 0 || lines.length < 3 || !signature) throw new Error('This is no signed tree head.');
  return {
    origin: lines[0], size: Number(lines[1]), root: fromBase64(lines[2]),
    signed: encoder.encode(note.slice(0, end + 1)), signature: fromBase64(signature[2]),
  };
}

// Whether the key signed the note. null: this browser has no Ed25519.
export async function isSigned(note, verifierKey) {
  const [, , ...encoded] = verifierKey.trim().split('+'); // base64 has a + of its own
  const key = fromBase64(encoded.join('+'));
  try {
    const imported = await crypto.subtle.importKey(
      'raw', key.slice(1), {name: 'Ed25519'}, false, ['verify']);
    return await crypto.subtle.verify('Ed25519', imported, note.signature.slice(4), note.signed);
  } catch {
    return null;
  }
}
