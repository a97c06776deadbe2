import { beforeAll, describe, expect, it } from '@jest/globals';
import { ownFailureOf } from '../support/failures.js';
import { Harness } from '../support/harness.js';
import { codeOf, settle } from './support/settle.js';

/** Milliseconds: what the application allows, what a slow write takes, and what the store would allow. */
const OWN = 300;
const SLOW = 5_000;
const OURS = 60_000;

describe("The application's own timeouts", () => {
  const harness = Harness.useServer();

  beforeAll(async () => {
    await (await harness.startStore()).close();
    await harness.sql(`
      CREATE FUNCTION be_slow() RETURNS trigger LANGUAGE plpgsql AS
        'BEGIN IF NEW.id LIKE ''slow%'' THEN PERFORM pg_sleep(${SLOW / 1_000}); END IF; RETURN NEW; END';
      CREATE TRIGGER slow BEFORE INSERT ON celeris_sessions FOR EACH ROW EXECUTE FUNCTION be_slow();
      CREATE ROLE hurried LOGIN SUPERUSER PASSWORD 'postgres';
      ALTER ROLE hurried SET statement_timeout = ${OWN}`);
  });

  const ofRole = (): string => {
    const url = new URL(harness.url);
    url.username = 'hurried';
    return url.href;
  };

  const setups: Array<[string, () => object]> = [
    ['of the role', () => ({ connection: ofRole() })],
    [
      'of `connection`',
      () => ({ connection: { connectionString: harness.url, statement_timeout: OWN } }),
    ],
    [
      'of the role, with operationTimeout: false',
      () => ({ connection: ofRole(), operationTimeout: false }),
    ],
  ];

  it.each(setups)(
    'hold if they are shorter, in every write: statement_timeout %s',
    async (_, options) => {
      const { store } = await harness.startStore({ operationTimeout: OURS, ...options() });
      const many = Array.from({ length: 300 }, (_unused, n): [string, string] => [
        `slow ${n}`,
        'v',
      ]);
      const writes = [
        () => store.set('slow', 'v'),
        () => store.increment('slow'),
        () => store.setMany(many),
      ];
      for (const write of writes) {
        const refused = await settle<unknown>(write);
        expect(codeOf(refused)).toBe('ERR_TIMEOUT');
        expect(String(refused.error)).toContain('statement_timeout');
        expect(refused.ms).toBeLessThan(SLOW);
      }
      await store.set('fast', 'v');
    },
  );

  it('hold if they are shorter, in schema init: lock_timeout', async () => {
    const holder = await harness.connect();
    await holder.query('BEGIN; LOCK TABLE celeris_sessions; CREATE TABLE waited_for (id int)');
    const options = { tableName: 'waited_for', schemaLockTimeout: OURS };
    const connection = { connectionString: harness.url, lock_timeout: OWN };
    const error = await ownFailureOf(harness.startStore({ ...options, connection }));
    expect(error.code).toBe('ERR_SCHEMA_INIT');
    await holder.query('ROLLBACK');
  });
});
