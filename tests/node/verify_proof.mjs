// Checks proofs by docs/event_format.md alone; shares no code with the server.
//   node verify_proof.mjs bundle BUNDLE.json KEY          a message's bundle: prints what it proves
//   node verify_proof.mjs consistency OLD NEW PROOF KEY   two checkpoints and /audit/proofs/consistency
//   node verify_proof.mjs vectors                         the published vectors of RFC 6962
import { createHash, createPublicKey, verify } from "node:crypto";
import { readFileSync } from "node:fs";

const must = (condition, what) => { if (!condition) throw new Error(what); };
const sha256 = (...parts) => parts.reduce((hash, part) => hash.update(part), createHash("sha256")).digest();
const leafHash = (leaf) => sha256(Buffer.of(0), leaf);
const nodeHash = (left, right) => sha256(Buffer.of(1), left, right);
const un64 = (text) => {
    const bytes = Buffer.from(text, "base64");
    must(bytes.toString("base64") === text, `not base64: ${text}`);
    return bytes;
};

// RFC 9162 2.1.3.2
function rootOfInclusion(index, size, leaf, path) {
    let [node, last, hash] = [index, size - 1n, leaf];
    must(index < size, "the leaf is beyond the tree");
    for (const sibling of path) {
        must(last > 0n, "the path is too long");
        if (node % 2n === 1n || node === last) {
            hash = nodeHash(sibling, hash);
            while (node % 2n === 0n && node !== 0n) [node, last] = [node / 2n, last / 2n];
        } else hash = nodeHash(hash, sibling);
        [node, last] = [node / 2n, last / 2n];
    }
    must(last === 0n, "the path is too short");
    return hash;
}

// RFC 9162 2.1.4.2: the two roots that the proof leads to
function rootsOfConsistency(from, to, fromRoot, proof) {
    if (from === to) return must(proof.length === 0, "nothing to prove") ?? [fromRoot, fromRoot];
    const path = (from & (from - 1n)) === 0n ? [fromRoot, ...proof] : [...proof];
    let [node, last] = [from - 1n, to - 1n];
    while (node % 2n === 1n) [node, last] = [node / 2n, last / 2n];
    let [older, newer] = [path[0], path[0]];
    for (const hash of path.slice(1)) {
        must(last > 0n, "the proof is too long");
        if (node % 2n === 1n || node === last) {
            [older, newer] = [nodeHash(hash, older), nodeHash(hash, newer)];
            while (node % 2n === 0n && node !== 0n) [node, last] = [node / 2n, last / 2n];
        } else newer = nodeHash(newer, hash);
        [node, last] = [node / 2n, last / 2n];
    }
    must(last === 0n, "the proof is too short");
    return [older, newer];
}

// c2sp.org/signed-note, c2sp.org/tlog-checkpoint
function openCheckpoint(note, verifierKey) {
    const [, name, hash, key] = /^([^+\s]+)\+([0-9a-f]{8})\+(.+)$/.exec(verifierKey) ?? [];
    must(name, "not a verifier key");
    const typed = un64(key);
    must(typed.length === 33 && typed[0] === 1, "not an Ed25519 key");
    must(sha256(name + "\n", typed).subarray(0, 4).toString("hex") === hash, "the key's hash is wrong");
    const body = note.slice(0, note.lastIndexOf("\n\n") + 1);
    const line = note.slice(body.length + 1).split("\n").find((text) => text.startsWith(`\u2014 ${name} `));
    must(line, "no signature by this key");
    const signature = un64(line.split(" ")[2]);
    must(signature.subarray(0, 4).toString("hex") === hash, "a signature by another key");
    const x = typed.subarray(1).toString("base64url");
    const publicKey = createPublicKey({ key: { kty: "OKP", crv: "Ed25519", x }, format: "jwk" });
    must(verify(null, Buffer.from(body), publicKey, signature.subarray(4)), "the signature is wrong");
    const [origin, size, root] = body.split("\n");
    must(origin === name, "a checkpoint of another log");
    return { size: BigInt(size), root: un64(root) };
}

// docs/event_format.md, "A record"
function readLeaf(leaf) {
    let at = 0;
    const take = (bytes) => leaf.subarray(at, (at += bytes));
    const number = (bytes) => [...take(bytes)].reduce((sum, byte) => sum * 256n + BigInt(byte), 0n);
    must(number(1) === 1n && number(4) === 0n, "an unknown format or realm");
    const flags = number(1);
    const record = { position: number(8), kind: number(1), stream: take(16), version: number(8) };
    take(32);
    record.type = take(Number(number(1))).toString();
    record.schema = number(2);
    record.at = number(8);
    take(flags & 2n ? 8 : 0);
    record.actor = take(16);
    take(flags & 1n ? 34 : 0);
    record.facts = JSON.parse(take(Number(number(4))));
    record.commitments = Array.from({ length: Number(number(2)) }, () => [number(1), take(32)]);
    must(at <= leaf.length, "the leaf is cut off");
    return record;
}

