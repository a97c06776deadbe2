import { PREVIOUS } from './previous.js';
import type { Outcome, Table, Target } from './outcome.js';

/** A Markdown table whose columns line up, so that it reads well on a terminal too. */
export function markdownTable({ columns, rows }: Omit<Table, 'title'>): string {
  const widths = columns.map((column, at) =>
    Math.max(3, column.length, ...rows.map((row) => row[at]?.length ?? 0)),
  );
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, at) => pad(cell, widths[at] ?? 0, at)).join(' | ')} |`;
  const rule = widths.map((width, at) => (at ? `${'-'.repeat(width - 1)}:` : '-'.repeat(width)));
  return [line(columns), `| ${rule.join(' | ')} |`, ...rows.map(line)].join('\n');
}

/** The first column holds words, the others figures. */
function pad(cell: string, width: number, at: number): string {
  return at ? cell.padStart(width) : cell.padEnd(width);
}

export function targetsTable(targets: readonly Target[]): string {
  return markdownTable({
    columns: ['what', 'at least / at most', `on ${PREVIOUS.date}`, 'reached', ''],
    rows: targets.map(({ what, wanted, reached, pass }) => [
      what,
      wanted,
      PREVIOUS.reached.get(what) ?? '–',
      reached,
      pass ? 'reached' : 'MISSED',
    ]),
  });
}

export function section({ title, about, tables }: Outcome): string {
  const parts = tables.map((table) => `**${table.title}**\n\n${markdownTable(table)}`);
  return [`## ${title}`, about, ...parts].join('\n\n');
}
