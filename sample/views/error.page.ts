import { html, type SafeHtml } from './html.js';
import { layout } from './layout.js';

interface Trouble {
  title: string;
  advice: string;
}

const OTHER: Trouble = {
  title: 'That did not work',
  advice: 'Something went wrong. Please try again in a moment.',
};

const TROUBLES = new Map<number, Trouble>([
  [
    403,
    {
      title: 'This form could not be trusted',
      advice:
        'It is out of date, or it did not come from this site. Nothing was changed. Open the page afresh and try again.',
    },
  ],
  [404, { title: 'There is nothing here', advice: 'It may be gone, or the address is mistyped.' }],
  [
    503,
    {
      title: 'Back in a moment',
      advice: 'The session store cannot be reached. You are still signed in; try again shortly.',
    },
  ],
]);

export function errorPage(status: number): SafeHtml {
  const { title, advice } = TROUBLES.get(status) ?? OTHER;
  return layout({
    title,
    body: html` <section class="card narrow">
      <p class="code">${status}</p>
      <h1>${title}</h1>
      <p>${advice}</p>
      <p class="actions"><a class="button primary" href="/">To the start</a></p>
    </section>`,
  });
}
