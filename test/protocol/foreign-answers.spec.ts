import { describe, expect, it } from '@jest/globals';
import { settle, type Settled } from '../faults/support/settle.js';
import { ownFailureOf } from '../module/support/failures.js';
import { Harness } from '../module/support/harness.js';
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
  READS,
  type AskingCall,
  type Forgery,
} from './support/forgeries.js';
import type { Row } from './support/messages.js';
import { asksFor, RowForger } from './support/rewriting.js';

const ROWS = [...FOREIGN_ROWS, ...OTHER_ROWS];
const READS_AND_ROWS = READS.flatMap((call) => ROWS.map((forgery) => ({ call, forgery })));
const CALLS_AND_ROWS = OTHER_CALLS.flatMap((call) =>
  FOREIGN_ROWS.map((forgery) => ({ call, forgery })),
);
const titled = <T extends { call: AskingCall; forgery: Forgery }>(cases: T[]) =>
  cases.map((each) => ({ ...each, title: `${each.call.call}: ${each.forgery.answer}` }));

describe.each(POOLS)('An answer that belongs to somebody else, on $pool,', ({ pool }) => {
  const harness = Harness.use();

  async function start({ stored }: AskingCall): Promise<BehindProxy> {
    const running = await startBehindProxy(harness, pool, { operationTimeout: 2_000 });
    await running.store.setMany([...NEIGHBOURS, [KEY, stored], [FOREIGN_KEY, FOREIGN_VALUE]]);
    return running;
  }

  function forgeAnswers(
    { proxy }: BehindProxy,
    { call, forgery }: { call: AskingCall; forgery: Forgery },
    times?: number,
  ): RowForger {
    const forge = (rows: Row[]): Row[] => forgery.forge(rows, call);
    const forger = new RowForger(asksFor(KEY), forge, times);
    proxy.rewriting = forger.rewriting;
    return forger;
  }

  it.each(titled([...READS_AND_ROWS, ...CALLS_AND_ROWS]))(
    'is given to no call, and its connection is given up ($title)',
    async ({ call, forgery }) => {
      const running = await start(call);
      const forger = forgeAnswers(running, { call, forgery }, 1);
      expectOwnAnswer(await settle(() => call.run(running.store)), call.expected);
      await expectToBeGivenUp(running, forger);
      expect(await getNeighbours(running.store)).toEqual(NEIGHBOUR_VALUES);
      expect(text(await running.store.get(FOREIGN_KEY))).toBe(FOREIGN_VALUE);
    },
  );

  it.each(titled(READS_AND_ROWS))(
    'fails a read that gets no other one, and only that ($title)',
    async ({ call, forgery }) => {
      const running = await start(call);
      const forger = forgeAnswers(running, { call, forgery });
      const error = await ownFailureOf(call.run(running.store));
      expect([error.code, (error.cause as { code?: string } | undefined)?.code]).toContain(
        'ERR_PROTOCOL',
      );
      await expectToBeGivenUp(running, forger);
      running.proxy.reset();
      expect(await getNeighbours(running.store)).toEqual(NEIGHBOUR_VALUES);
    },
  );
});

describe.each(SETUPS)('Answers that are each one behind on $setup', ({ pool, options }) => {
  const harness = Harness.use();

  it('reach no call of theirs', async () => {
    const setup = { ...options, operationTimeout: 2_000 };
    const { proxy, store } = await startBehindProxy(harness, pool, setup);
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

async function expectToBeGivenUp({ proxy }: BehindProxy, { connections }: RowForger) {
  expect(connections.length).toBeGreaterThan(0);
  await waitFor(() => connections.every((connection) => !proxy.isOpen(connection)), {
    what: 'the end of the connections with a forged answer',
  });
}
