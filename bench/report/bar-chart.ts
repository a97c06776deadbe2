import { digits, type Bar, type Chart } from './outcome.js';

const WIDTH = 820;
const LABEL_WIDTH = 300;
const FIGURE_WIDTH = 80;
const BAR_HEIGHT = 20;
const STEP = 28;
const TITLE_HEIGHT = 44;
const MARGIN = 16;

/** Colours that read on white and on black; the viewer's scheme picks the text. */
const STYLE = `
  text { font: 13px system-ui, -apple-system, 'Segoe UI', sans-serif; fill: #24292f; }
  .title { font-weight: 600; font-size: 15px; }
  .ours { fill: #2f81f7; }
  .other { fill: #8c959f; }
  @media (prefers-color-scheme: dark) { text { fill: #e6edf3; } .other { fill: #6e7681; } }`;

/** Horizontal bars, one group a chart, below each other. */
export function barChart(charts: readonly Chart[], caption: string): string {
  let top = MARGIN;
  const groups: string[] = [];
  for (const chart of charts) {
    groups.push(group(chart, top));
    top += TITLE_HEIGHT + chart.bars.length * STEP + MARGIN;
  }
  groups.push(text(MARGIN, top + 4, caption));
  const height = top + MARGIN;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img" aria-label="${escaped(charts.map(({ title }) => title).join('; '))}">
<style>${STYLE}
</style>
${groups.join('\n')}
</svg>
`;
}

function group({ title, bars }: Chart, top: number): string {
  const longest = Math.max(...bars.map(({ value }) => value));
  const sorted = bars.toSorted((a, b) => b.value - a.value);
  const lines = sorted.map((bar, at) => barLine(bar, longest, top + TITLE_HEIGHT + at * STEP));
  return [text(MARGIN, top + 20, title, 'title'), ...lines].join('\n');
}

function barLine({ label, value, ours }: Bar, longest: number, top: number): string {
  const room = WIDTH - LABEL_WIDTH - FIGURE_WIDTH - 2 * MARGIN;
  const width = Math.max(1, Math.round((value / longest) * room));
  const left = MARGIN + LABEL_WIDTH;
  const baseline = top + BAR_HEIGHT - 5;
  return [
    text(MARGIN, baseline, label),
    `<rect class="${ours ? 'ours' : 'other'}" x="${left}" y="${top}" width="${width}" height="${BAR_HEIGHT}" rx="3"/>`,
    text(left + width + 8, baseline, digits(value)),
  ].join('');
}

export function text(x: number, y: number, content: string, name?: string): string {
  const attribute = name ? ` class="${name}"` : '';
  return `<text x="${x}" y="${y}"${attribute}>${escaped(content)}</text>`;
}

function escaped(content: string): string {
  return content.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
}