const u = (value, bytes) => Buffer.from(BigInt(value).toString(16).padStart(bytes * 2, "0"), "hex");
function checkEntry(entry, tree, seq) {
    const leaf = entry.leaf === undefined ? undefined : un64(entry.leaf);
    const hash = leaf ? leafHash(leaf) : un64(entry.leaf_hash);
    const root = rootOfInclusion(BigInt(entry.position) - 1n, tree.size, hash, entry.inclusion.map(un64));
    must(root.equals(tree.root), `position ${entry.position} is not in the signed tree`);
    if (!leaf) return { position: entry.position };
    const record = readLeaf(leaf);
    must(record.position === BigInt(entry.position) && record.kind === 2n, "another record, or none of a room");
    must((record.type === "message.sent" ? record.version : BigInt(record.facts.seq)) === BigInt(seq), "another message");
    must(record.commitments.length === entry.contents.length, "a content too many or too few");
    const contents = record.commitments.map(([field, digest], ordinal) => {
        const { salt, content } = entry.contents[ordinal];
        const found = sha256("verbatim/content/1", u(entry.position, 8), u(field, 1), u(ordinal, 2), un64(salt), content);
        must(found.equals(digest), `content ${ordinal} of position ${entry.position} differs from its commitment`);
        return { field: Number(field), content };
    });
    return { position: entry.position, type: record.type, contents };
}

function checkVectors() {
    const leaves = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
        .map((hex) => leafHash(Buffer.from(hex, "hex")));
    const hex = (text) => Buffer.from(text, "hex");
    const [n01, n23, n45] = [nodeHash(leaves[0], leaves[1]), nodeHash(leaves[2], leaves[3]), nodeHash(leaves[4], leaves[5])];
    const roots = { 1: leaves[0], 2: n01, 6: hex("76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef"),
        8: hex("5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"),
        5: hex("4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4") };
    must(leaves[0].equals(hex("6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d")), "leaf 0");
    const path0 = [leaves[1], n23, hex("6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4")];
    must(rootOfInclusion(0n, 8n, leaves[0], path0).equals(roots[8]), "inclusion of 0 in 8");
    const path5 = [leaves[4], nodeHash(leaves[6], leaves[7]), nodeHash(n01, n23)];
    must(rootOfInclusion(5n, 8n, leaves[5], path5).equals(roots[8]), "inclusion of 5 in 8");
    const proofs = { "1-8": path0, "2-5": [n23, leaves[4]], "6-8": [n45, nodeHash(leaves[6], leaves[7]), nodeHash(n01, n23)] };
    for (const [sizes, proof] of Object.entries(proofs)) {
        const [from, to] = sizes.split("-");
        const [older, newer] = rootsOfConsistency(BigInt(from), BigInt(to), roots[from], proof);
        must(older.equals(roots[from]) && newer.equals(roots[to]), `consistency of ${sizes}`);
    }
    return { vectors: "all right" };
}

const [what, ...files] = process.argv.slice(2);
const read = (file) => readFileSync(file, "utf8");
const commands = {
    vectors: checkVectors,
    bundle: (file, key) => {
        const { format, room_id, seq, checkpoint, entries } = JSON.parse(read(file));
        must(format === "verbatim-proof/1" && entries.length > 0, "no bundle of a format known here");
        const tree = openCheckpoint(checkpoint, key.trim());
        return { room_id, seq, size: Number(tree.size), entries: entries.map((entry) => checkEntry(entry, tree, seq)) };
    },
    consistency: (oldNote, newNote, proof, key) => {
        const [older, newer] = [oldNote, newNote].map((file) => openCheckpoint(read(file), key.trim()));
        const hashes = JSON.parse(read(proof)).hashes.map(un64);
        const [fromRoot, toRoot] = rootsOfConsistency(older.size, newer.size, older.root, hashes);
        must(fromRoot.equals(older.root) && toRoot.equals(newer.root), "the newer tree does not continue the older one");
        return { from: Number(older.size), to: Number(newer.size) };
    },
};
try {
    must(commands[what], "usage: verify_proof.mjs bundle|consistency|vectors …");
    console.log(JSON.stringify(commands[what](...files)));
} catch (error) {
    console.error(error.message);
    process.exit(1);
}
