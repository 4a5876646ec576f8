import {html, useState} from './preact.js';
import {register, signIn} from './session.js';

// Signs in, or makes an account first.
export function SignIn({onSignedIn, title = 'Verbatim'}) {
  const [isNew, setIsNew] = useState(false);
  const [failure, setFailure] = useState(null);
  const [busy, setBusy] = useState(false);

  async function submit(event) {
    event.preventDefault();
    const form = new FormData(event.target);
    const [username, password] = [form.get('username'), form.get('password')];
    setBusy(true);
    setFailure(null);
    try {
      onSignedIn(await (isNew
        ? register(username, password, form.get('display_name')) : signIn(username, password)));
    } catch (error) {
      setFailure(error.status ? error.message : 'The server cannot be reached.');
      setBusy(false);
    }
  }

  return html`
    <form class="sign-in" onSubmit=${submit}>
      <h1>${title}</h1>
      <label>Username
        <input name="username" required minlength="3" maxlength="32" autofocus
               autocomplete="username" autocapitalize="none" spellcheck=${false} /></label>
      ${isNew && html`<label>Display name
        <input name="display_name" maxlength="64" autocomplete="name" /></label>`}
      <label>Password
        <input name="password" type="password" required minlength="8" maxlength="128"
               autocomplete=${isNew ? 'new-password' : 'current-password'} /></label>
      ${failure && html`<p class="problem" role="alert">${failure}</p>`}
      <button class="primary" disabled=${busy}>${isNew ? 'Create account' : 'Sign in'}</button>
      <button type="button" class="link" onClick=${() => setIsNew(!isNew)}>
        ${isNew ? 'I have an account' : 'I am new here'}</button>
    </form>`;
}
