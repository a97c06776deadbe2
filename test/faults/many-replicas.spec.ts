import { describe, expect, it } from '@jest/globals';
import type { RunningStore } from '../support/app.js';
import { Harness } from '../support/harness.js';
import { report } from './support/report.js';
import { codeOf, settleAll } from './support/settle.js';

const MAX_CONNECTIONS = 20;
/** Together they would take three times as many connections as there are. */
const REPLICAS = 6;
const CONNECTIONS = 10;

describe(`${REPLICAS} replicas of ${CONNECTIONS} connections on a server with ${MAX_CONNECTIONS}`, () => {
  const harness = Harness.useServer({
    settings: { max_connections: String(MAX_CONNECTIONS), log_connections: 'on' },
  });

  async function attempts(): Promise<number> {
    return (await harness.server.log()).split('connection received').length - 1;
  }

  it('all start, all calls succeed, and no storm of connections comes of it', async () => {
    const replicas: RunningStore[] = await Promise.all(
      Array.from({ length: REPLICAS }, () =>
        harness.startStore({
          connection: { connectionString: harness.url, max: CONNECTIONS },
          retryAttempts: 100,
          retryDelay: 50,
        }),
      ),
    );
    const started = await attempts();
    const begun = performance.now();
    const codes = new Set<string>();
    for (let round = 0; round < 5; round++) {
      const calls = replicas.flatMap(({ store }, replica) =>
        Array.from({ length: 40 }, (_, n) => () => {
          const key = `${replica}:${n}`;
          return n % 2 === 0 ? store.increment(key) : store.setIfAbsent(key, 'v');
        }),
      );
      for (const call of await settleAll(calls)) codes.add(codeOf(call));
    }
    const seconds = (performance.now() - begun) / 1_000;
    const made = (await attempts()) - started;
    report(
      `${REPLICAS} replicas, ${MAX_CONNECTIONS} connections: ${started} attempts to start, ${made} in ${seconds.toFixed(1)} s of load`,
    );
    expect(codes).toEqual(new Set(['ok']));
    // Each fills its pool once, and asks a server that is full a few times a second.
    expect(made).toBeLessThan(REPLICAS * (CONNECTIONS + 10 * (seconds + 1)));
  });
});
