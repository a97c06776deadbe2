import { beforeAll, describe, expect, it } from '@jest/globals';
import { checkSchema } from '../../lib/sql/schema-init.js';
import type { Statement } from '../../lib/sql/statement.js';
import { buildStatements } from '../../lib/sql/statements.js';
import { tableNames } from '../../lib/sql/table-name.js';
import { celerisDdl } from '../support/catalog.js';
import { Harness } from '../support/harness.js';
import { findFaults, type Catalog } from './support/modification-rules.js';
import { parseStatement, readCatalog } from './support/parsed-statement.js';

/** Utility commands, which PostgreSQL does not parse any further. */
const UTILITIES = ['TRUNCATE'];

const MUTABLE = 'a function that is not immutable';

describe('statements that a distributed table takes', () => {
  const harness = Harness.use();
  let catalog: Catalog;

  beforeAll(async () => {
    catalog = await readCatalog(harness);
    const { close } = await harness.startStore({ tableName: 'own' });
    await close();
    await harness.sql(celerisDdl('celeris'));
  });

  /** Those that a table of this layout would get if it were distributed, with those that run before them. */
  async function statementsOn(table: string): Promise<Array<[string, Statement]>> {
    const names = tableNames(table);
    const layout = await checkSchema(
      await harness.connect(),
      { names, readOnly: false },
      { answerTimeout: 10_000, onUnanswered: () => undefined },
    );
    const { setRows, ...statements } = buildStatements({
      ...layout,
      isDistributed: true,
    });
    const all: Record<string, Statement | undefined> = { ...statements, setRows: setRows?.(3) };
    return Object.entries(all)
      .flatMap(([name, statement]): Array<[string, Statement | undefined]> => [
        [name, statement],
        [`first of ${name}`, statement?.first],
      ])
      .flatMap(([name, statement]): Array<[string, Statement]> =>
        statement === undefined || UTILITIES.includes(statement.command) ? [] : [[name, statement]],
      );
  }

  const faultsOf = async (text: string): Promise<string[]> =>
    findFaults(await parseStatement(harness, text), catalog);

  it.each(['own', 'celeris'])(
    'have no function that is not immutable beside a column in a modification (table: %s)',
    async (table) => {
      const statements = await statementsOn(table);
      const faults: Record<string, string[]> = {};
      for (const [name, { text }] of statements) {
        const found = await faultsOf(text);
        if (found.length > 0) faults[name] = found;
      }
      expect(faults).toEqual({});
      const modifications = statements.filter(([, { command }]) => command !== 'SELECT');
      expect(modifications.length).toBeGreaterThan(12);
    },
  );

  it.each([
    [
      `DELETE FROM own AS t WHERE t.id = $1 RETURNING t.expires_at > now()`,
      `RETURNING calls ${MUTABLE}`,
    ],
    [
      `UPDATE own AS t SET expires_at = CASE WHEN $2::boolean THEN now() ELSE t.expires_at END WHERE t.id = $1`,
      `CASE or COALESCE calls ${MUTABLE}`,
    ],
    [
      `INSERT INTO own AS t (id, value) VALUES ($1, $2) ON CONFLICT (id) DO UPDATE SET value = excluded.value WHERE t.expires_at <= now()`,
      `ON CONFLICT calls ${MUTABLE}`,
    ],
    [
      `UPDATE own AS t SET expires_at = t.expires_at + interval '1 day' WHERE t.id = $1`,
      `${MUTABLE} is called with a column`,
    ],
    [`DELETE FROM own WHERE expires_at::text = $1`, `${MUTABLE} is called with a column`],
    [`DELETE FROM own WHERE expires_at <= clock_timestamp()`, 'calls a volatile function'],
    [
      `UPDATE own AS t SET value = ($2::bytea[])[1] WHERE t.id = $1`,
      'an element of an array stands alone',
    ],
    [
      `UPDATE own AS t SET value = '' FROM unnest($1::text[]) AS c (id) WHERE t.id = c.id`,
      'reads something beside the table',
    ],
    [
      `DELETE FROM own WHERE id IN (SELECT id FROM own LIMIT 1)`,
      'reads something beside the table',
    ],
  ])('the check finds a fault: %s', async (text, fault) => {
    expect(await faultsOf(text)).toContainEqual(expect.stringContaining(fault));
  });
});
