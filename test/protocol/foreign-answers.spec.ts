import { describe, expect, it } from '@jest/globals';
import { settle, type Settled } from '../faults/support/settle.js';
import { ownFailureOf } from '../support/failures.js';
import { Harness } from '../support/harness.js';
import { type StoreOptions } from '../support/app.js';
import { waitFor } from '../support/conditions.js';
import { POOLS, SETUPS, startBehindProxy, type BehindProxy } from './support/behind-proxy.js';
import { getNeighbours, NEIGHBOURS, NEIGHBOUR_VALUES, text } from './support/every-call.js';
import {
  FOREIGN_KEY,
  FOREIGN_ROWS,
  FOREIGN_VALUE,
  KEY,
  OTHER_CALLS,
  OTHER_ROWS,
  OWNER,
  RANGE_DELETES,
  READS,
  WHOLE_FOREIGN_ROW,
  type AskingCall,
  type Forgery,
} from './support/forgeries.js';
import type { Row } from './support/messages.js';
import { asksFor, RowForger } from './support/rewriting.js';

/** The bound of a read that is tried again and again. */
const READ_TIMEOUT = 1_500;

interface Forged extends BehindProxy {
  forger: RowForger;
}

interface Case {
  call: AskingCall;
  forgery: Forgery;
}

const cases = (calls: readonly AskingCall[], forgeries: readonly Forgery[]) =>
  calls.flatMap((call) =>
    forgeries.map((forgery) => ({ call, forgery, title: `${call.call}: ${forgery.answer}` })),
  );

describe.each(POOLS)('An answer that belongs to somebody else, on $pool,', ({ pool }) => {
  const harness = Harness.use();

  async function start(
    { call, forgery }: Case,
    times: number,
    options: Pick<StoreOptions, 'operationTimeout'> = {},
  ): Promise<Forged> {
    const running = await startBehindProxy(harness, pool, options);
    const { store, proxy } = running;
    await store.setMany(NEIGHBOURS);
    await store.setMany(
      [
        [KEY, call.stored],
        [FOREIGN_KEY, FOREIGN_VALUE],
      ],
      { owner: OWNER },
    );
    const forge = (rows: Row[]): Row[] => forgery.forge(rows, call);
    const forger = new RowForger(asksFor(call.asksFor ?? KEY), forge, times);
    proxy.rewriting = forger.rewriting;
    return { ...running, forger };
  }

  it.each([...cases(READS, [...FOREIGN_ROWS, ...OTHER_ROWS]), ...cases(OTHER_CALLS, FOREIGN_ROWS)])(
    'is given to no call, and its connection is given up ($title)',
    async (forged) => {
      const running = await start(forged, 1);
      const { call } = forged;
      expectOwnAnswer(await settle(() => call.run(running.store)), call.expected);
      await expectToBeGivenUp(running);
      expect(await getNeighbours(running.store)).toEqual(NEIGHBOUR_VALUES);
      expect(text(await running.store.get(FOREIGN_KEY))).toBe(FOREIGN_VALUE);
    },
  );

  it.each(cases(RANGE_DELETES, FOREIGN_ROWS))(
    'deletes nothing else than what was asked for ($title)',
    async (forged) => {
      const running = await start(forged, 1);
      const { call } = forged;
      const outcome = await settle(() => call.run(running.store));
      expect(text(await running.store.get(FOREIGN_KEY))).toBe(FOREIGN_VALUE);
      expectOwnAnswer(outcome, call.expected);
      await expectToBeGivenUp(running);
    },
  );

  it.each(cases(READS, [WHOLE_FOREIGN_ROW]))(
    'fails a read that gets no other one, and only that ($title)',
    async (forged) => {
      const running = await start(forged, Infinity, { operationTimeout: READ_TIMEOUT });
      const error = await ownFailureOf(forged.call.run(running.store));
      const { code, cause } = error;
      expect([code, (cause as { code?: string } | undefined)?.code]).toContain('ERR_PROTOCOL');
      await expectToBeGivenUp(running);
      running.proxy.reset();
      expect(await getNeighbours(running.store)).toEqual(NEIGHBOUR_VALUES);
    },
  );

  it('is not taken for that of a batch of gets when another store found nothing', async () => {
    const { proxy, store, pool: clients } = await startBehindProxy(harness, pool);
    const other = await harness.startStore({
      ...{ pool: clients, cleanup: false, tableName: harness.table() },
    });
    await store.setMany(NEIGHBOURS);
    let nothing: Row[] = [];
    const observer = new RowForger(asksFor('absent'), (rows) => (nothing = rows));
    proxy.rewriting = observer.rewriting;
    expect(await other.store.getMany(['absent 1', 'absent 2'])).toEqual(new Map());
    const forger = new RowForger(asksFor('key '), () => nothing, 1);
    proxy.rewriting = forger.rewriting;
    const outcome = await settle(async () => {
      const found = await store.getMany(NEIGHBOURS.map(([key]) => key));
      return [...found.values()].map(text);
    });
    expectOwnAnswer(
      outcome,
      NEIGHBOURS.map(([, value]) => value),
    );
    await expectToBeGivenUp({ proxy, forger });
  });
});

describe.each(SETUPS)('Answers that are each one behind on $setup', ({ pool, options }) => {
  const harness = Harness.use();

  it('reach no call of theirs', async () => {
    const { proxy, store } = await startBehindProxy(harness, pool, options);
    await store.setMany(NEIGHBOURS);
    let previous: Row[] | undefined;
    const forger = new RowForger(asksFor('key '), (rows) => {
      const answer = previous ?? rows;
      previous = rows;
      return answer;
    });
    proxy.rewriting = forger.rewriting;
    for (const [key, value] of NEIGHBOURS) {
      expectOwnAnswer(await settle(async () => text(await store.get(key))), value);
    }
    expect(forger.connections.length).toBeGreaterThan(0);
    proxy.reset();
    expect(await getNeighbours(store)).toEqual(NEIGHBOUR_VALUES);
  });
});

/** An error will do as well, where it says that the answer was not the call's. */
function expectOwnAnswer({ value, error }: Settled<unknown>, expected: unknown): void {
  if (error === undefined) {
    expect(value).toEqual(expected);
  } else {
    const codes = ['ERR_PROTOCOL', 'ERR_OUTCOME_UNKNOWN'];
    expect(codes).toContain((error as { code?: string }).code);
  }
}

async function expectToBeGivenUp({
  proxy,
  forger: { connections },
}: Pick<Forged, 'proxy' | 'forger'>): Promise<void> {
  expect(connections.length).toBeGreaterThan(0);
  await waitFor(() => connections.every((connection) => !proxy.isOpen(connection)), {
    what: 'the end of the connections with a forged answer',
  });
}
