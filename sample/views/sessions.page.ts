import type { Session } from '../sessions/session.js';
import { csrfField } from './form-parts.js';
import { html, type SafeHtml } from './html.js';
import { layout } from './layout.js';
import { ago } from './moment.js';
import { noticeBox } from './notices.js';

export interface SessionsView {
  current: Session;
  sessions: Session[];
  csrf: string;
  notice?: unknown;
}

export function sessionsPage(view: SessionsView): SafeHtml {
  const { current, sessions, csrf, notice } = view;
  const others = sessions.filter(({ key }) => key !== current.key);
  return layout({
    title: 'Where you are signed in',
    aside: signOutForm(current.user.name, csrf),
    body: html` <h1>Where you are signed in</h1>
      ${noticeBox(notice)}
      <p class="lead">${summary(others.length)}</p>
      <ul class="sessions">
        ${currentItem(current)} ${others.map((session) => otherItem(session, csrf))}
      </ul>
      ${others.length > 0 && endOthersForm(csrf)} ${howItIsKept(current)}`,
  });
}

function summary(others: number): string {
  if (others === 0) return 'Only here, on this device.';
  return `Here, and on ${others} other ${others === 1 ? 'device' : 'devices'}. Sign out what you do not know.`;
}

function signOutForm(name: string, csrf: string): SafeHtml {
  return html` <form class="who" method="post" action="/sessions/end">
    ${csrfField(csrf)}
    <span class="name">${name}</span>
    <button type="submit">Sign out</button>
  </form>`;
}

function currentItem(session: Session): SafeHtml {
  return html` <li class="session current">
    ${deviceImage(session)}
    <div class="what">
      <h2>${session.device} <span class="badge">This device</span></h2>
      <p>Signed in ${ago(session.since)}</p>
    </div>
  </li>`;
}

function otherItem(session: Session, csrf: string): SafeHtml {
  const { key, device, since, lastSeen } = session;
  return html` <li class="session">
    ${deviceImage(session)}
    <div class="what">
      <h2>${device}</h2>
      <p><span>Last seen ${ago(lastSeen)}</span> <span>signed in ${ago(since)}</span></p>
    </div>
    <form method="post" action="/sessions/${key}/end">
      ${csrfField(csrf)}
      <button type="submit" aria-label="Sign out ${device}">Sign out</button>
    </form>
  </li>`;
}

function deviceImage({ device }: Session): SafeHtml {
  const kind = /iPhone|iPad|Android/.test(device) ? 'phone' : 'laptop';
  return html`<img class="device" src="/${kind}.svg" alt="" width="28" height="28" />`;
}

function endOthersForm(csrf: string): SafeHtml {
  return html` <form class="everywhere" method="post" action="/sessions/end-others">
    ${csrfField(csrf)}
    <button class="danger" type="submit">Sign out everywhere else</button>
  </form>`;
}

function howItIsKept({ key }: Session): SafeHtml {
  return html` <details>
    <summary>How this is kept</summary>
    <p>
      Your browser holds a random id of 256 bits. The table holds its SHA-256, so reading the table
      signs nobody in. This session is the row
    </p>
    <p><code>sample:session:${key}</code></p>
    <p>
      Using the site moves its expiry, at most once a minute; that is how exactly “last seen” is
      known.
    </p>
  </details>`;
}
