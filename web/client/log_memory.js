// What this browser remembers of the log, and what it says of the log that it finds now: that it
// only grew; that it says itself what became of what it lacks; or that it was tampered with.

import {canCheck, fromBase64, isConsistent, isIncluded, isSigned, leafHash, parseNote, toHex} from './merkle.js';

const notesMax = 24;

// The signed tree heads that were believed, oldest first, and the verifier key. Of one size at most
// one; beyond `notesMax` that one goes which is least missed between its neighbours for its age: so
// some of every age stay, and a log that went back to a backup is held to what was seen before that.
export function remember({notes}, note, key, keptTo = Infinity) {
  const {size} = parseNote(note);
  const kept = notes.filter((old) => {
    const seen = parseNote(old).size;
    return seen <= keptTo && seen !== size;
  });
  kept.push(note);
  if (kept.length > notesMax) kept.splice(leastMissed(kept.map((one) => parseNote(one).size)), 1);
  return {notes: kept, key};
}

function leastMissed(sizes) {
  const gap = (at) => (sizes[at + 1] - sizes[at - 1]) / (sizes.at(-1) - sizes[at]);
  let least = 1;
  for (let at = 2; at < sizes.length - 1; ++at) if (gap(at) < gap(least)) least = at;
  return least;
}

export const nothingRemembered = {notes: [], key: null};

// The key without its name, which is another in each epoch: docs/event_format.md, "Epochs".
const keyBytes = (verifierKey) => verifierKey.trim().split('+').slice(2).join('+');

// The leaf of a log.epoch_begun: docs/event_format.md, "A record". Throws where it is none.
export function parseEpoch(leaf) {
  const view = new DataView(leaf.buffer, leaf.byteOffset, leaf.byteLength);
  const flags = view.getUint8(5);
  let at = 5 + 1;
  const position = Number(view.getBigUint64(at));
  at += 8 + 1 + 16 + 8 + 16 + 16;
  const text = (length) => {
    const part = new TextDecoder().decode(leaf.subarray(at, at + length));
    at += length;
    return part;
  };
  at += 1;
  const type = text(view.getUint8(at - 1));
  at += 2;
  const time = Number(view.getBigInt64(at)) / 1000;
  at += 8 + (flags & 2 ? 8 : 0) + 16 + (flags & 1 ? 34 : 0) + 4;
  const facts = text(view.getUint32(at - 4));
  if (view.getUint8(0) !== 1 || view.getUint32(1) !== 0 || type !== 'log.epoch_begun')
    throw new Error('This is no record of a new epoch.');
  return {...JSON.parse(facts), position, at: new Date(time).toISOString()};
}

// What the log says of the epochs that are over, each statement proved to be in the signed tree.
async function declaredEpochs(head, ask) {
  const {epochs} = await ask('audit/epochs');
  const declared = [];
  for (const stated of epochs) {
    const leaf = fromBase64(stated.leaf);
    const epoch = parseEpoch(leaf);
    if (epoch.position > head.size) continue; // newer than the tree head
    const proof = await ask(`audit/proofs/inclusion?position=${epoch.position}&size=${head.size}`);
    const proved = await isIncluded({
      index: epoch.position - 1, size: head.size, leaf: await leafHash(leaf),
      hashes: proof.hashes.map(fromBase64), root: head.root});
    if (!proved) return null;
    declared.push(epoch);
  }
  return declared;
}

// The statement that leaves the least of `origin`'s epoch. One that nobody names was before one that
// was cut off itself: it has at least what that one kept.
function endOf(origin, declared) {
  const epoch = origin.slice(origin.lastIndexOf('/') + 1);
  const named = declared.findIndex(({previous}) => previous === epoch);
  return declared.slice(Math.max(named, 0))
    .reduce((least, one) => (!least || one.kept_to < least.kept_to ? one : least), null);
}

