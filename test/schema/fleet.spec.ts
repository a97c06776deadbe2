import { describe, expect, it } from '@jest/globals';
import { indexesOf } from '../support/catalog.js';
import { Harness } from '../support/harness.js';
import { Program } from '../support/program.js';

const PROCESSES = 32;
const TIMEOUT = 120_000;
const BOOT = new URL('programs/boot.mjs', import.meta.url);

describe('processes that boot at once', () => {
  const harness = Harness.use();

  it(
    `all ${PROCESSES} succeed on an empty database, and end by themselves`,
    async () => {
      const table = harness.table();
      const names = Array.from({ length: PROCESSES }, (_, n) => `process-${n}`);
      const programs = names.map((name) =>
        Program.start(harness, BOOT, [harness.url, table, name]),
      );
      // Nobody starts before everybody has loaded.
      await Promise.all(programs.map((program) => program.heard('ready')));
      programs.forEach((program) => program.tell('go'));
      const ends = await Promise.all(programs.map(({ ended }) => ended));
      const output = programs.map((program) => program.output).join('');
      expect({ ends, output }).toEqual({
        ends: names.map(() => ({ code: 0, signal: null })),
        output: '',
      });
      const rows = await harness.sql<{ id: string }>(`SELECT id FROM ${table}`);
      expect(rows.map(({ id }) => id).toSorted()).toEqual(names.toSorted());
      const indexes = await indexesOf(harness, table);
      expect(indexes.filter(({ name }) => name === `${table}_expires_at`)).toHaveLength(1);
    },
    TIMEOUT,
  );
});
