import { text } from './bar-chart.js';
import { digits } from './outcome.js';

export interface Line {
  title: string;
  values: readonly number[];
}

const WIDTH = 820;
const COLUMNS = 2;
const PANEL_WIDTH = 380;
const PANEL_HEIGHT = 120;
const MARGIN = 20;
const HEAD = 26;

/** As in the bar chart: readable on white and on black. */
const STYLE = `
  text { font: 13px system-ui, -apple-system, 'Segoe UI', sans-serif; fill: #24292f; }
  .title { font-weight: 600; }
  .line { fill: none; stroke: #2f81f7; stroke-width: 1.5; }
  .axis { stroke: #8c959f; stroke-width: 1; }
  @media (prefers-color-scheme: dark) { text { fill: #e6edf3; } }`;

/** One panel a figure, from zero, over the same time. */
export function lineCharts(lines: readonly Line[], caption: string): string {
  const rows = Math.ceil(lines.length / COLUMNS);
  const height = MARGIN + rows * (HEAD + PANEL_HEIGHT + MARGIN) + MARGIN;
  const panels = lines.map((line, at) => {
    const x = MARGIN + (at % COLUMNS) * (PANEL_WIDTH + MARGIN);
    const y = MARGIN + Math.floor(at / COLUMNS) * (HEAD + PANEL_HEIGHT + MARGIN);
    return panel(line, x, y);
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img" aria-label="Figures over time">
<style>${STYLE}
</style>
${panels.join('\n')}
${text(MARGIN, height - MARGIN + 8, caption)}
</svg>
`;
}

function panel({ title, values }: Line, x: number, y: number): string {
  const highest = Math.max(...values);
  const floor = y + HEAD + PANEL_HEIGHT;
  const points = values.map((value, at) => {
    const px = x + (at / Math.max(1, values.length - 1)) * PANEL_WIDTH;
    const py = floor - (highest > 0 ? value / highest : 0) * PANEL_HEIGHT;
    return `${px.toFixed(1)},${py.toFixed(1)}`;
  });
  return [
    text(x, y + 14, `${title} (highest ${digits(highest)})`, 'title'),
    `<line class="axis" x1="${x}" y1="${floor}" x2="${x + PANEL_WIDTH}" y2="${floor}"/>`,
    `<polyline class="line" points="${points.join(' ')}"/>`,
  ].join('\n');
}
