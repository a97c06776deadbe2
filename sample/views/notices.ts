import { html, type SafeHtml } from './html.js';

/** What an address may ask us to say: only these texts, so that a link cannot put words in our mouth. */
const NOTICES = new Map<unknown, string>([
  ['signed-out', 'You are signed out. See you soon.'],
  ['session-ended', 'Your session here has ended. Please sign in again.'],
  ['sign-in-first', 'Please sign in first.'],
  ['one-ended', 'That device is signed out.'],
  ['others-ended', 'You are signed out everywhere else.'],
]);

export function noticeBox(notice: unknown): SafeHtml {
  const text = NOTICES.get(notice);
  return html`${text && html`<p class="notice" role="status">${text}</p>`}`;
}