async function hasGrownFrom(before, head, ask) {
  if (before.size > head.size) return false;
  const proof = before.size === 0 || before.size === head.size ? {hashes: []}
    : await ask(`audit/proofs/consistency?from=${before.size}&to=${head.size}`);
  return isConsistent({
    from: before.size, to: head.size, hashes: proof.hashes.map(fromBase64),
    fromRoot: before.root, toRoot: head.root});
}

const count = (events) => `${events.toLocaleString()} event${events === 1 ? '' : 's'}`;
const span = (from, to) => (from === to ? `position ${from}` : `positions ${from} to ${to}`);

async function sameEpoch(before, head, ask, say) {
  if (before.size > head.size)
    return say('bad', `THE LOG IS SHORTER than it was: it had ${before.size} events.`);
  if (await hasGrownFrom(before, head, ask))
    return say('good', `It has only grown since this browser last looked (${count(before.size)}).`);
  return say('bad', 'ITS PAST WAS CHANGED since this browser last looked.');
}

const causes = {restored: 'an older backup was restored', loss_accepted: 'a loss was accepted'};

// Returns the position up to which what was remembered still counts.
async function newEpoch(memory, head, ask, say) {
  const before = memory.at(-1);
  const declared = await declaredEpochs(head, ask);
  if (!declared) return say('bad', 'WHAT THE LOG SAYS OF A NEW EPOCH IS NOT IN THE SIGNED TREE.');
  const end = endOf(before.origin, declared);
  if (!end)
    return say('bad', 'THIS IS ANOTHER LOG than the one seen here before: it does not say what became of that one.');
  const kept = end.kept_to;
  const anchor = memory.filter(({size}) => size <= kept).at(-1);
  if (anchor && !await hasGrownFrom(anchor, head, ask))
    return say('bad', `ITS PAST WAS CHANGED, also before position ${kept}, up to which the log says that all was kept.`);
  say('notice', `A new epoch was declared at position ${end.position}, ${end.at}: ${causes[end.cause] ?? end.cause}. `
    + `The log keeps what it had up to position ${kept}.`);
  const last = Math.max(before.size, end.lost_to ?? 0);
  if (last > kept)
    say('notice', `Declared gone: ${span(kept + 1, last)}${before.size > kept
      ? `, of which this browser had seen ${count(before.size - kept)}` : ''}. Was that announced?`);
  if (anchor)
    say('good', `What this browser had seen up to position ${anchor.size} is unchanged.`);
  else
    say('notice', 'This browser remembers nothing of what was kept, so it cannot tell whether that is unchanged.');
  return kept;
}

// Holds the newest tree head to what is remembered. `note` and `key` are what the server gives,
// `ask` gets a path below /api/v1 and answers its JSON. Findings are `good`, `bad`, or `notice`:
// declared, and for people to judge. `memory` is what to remember from now on: where anything is
// bad, what was remembered before.
export async function examine({note, key, memory, ask}) {
  const head = parseNote(note);
  const findings = [];
  const say = (kind, what) => { findings.push({kind, what}); };
  say('good', `The log has ${count(head.size)}; its root is ${toHex(head.root)}.`);
  if (!canCheck) {
    say('bad', 'Not checked: browsers check only pages that come over https or from localhost.');
    return {head, findings, memory};
  }
  const signed = await isSigned(head, key);
  say(signed === false ? 'bad' : 'good', signed === null
    ? 'The signature was not checked: this browser has no Ed25519.'
    : signed ? 'The signature is the log key’s.' : 'THE SIGNATURE IS WRONG.');
  const seen = memory.notes.map(parseNote);
  const before = seen.at(-1);
  let keptTo = Infinity;
  if (!before)
    say('good', 'This browser sees this log for the first time, and remembers it from now on.');
  else if (keyBytes(memory.key) !== keyBytes(key))
    say('bad', 'THIS LOG HAS ANOTHER KEY than the one seen here before.');
  else if (before.origin === head.origin)
    await sameEpoch(before, head, ask, say);
  else
    keptTo = await newEpoch(seen, head, ask, say);
  const isBad = findings.some(({kind}) => kind === 'bad');
  return {head, findings, memory: isBad ? memory : remember(memory, note, key, keptTo)};
}
