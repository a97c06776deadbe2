import { describe, expect, it } from '@jest/globals';
import type { Pool } from 'pg';
import { scale } from '../faults/support/report.js';
import { codeOf, settle } from '../faults/support/settle.js';
import { failureOf, ownFailureOf } from '../support/failures.js';
import { Harness } from '../support/harness.js';
import { REFUSED, SETUPS, startBehindProxy } from './support/behind-proxy.js';
import { getNeighbours, NEIGHBOURS, NEIGHBOUR_VALUES, text } from './support/every-call.js';
import { errorResponse } from './support/messages.js';
import { CUTS, holdBehindErrors, Splitter } from './support/packing.js';
import { asksFor, FailOnce } from './support/rewriting.js';

/** How long the server is not ready after an error, in turns of the event loop. */
const DELAYS = Array.from({ length: 25 }, (_, turns) => turns);
const CONNECTIONS = [1, 4];
const TIMEOUT = scale(60_000, 300_000);

describe.each(SETUPS)('Gets on $setup', ({ pool, options }) => {
  const harness = Harness.use();

  it.each(CUTS)(
    'get their own answers beside a refused set when $what arrives in two pieces, cut at each byte',
    async ({ cutWith }) => {
      const { proxy, store } = await startWithNeighbours(harness, pool, options);
      expect(await getNeighbours(store)).toEqual(NEIGHBOUR_VALUES);
      const splitter = new Splitter();
      proxy.packing = cutWith(splitter);
      await splitter.walk(async (cutAt) => {
        const refused = ownFailureOf(store.set('refused', REFUSED));
        const written = store.set('written', `value ${cutAt}`);
        const values = await getNeighbours(store);
        await written;
        const { code } = await refused;
        expect([cutAt, code, ...values]).toEqual([cutAt, 'ERR_QUERY', ...NEIGHBOUR_VALUES]);
        expect(text(await store.get('written'))).toBe(`value ${cutAt}`);
      });
    },
    TIMEOUT,
  );

  it.each(CONNECTIONS)(
    'get their own answers when the server is ready late after a refused set (connections: %i)',
    async (connections) => {
      const { proxy, store } = await startWithNeighbours(harness, pool, {
        ...options,
        connections,
      });
      for (const delay of DELAYS) {
        proxy.packing = holdBehindErrors(delay);
        const refused = ownFailureOf(store.set('refused', REFUSED));
        const written = store.set('written', `value ${delay}`);
        const values = await getNeighbours(store);
        await written;
        const { code } = await refused;
        expect({ delay, code, values }).toEqual({
          delay,
          code: 'ERR_QUERY',
          values: NEIGHBOUR_VALUES,
        });
        expect([delay, ...(await getNeighbours(store))]).toEqual([delay, ...NEIGHBOUR_VALUES]);
        expect(text(await store.get('written'))).toBe(`value ${delay}`);
      }
    },
  );

  it.each(CONNECTIONS)(
    'get their own answers when the server is ready late in a failed transaction (connections: %i)',
    async (connections) => {
      const { proxy, store } = await startWithNeighbours(harness, pool, {
        ...options,
        connections,
      });
      for (const delay of DELAYS) {
        proxy.packing = holdBehindErrors(delay);
        const refused = ownFailureOf(
          store.setMany([
            ['missing', 'value'],
            ['refused', REFUSED],
          ]),
        );
        const values = await getNeighbours(store);
        const { code } = await refused;
        expect({ delay, code, values }).toEqual({
          delay,
          code: 'ERR_QUERY',
          values: NEIGHBOUR_VALUES,
        });
        expect([delay, ...(await getNeighbours(store))]).toEqual([delay, ...NEIGHBOUR_VALUES]);
      }
    },
  );

  it.each(CONNECTIONS)(
    'get their own answers behind one that fails (connections: %i)',
    async (connections) => {
      const { proxy, store } = await startWithNeighbours(harness, pool, {
        ...options,
        connections,
      });
      await store.set('first', 'value');
      for (const delay of DELAYS) {
        proxy.packing = holdBehindErrors(delay);
        const failure = new FailOnce(asksFor('first'));
        proxy.rewriting = failure.rewriting;
        const first = settle(() => store.get('first'));
        expect([delay, ...(await getNeighbours(store))]).toEqual([delay, ...NEIGHBOUR_VALUES]);
        // It is tried again by itself when others travelled with it.
        expect(['ok', 'ERR_QUERY']).toContain(codeOf(await first));
        expect(failure.hasFailed).toBe(true);
        expect(text(await store.get('first'))).toBe('value');
      }
    },
  );
});

describe.each(SETUPS)('Gets on $setup that the application uses too', ({ pool: kind, options }) => {
  const harness = Harness.use();

  it.each(CONNECTIONS)(
    'get their own answers after a query that failed before the server is ready (connections: %i)',
    async (connections) => {
      const { proxy, pool, store } = await startWithNeighbours(harness, kind, {
        ...options,
        connections,
      });
      for (const delay of DELAYS) {
        proxy.packing = holdBehindErrors(delay);
        await failAQuery(pool);
        expect([delay, ...(await getNeighbours(store))]).toEqual([delay, ...NEIGHBOUR_VALUES]);
      }
    },
  );
});

/** With the entries that others ask for meanwhile. */
async function startWithNeighbours(
  ...setup: Parameters<typeof startBehindProxy>
): ReturnType<typeof startBehindProxy> {
  const running = await startBehindProxy(...setup);
  await running.store.setMany(NEIGHBOURS);
  return running;
}

/** As an application that does nothing wrong: the client goes back as soon as the query has failed. */
async function failAQuery(pool: Pool): Promise<void> {
  const client = await pool.connect();
  try {
    await failureOf(client.query('SELECT 1/0'));
  } finally {
    client.release();
  }
}

describe('What a pooler says of a name that it does not know', () => {
  const harness = Harness.use();

  it('is ERR_PREPARED_STATEMENTS and no lost connection, under 08P01 too', async () => {
    const { proxy, store } = await startBehindProxy(harness, 'an own pool');
    await store.set('k', 'v');
    await store.get('k');
    const reason = 'prepared statement "postgres_session_get" is already in use';
    proxy.rewriting = new FailOnce(asksFor('k'), errorResponse('08P01', reason)).rewriting;
    const error = await ownFailureOf(store.get('k'));
    expect(error.code).toBe('ERR_PREPARED_STATEMENTS');
    expect(error.message).toContain("pooler: 'transaction'");
  });
});
