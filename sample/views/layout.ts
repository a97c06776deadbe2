import { html, type SafeHtml } from './html.js';

export interface Layout {
  title: string;
  body: SafeHtml;
  /** At the end of the header. */
  aside?: SafeHtml;
}

export function layout({ title, body, aside }: Layout): SafeHtml {
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>${title} · Latchkey</title>
        <link rel="icon" href="/key.svg" type="image/svg+xml" />
        <link rel="stylesheet" href="/site.css" />
      </head>
      <body>
        <a class="skip" href="#content">Skip to the content</a>
        <header class="top">
          <a class="brand" href="/"><img src="/key.svg" alt="" width="28" height="28" />Latchkey</a>
          ${aside}
        </header>
        <main id="content">${body}</main>
        <footer>
          A sample of <strong>nestjs-postgres-session</strong>: every session is a row in
          PostgreSQL.
        </footer>
      </body>
    </html> `;
}
