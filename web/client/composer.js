import {html, useEffect, useRef, useState} from './preact.js';
import {freshToken} from './session.js';

const filesMax = 10;
const chunkBytes = 4 << 20; // below the server's bound for one request

// Where one writes. Enter sends, Shift+Enter begins a new line; files are uploaded by tus, which
// goes on where it was when the connection comes back.
export function Composer({chat, replyTo, onReplied}) {
  const [text, setText] = useState('');
  const [files, setFiles] = useState([]); // {name, progress, fileId | failure}
  const area = useRef(null);
  const picker = useRef(null);
  useEffect(() => area.current?.focus(), [replyTo]);

  const ready = files.filter((file) => file.fileId);
  const busy = files.some((file) => !file.fileId && !file.failure);

  async function send(event) {
    event?.preventDefault();
    if (busy || (!text.trim() && ready.length === 0)) return;
    const sent = await chat.say(text.trim() ? text : '', {
      replyTo: replyTo?.seq, attachments: ready.map((file) => file.fileId)});
    if (!sent) return;
    setText('');
    setFiles([]);
    onReplied();
  }

  function keyed(event) {
    if (event.key === 'Enter' && !event.shiftKey && !event.isComposing) send(event);
    else chat.type();
  }

  const change = (name, changes) =>
    setFiles((all) => all.map((file) => (file.name === name ? {...file, ...changes} : file)));

  function upload(list) {
    for (const file of [...list].slice(0, filesMax - files.length)) {
      if (files.some((other) => other.name === file.name)) continue;
      setFiles((all) => [...all, {name: file.name, progress: 0}]);
      startUpload(file, (changes) => change(file.name, changes));
    }
  }

  return html`
    <form class="composer" onSubmit=${send}
          onDragOver=${(event) => event.preventDefault()}
          onDrop=${(event) => { event.preventDefault(); upload(event.dataTransfer.files); }}>
      ${replyTo && html`<div class="replying">Reply to <b>${chat.nameOf(replyTo.sender_id)}</b>:
        ${replyTo.text?.slice(0, 100)} <button type="button" class="link" onClick=${onReplied}>×</button></div>`}
      ${files.map((file) => html`<div class="upload" key=${file.name}>${file.name}
        ${file.failure ? html`<span class="problem"> ${file.failure}</span>`
          : !file.fileId && html`<progress max="1" value=${file.progress}></progress>`}
        <button type="button" class="link" aria-label="Without ${file.name}"
          onClick=${() => setFiles(files.filter((other) => other !== file))}>×</button></div>`)}
      <div class="line">
        <button type="button" aria-label="Attach files" onClick=${() => picker.current.click()}>📎</button>
        <input type="file" multiple hidden ref=${picker}
          onChange=${(event) => { upload(event.target.files); event.target.value = ''; }} />
        <textarea ref=${area} rows="2" value=${text} maxlength="20000" aria-label="Message"
          placeholder="Write a message" onInput=${(event) => setText(event.target.value)}
          onKeyDown=${keyed}></textarea>
        <button class="primary" disabled=${busy}>Send</button>
      </div>
    </form>`;
}

async function startUpload(file, change) {
  const {Upload} = globalThis.tus;
  const upload = new Upload(file, {
    endpoint: '/api/v1/uploads',
    chunkSize: chunkBytes,
    retryDelays: [0, 1_000, 3_000, 10_000],
    metadata: {filename: file.name, filetype: file.type},
    onBeforeRequest: async (request) =>
      request.setHeader('Authorization', `Bearer ${await freshToken()}`),
    onProgress: (sent, whole) => change({progress: whole ? sent / whole : 1}),
    onAfterResponse: (request, response) => {
      const fileId = response.getHeader('Upload-File-Id');
      if (fileId) change({fileId});
    },
    onError: (error) => change({failure: `could not be uploaded: ${error.message.slice(0, 120)}`}),
  });
  upload.start();
}
