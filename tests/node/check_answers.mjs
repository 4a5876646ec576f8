// Compares everything that the C++ tests were answered with the API documents.
// Usage: check_answers.mjs FOLDER OPENAPI.json ASYNCAPI.json
import { createReadStream, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { AsyncApi, OpenApi } from './documents.mjs';

const SHOWN_MAX = 60;
const [folder, openApiFile, asyncApiFile] = process.argv.slice(2);
const openApi = new OpenApi(openApiFile);
const asyncApi = new AsyncApi(asyncApiFile);
const faults = new Map(); // what is wrong -> the first that has it, how many
let answers = 0;
let frames = 0;

function note(fault, example) {
  const known = faults.get(fault);
  if (known) known.count += 1;
  else faults.set(fault, { example, count: 1 });
}

function check(line) {
  const entry = JSON.parse(line);
  if (entry.frame) {
    frames += 1;
    const fault = asyncApi.fault(entry.frame);
    if (fault) note(`frame ${entry.frame.type} ${entry.frame.event?.type ?? ''}: ${fault}`, line);
    return;
  }
  if (entry.target.startsWith('/internal/')) return; // between nodes: docs/replication.md
  answers += 1;
  const path = entry.target.split('?')[0].replaceAll(/_[0-9a-z]{26}/g, '_…');
  for (const fault of openApi.faults(entry)) note(`${entry.method} ${path} ${entry.status}: ${fault}`, line);
}

for (const name of readdirSync(folder)) {
  for await (const line of createInterface({ input: createReadStream(join(folder, name)) })) check(line);
}

console.log(`${answers} answers and ${frames} frames were compared with the documents`);
if (answers === 0 || frames === 0) note('no answers, or no frames, were recorded', folder);
for (const { method, path } of openApi.operations()) {
  if (!openApi.seen.has(`${method} ${path}`)) console.log(`no test asked for ${method.toUpperCase()} ${path}`);
}
for (const [fault, { example, count }] of [...faults].slice(0, SHOWN_MAX)) {
  console.log(`${fault} (${count} times)\n    ${example.slice(0, 600)}`);
}
process.exit(faults.size === 0 ? 0 : 1);
