import {html, useEffect, useState} from './preact.js';
import {fileUrl} from './session.js';

const quickEmoji = ['👍', '❤️', '😂', '🎉', '😮', '👀'];
const togetherMs = 5 * 60_000; // messages of one person so close share a heading

export function Message({chat, message, previous, repliedTo, mine, onReply}) {
  const [editing, setEditing] = useState(false);
  const own = message.sender_id === chat.userId;
  const gone = message.deleted_at !== null || (message.text === null && !message.attachments.length);
  const mayDelete = own || ['owner', 'admin'].includes(chat.room?.my?.role);
  const together = previous && previous.sender_id === message.sender_id &&
    new Date(message.sent_at) - new Date(previous.sent_at) < togetherMs;
  return html`
    <li class="message ${message.kind} ${own ? 'own' : ''}">
      ${!together && html`<div class="heading"><b>${chat.nameOf(message.sender_id)}</b>
        <time datetime=${message.sent_at}>${new Date(message.sent_at).toLocaleString()}</time></div>`}
      ${message.reply_to && html`<blockquote>${repliedTo
        ? `${chat.nameOf(repliedTo.sender_id)}: ${repliedTo.text ?? 'deleted'}`
        : `message ${message.reply_to}`}</blockquote>`}
      ${editing
        ? html`<${Editor} chat=${chat} message=${message} onDone=${() => setEditing(false)} />`
        : html`<div class="text">${gone ? html`<em>deleted</em>` : links(message.text ?? '')}
            ${message.edited_at && !gone && html`<small> (edited)</small>`}</div>`}
      ${message.attachments.map((file) => html`<${File} key=${file.file_id} chat=${chat} file=${file} />`)}
      <div class="reactions">
        ${message.reactions.map(({emoji, count}) => html`
          <button key=${emoji} class=${mine.includes(emoji) ? 'mine' : ''}
            aria-pressed=${mine.includes(emoji)} onClick=${() => chat.react(message.seq, emoji)}>
            ${emoji} ${count}</button>`)}
        ${message.reply_count > 0 && html`<small>${message.reply_count}
          ${message.reply_count === 1 ? ' reply' : ' replies'}</small>`}
      </div>
      ${!gone && !editing && html`
        <div class="tools" role="toolbar" aria-label="This message">
          ${quickEmoji.map((emoji) => html`<button key=${emoji} aria-label="React with ${emoji}"
            onClick=${() => chat.react(message.seq, emoji)}>${emoji}</button>`)}
          <button onClick=${() => onReply(message)}>Reply</button>
          ${own && message.text !== null && html`<button onClick=${() => setEditing(true)}>Edit</button>`}
          ${mayDelete && html`<button onClick=${() => chat.remove(message.seq)}>Delete</button>`}
        </div>`}
    </li>`;
}

function Editor({chat, message, onDone}) {
  const [text, setText] = useState(message.text);
  async function submit(event) {
    event.preventDefault();
    if (text === message.text || await chat.edit(message.seq, text)) onDone();
  }
  return html`
    <form class="editor" onSubmit=${submit} onKeyDown=${(event) => event.key === 'Escape' && onDone()}>
      <textarea value=${text} maxlength="20000" autofocus aria-label="New text"
        onInput=${(event) => setText(event.target.value)}></textarea>
      <button class="primary">Save</button> <button type="button" onClick=${onDone}>Cancel</button>
    </form>`;
}

// Addresses in a text become links; everything else stays text.
function links(text) {
  return text.split(/(https?:\/\/[^\s<>"]+)/).map((part, at) => (at % 2
    ? html`<a href=${part} rel="noopener noreferrer nofollow" target="_blank">${part}</a>` : part));
}

const shownTypes = ['image/png', 'image/jpeg', 'image/gif', 'image/webp'];
const shownBytesMax = 8 << 20;

// Pictures are shown; everything else is fetched when it is asked for. Files need the token, so
// that neither <img> nor <a> can ask for them by themselves.
function File({chat, file}) {
  const [url, setUrl] = useState(null);
  const isShown = shownTypes.includes(file.media_type) && file.bytes <= shownBytesMax;
  useEffect(() => {
    if (!isShown) return undefined;
    let made = null;
    let gone = false;
    fileUrl(file.file_id).then((each) => {
      made = each;
      if (gone) URL.revokeObjectURL(each);
      else setUrl(each);
    }, () => {});
    return () => {
      gone = true;
      if (made) URL.revokeObjectURL(made);
    };
  }, [file.file_id]);
  const name = file.filename ?? 'file';
  async function save() {
    const made = await chat.attempt(() => fileUrl(file.file_id));
    if (!made) return;
    const link = Object.assign(document.createElement('a'), {href: made, download: name});
    link.click();
    setTimeout(() => URL.revokeObjectURL(made), 60_000);
  }
  if (url) return html`<img class="picture" src=${url} alt=${name}
    width=${file.width} height=${file.height} onClick=${save} />`;
  return html`<button class="file" onClick=${save}>📎 ${name}
    <small> ${Math.ceil(file.bytes / 1024).toLocaleString()} KiB</small></button>`;
}
