import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { REPOSITORY } from './support/commands.js';

const DOCUMENT = 'docs/production.md';
/** Two screens of 60 lines. */
const LONGEST = 120;

let lines: string[];

beforeAll(async () => {
  lines = (await readFile(join(REPOSITORY, DOCUMENT), 'utf8')).split('\n');
});

describe(DOCUMENT, () => {
  /** Rows of its tables, without their heads. */
  const rows = () =>
    lines.filter((line) => /^\|\s+[^-\s]/.test(line) && !/^\|\s+what\s/.test(line));

  it('names a test beside each line, and each is there', () => {
    expect(rows().length).toBeGreaterThan(15);
    for (const row of rows()) {
      const cell = row.split('|').at(-2) ?? '';
      const named = [...cell.matchAll(/`([\w/-]+)`/g)].map(([, name]) => `test/${name}.spec.ts`);
      expect({ row, named: named.length > 0 }).toEqual({ row, named: true });
      expect(named.filter((path) => !existsSync(join(REPOSITORY, path)))).toEqual([]);
    }
  });

  it('fits on two screens', () => {
    expect(lines.length).toBeLessThanOrEqual(LONGEST);
  });

  it('names no option that does not exist', async () => {
    const readme = await readFile(join(REPOSITORY, 'README.md'), 'utf8');
    const options = [...readme.matchAll(/^\| `(\w+)` +\|/gm)].map(([, name]) => name);
    const text = lines.join('\n');
    const named = [...text.matchAll(/`(\w+): (?:true|false|'\w+')`/g)].map(([, name]) => name);
    expect(named.length).toBeGreaterThan(3);
    expect(named.filter((name) => !options.includes(name))).toEqual([]);
  });
});
