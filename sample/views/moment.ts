import { html, type SafeHtml } from './html.js';

const UNITS: [Intl.RelativeTimeFormatUnit, number][] = [
  ['day', 24 * 60 * 60_000],
  ['hour', 60 * 60_000],
  ['minute', 60_000],
];
const relative = new Intl.RelativeTimeFormat('en', { numeric: 'auto' });
const absolute = new Intl.DateTimeFormat('en', {
  dateStyle: 'long',
  timeStyle: 'short',
  timeZone: 'UTC',
});

/** "3 minutes ago", with the exact time behind it: the server does not know the reader's time zone. */
export function ago(time: number, now = Date.now()): SafeHtml {
  const date = new Date(time);
  return html`<time datetime="${date.toISOString()}" title="${absolute.format(date)} UTC"
    >${inWords(now - time)}</time
  >`;
}

function inWords(passed: number): string {
  const unit = UNITS.find(([, length]) => passed >= length);
  if (!unit) return 'just now';
  const [name, length] = unit;
  return relative.format(-Math.floor(passed / length), name);
}
