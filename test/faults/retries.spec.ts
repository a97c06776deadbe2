import { beforeEach, describe, expect, it } from '@jest/globals';
import type { PostgresSessionStore } from '../../lib/index.js';
import { freePort } from '../../tools/free-port.js';
import { waitFor } from '../support/conditions.js';
import { Harness } from '../support/harness.js';
import { codeOf, settle } from './support/settle.js';
import { TcpProxy } from './support/tcp-proxy.js';

/** In no statement's text, and in no range, so that the proxy can tell the writes that name it. */
const KEY = 'r:answer-is-cut';

interface Write {
  name: string;
  call: (store: PostgresSessionStore) => Promise<unknown>;
  /** What it answers if the lost try took effect, and it is tried again. */
  answer: unknown;
  /** What there is of the entry afterwards. */
  left: string | undefined;
}

const WRITES: Write[] = [
  { name: 'set', call: (store) => store.set(KEY, 'w'), answer: undefined, left: 'w' },
  { name: 'setIfPresent', call: (store) => store.setIfPresent(KEY, 'w'), answer: true, left: 'w' },
  { name: 'touch', call: (store) => store.touch(KEY, 60_000), answer: true, left: 'v' },
  { name: 'delete', call: (store) => store.delete(KEY), answer: false, left: undefined },
  {
    name: 'setMany',
    call: (store) =>
      store.setMany([
        [KEY, 'w'],
        ['other', 'w'],
      ]),
    answer: undefined,
    left: 'w',
  },
  { name: 'deleteMany', call: (store) => store.deleteMany([KEY]), answer: 0, left: undefined },
  {
    name: 'deletePrefix',
    call: (store) => store.deletePrefix('r:'),
    answer: undefined,
    left: undefined,
  },
  { name: 'deleteOwner', call: (store) => store.deleteOwner('o'), answer: 0, left: undefined },
];

describe('A write whose answer is lost', () => {
  const harness = Harness.useServer();
  let proxy: TcpProxy;
  let tableName: string;

  beforeEach(async () => {
    proxy = await TcpProxy.before(harness);
    tableName = harness.table();
  });

  /** Behind the proxy, with an entry, and a connection on which it is known. */
  async function startStore(retryWrites?: boolean): Promise<PostgresSessionStore> {
    // One connection, so that there is no other to try again on at once.
    const connection = { connectionString: proxy.url(harness.url), max: 1 };
    const { store } = await harness.startStore({ connection, tableName, retryWrites });
    await store.set(KEY, 'v', { owner: 'o' });
    return store;
  }

  async function entry(): Promise<string | undefined> {
    const [row] = await harness.sql<{ value: Buffer }>(
      `SELECT value FROM ${tableName} WHERE id = $1`,
      [KEY],
    );
    return row?.value.toString();
  }

  it.each(WRITES)('is tried again: $name', async ({ call, answer, left }) => {
    const store = await startStore();
    const before = proxy.accepted;
    proxy.cutAnswerTo(KEY);
    expect(await call(store)).toEqual(answer);
    expect(proxy.accepted).toBeGreaterThan(before);
    expect(await entry()).toBe(left);
  });

  it.each(WRITES)(
    'rejects with ERR_OUTCOME_UNKNOWN under retryWrites: false: $name',
    async ({ call, left }) => {
      const store = await startStore(false);
      proxy.cutAnswerTo(KEY);
      expect(codeOf(await settle(() => call(store)))).toBe('ERR_OUTCOME_UNKNOWN');
      // It had taken effect, and later calls on its key work.
      expect(await entry()).toBe(left);
      expect((await store.get(KEY))?.toString()).toBe(left);
      await store.set(KEY, 'later');
      expect(await entry()).toBe('later');
    },
  );

  /** Replica A loses the answer to its write, and replica B writes before A can try again. */
  async function writeBetween(retryWrites: boolean): Promise<string> {
    const a = await startStore(retryWrites);
    const { store: b } = await harness.startStore({ tableName });
    proxy.target(await freePort());
    proxy.cutAnswerTo(KEY);
    const first = settle(() => a.set(KEY, 'a'));
    await waitFor(async () => (await b.get(KEY))?.toString() === 'a', { what: 'A’s first try' });
    await b.set(KEY, 'b');
    proxy.target(harness.server.port);
    return codeOf(await first);
  }

  it('undoes, when it is tried again, what another replica was told in between', async () => {
    expect(await writeBetween(true)).toBe('ok');
    expect(await entry()).toBe('a');
  });

  it('undoes nothing of another replica’s under retryWrites: false', async () => {
    expect(await writeBetween(false)).toBe('ERR_OUTCOME_UNKNOWN');
    expect(await entry()).toBe('b');
  });

  it.each(['40001', '40P01'])(
    'is tried again, whatever retryWrites says, if the server says that it had no effect (%s)',
    async (sqlState) => {
      const store = await startStore(false);
      await harness.sql(`
        CREATE SEQUENCE ${tableName}_tries;
        CREATE FUNCTION ${tableName}_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
          BEGIN
            IF nextval('${tableName}_tries') = 1 THEN RAISE SQLSTATE '${sqlState}'; END IF;
            RETURN NEW;
          END $$;
        CREATE TRIGGER refuse BEFORE INSERT ON ${tableName}
          FOR EACH ROW EXECUTE FUNCTION ${tableName}_refuse()`);
      await expect(store.set(KEY, 'w')).resolves.toBeUndefined();
      expect(await entry()).toBe('w');
      await harness.sql(`ALTER SEQUENCE ${tableName}_tries RESTART`);
      await expect(store.increment('count')).resolves.toBe(1);
    },
  );
});
