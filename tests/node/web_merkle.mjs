// What the log explorer believes: web/client/merkle.js against trees and proofs made here by the
// definitions of RFC 6962, and against each of them spoilt.
import assert from 'node:assert/strict';
import { createHash, webcrypto } from 'node:crypto';
import { test } from 'node:test';
import { isConsistent, isIncluded } from '../../web/client/merkle.js';

globalThis.crypto ??= webcrypto; // Node 18 has it by another name

const SIZES = 33;
const sha256 = (...parts) => createHash('sha256').update(Buffer.concat(parts.map((part) => Buffer.from(part)))).digest();
const leaves = Array.from({ length: SIZES }, (_, at) => sha256([0], `leaf ${at}`));

// RFC 6962, 2.1: k is the largest power of two smaller than n.
const split = (size) => 2 ** Math.ceil(Math.log2(size) - 1);
const rootOf = (part) => (part.length === 1 ? part[0]
  : sha256([1], rootOf(part.slice(0, split(part.length))), rootOf(part.slice(split(part.length)))));

// 2.1.1: PATH(m, D[n])
function path(at, part) {
  if (part.length === 1) return [];
  const k = split(part.length);
  const [left, right] = [part.slice(0, k), part.slice(k)];
  return at < k ? [...path(at, left), rootOf(right)] : [...path(at - k, right), rootOf(left)];
}

// 2.1.2: SUBPROOF(m, D[n], b)
function subproof(from, part, isWhole) {
  if (from === part.length) return isWhole ? [] : [rootOf(part)];
  const k = split(part.length);
  const [left, right] = [part.slice(0, k), part.slice(k)];
  return from <= k ? [...subproof(from, left, isWhole), rootOf(right)]
    : [...subproof(from - k, right, false), rootOf(left)];
}

const spoilt = (hash) => Buffer.from(hash.map((byte, at) => (at === 7 ? byte ^ 1 : byte)));
const spoilOne = (hashes) => hashes.map((_, which) => hashes.map((hash, at) => (at === which ? spoilt(hash) : hash)));

test('every leaf of every tree is proved, and by its own proof only', async () => {
  for (let size = 1; size <= SIZES; ++size) {
    const tree = leaves.slice(0, size);
    const root = rootOf(tree);
    for (let index = 0; index < size; ++index) {
      const claim = { index, size, leaf: leaves[index], hashes: path(index, tree), root };
      assert.ok(await isIncluded(claim), `${index} in ${size}`);
      assert.ok(!await isIncluded({ ...claim, leaf: spoilt(claim.leaf) }));
      assert.ok(!await isIncluded({ ...claim, root: spoilt(root) }));
      assert.ok(!await isIncluded({ ...claim, hashes: [...claim.hashes, root] }));
      assert.ok(!await isIncluded({ ...claim, index: size }));
      for (const hashes of spoilOne(claim.hashes)) assert.ok(!await isIncluded({ ...claim, hashes }));
    }
  }
});

test('every tree is proved to continue every smaller one, and no other', async () => {
  for (let to = 1; to <= SIZES; ++to) {
    for (let from = 1; from <= to; ++from) {
      const claim = {
        from, to, hashes: subproof(from, leaves.slice(0, to), true),
        fromRoot: rootOf(leaves.slice(0, from)), toRoot: rootOf(leaves.slice(0, to)),
      };
      assert.ok(await isConsistent(claim), `${from} to ${to}`);
      assert.ok(!await isConsistent({ ...claim, fromRoot: spoilt(claim.fromRoot) }));
      assert.ok(!await isConsistent({ ...claim, toRoot: spoilt(claim.toRoot) }));
      for (const hashes of spoilOne(claim.hashes)) assert.ok(!await isConsistent({ ...claim, hashes }));
    }
  }
});
