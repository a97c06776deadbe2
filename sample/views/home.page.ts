import { html, type SafeHtml } from './html.js';
import { layout } from './layout.js';
import { noticeBox } from './notices.js';

export function homePage(notice: unknown): SafeHtml {
  return layout({
    title: 'Know where you are signed in',
    aside: html`<nav><a href="/sign-in">Sign in</a></nav>`,
    body: html` <section class="hero">
        ${noticeBox(notice)}
        <h1>Know where you are signed&nbsp;in.</h1>
        <p class="lead">
          One account, all your devices. See each of them, when it was last used, and sign it out
          from wherever you are.
        </p>
        <p class="actions">
          <a class="button primary" href="/sign-up">Create an account</a>
          <a class="button" href="/sign-in">Sign in</a>
        </p>
      </section>
      <ul class="points">
        <li>
          <strong>Ended is ended.</strong> A device that you sign out is out at its next click.
        </li>
        <li>
          <strong>It lasts.</strong> Sessions outlive a restart, and expire when unused for two
          weeks.
        </li>
        <li><strong>Nothing to steal.</strong> The table has a hash of each key, never the key.</li>
      </ul>`,
  });
}
