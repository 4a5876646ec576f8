// The API documents as judges of what a server has said. Members that no document names are faults
// here, though clients ignore them: what is answered is described.
import { readFileSync } from 'node:fs';
import Ajv2020 from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';

// Statuses of HTTP itself and of the node, which `default` stands for.
const UNLISTED = new Set([400, 405, 408, 413, 414, 415, 417, 426, 431, 500, 501, 503, 505]);
const METHODS = ['get', 'put', 'post', 'delete', 'options', 'head', 'patch', 'trace'];

// Closes every object that lists its members and says nothing about others.
function closed(node) {
  if (Array.isArray(node)) return node.map(closed);
  if (node === null || typeof node !== 'object') return node;
  const copy = Object.fromEntries(Object.entries(node).map(([name, value]) => [name, closed(value)]));
  const isObject = [copy.type].flat().includes('object');
  if (isObject && copy.properties && !('additionalProperties' in copy)) copy.additionalProperties = false;
  return copy;
}

function pointer(...parts) {
  return parts.map((part) => '/' + encodeURIComponent(String(part).replaceAll('~', '~0').replaceAll('/', '~1'))).join('');
}

class Schemas {
  constructor(document) {
    this.ajv = addFormats(new Ajv2020({ strict: false, allErrors: false }));
    this.ajv.addFormat('password', true);
    this.ajv.addSchema(document, 'document');
    this.compiled = new Map();
  }

  // Undefined, or what is wrong.
  fault(at, value) {
    if (!this.compiled.has(at)) this.compiled.set(at, this.ajv.compile({ $ref: `document#${at}` }));
    const validate = this.compiled.get(at);
    return validate(value) ? undefined : this.ajv.errorsText(validate.errors, { dataVar: '' });
  }
}

export class OpenApi {
  constructor(file) {
    this.document = JSON.parse(readFileSync(file, 'utf8'));
    this.answers = new Schemas(closed(this.document));
    this.requests = new Schemas(this.document);
    this.seen = new Set();
    this.routes = Object.keys(this.document.paths)
      .map((path) => ({
        path,
        parameters: (path.match(/\{/g) ?? []).length,
        pattern: new RegExp('^' + path.replaceAll('.', '\\.').replaceAll(/\{[^}]*\}/g, '[^/]+') + '$'),
      }))
      .sort((left, right) => left.parameters - right.parameters);
  }

  // "METHOD path: status" of every success and "METHOD path" of every operation.
  operations() {
    return Object.entries(this.document.paths).flatMap(([path, item]) =>
      METHODS.filter((method) => item[method]).map((method) => ({ path, method, operation: item[method] })));
  }

  resolve(node, at) {
    if (!node?.$ref) return { node, at };
    const parts = node.$ref.slice(2).split('/').map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
    return { node: parts.reduce((place, part) => place[part], this.document), at: pointer(...parts) };
  }

  // What is wrong with an answer: nothing, when the list is empty. `headers` have lower-case names.
  faults({ method, target, status, headers, body, request }) {
    const path = target.split('?')[0];
    const route = this.routes.find(({ pattern }) => pattern.test(path))?.path;
    const verb = method.toLowerCase();
    const item = route && this.document.paths[route];
    const used = item?.[verb] ? verb : verb === 'head' && item?.get ? 'get' : undefined;
    if (!used) return this.#faultsOutside({ verb, status, headers, body });

    const operation = item[used];
    let key = String(status);
    if (!operation.responses[key]) {
      if (!UNLISTED.has(status)) return [`status ${status} is not described`];
      key = 'default';
    }
    this.seen.add(`${used} ${route}`).add(`${used} ${route} ${status}`);
    const place = pointer('paths', route, used, 'responses', key);
    const { node: response, at } = this.resolve(operation.responses[key], place);
    const isEmpty = verb === 'head' || status === 204 || status === 304;
    return [
      ...this.#headerFaults(response, at, headers),
      ...(isEmpty ? [] : this.#bodyFaults(response, at, headers, body)),
      ...(status < 300 && request ? this.#requestFaults(operation, pointer('paths', route, used), request) : []),
    ];
  }

  // On no path of the document, or with a method that its path does not take.
  #faultsOutside({ verb, status, headers, body }) {
    if (verb === 'options' && status === 204) return headers.allow ? [] : ['OPTIONS without Allow'];
    if (verb === 'head') return [];
    if (!UNLISTED.has(status) && status !== 404) return [`status ${status} outside the document`];
    if (status === 405 && !headers.allow) return ['405 without Allow'];
    const response = this.document.components.responses.Problem;
    return this.#bodyFaults({ content: response.content }, null, headers, body);
  }

  #headerFaults(response, at, headers) {
    return Object.entries(response.headers ?? {}).flatMap(([name, header]) => {
      const { node, at: place } = this.resolve(header, at + pointer('headers', name));
      const value = headers[name.toLowerCase()];
      if (value === undefined) return node.required ? [`header ${name} is missing`] : [];
      const schema = this.resolve(node.schema, '').node;
      const read = schema.type === 'integer' ? Number(value) : value;
      const fault = this.answers.fault(place + '/schema', read);
      return fault ? [`header ${name}: ${fault}`] : [];
    });
  }

  #bodyFaults(response, at, headers, body) {
    const type = (headers['content-type'] ?? '').split(';')[0];
    const content = response.content ?? {};
    const media = content[type] ? type : content['*/*'] ? '*/*' : undefined;
    if (!media) return response.content || body ? [`content type "${type}" is not described`] : [];
    if (type !== 'application/json' && !type.endsWith('+json')) return [];
    let value;
    try {
      value = JSON.parse(body);
    } catch {
      return ['the body is no JSON'];
    }
    const schema = at === null ? '/components/schemas/Problem' : at + pointer('content', media, 'schema');
    const fault = this.answers.fault(schema, value);
    return fault ? [`body: ${fault}`] : [];
  }

  // What was accepted is described, too.
  #requestFaults(operation, at, request) {
    if (!operation.requestBody?.content['application/json']) return [];
    let value;
    try {
      value = JSON.parse(request);
    } catch {
      return [];
    }
    const fault = this.requests.fault(at + pointer('requestBody', 'content', 'application/json', 'schema'), value);
    return fault ? [`accepted request: ${fault}`] : [];
  }
}

export class AsyncApi {
  constructor(file) {
    this.document = JSON.parse(readFileSync(file, 'utf8'));
    this.schemas = new Schemas(closed(this.document));
    this.names = new Map(Object.entries(this.document.components.messages)
      .map(([key, message]) => [(key.startsWith('Server') ? 'server ' : 'client ') + message.name, key]));
    this.seen = new Set();
  }

  // Undefined, or what is wrong with a frame; `side` is who has sent it: server or client.
  fault(frame, side = 'server') {
    const key = this.names.get(`${side} ${frame?.type}`);
    if (!key) return `no frame of a ${side} has the type ${JSON.stringify(frame?.type)}`;
    this.seen.add(key);
    if (frame.type === 'event') this.seen.add(frame.event?.type);
    return this.schemas.fault(pointer('components', 'messages', key, 'payload'), frame);
  }
}
