import { describe, expect, it } from '@jest/globals';
import { TcpProxy } from '../faults/support/tcp-proxy.js';
import { Harness } from '../support/harness.js';
import { Program } from '../support/program.js';

const SCRIPT = new URL('../faults/programs/script.mjs', import.meta.url);

describe('A script that awaits its calls', () => {
  const harness = Harness.use();

  it('lives until they have settled, in a black hole too', async () => {
    const proxy = await TcpProxy.before(harness);
    // Behind the start.
    const tableName = harness.table();
    await (await harness.startStore({ tableName })).close();
    proxy.swallowFrom(`INTO "${harness.schema}"."${tableName}"`);
    const options = { connection: proxy.url(harness.url), tableName, operationTimeout: 1_500 };
    const script = Program.start(harness, SCRIPT, [JSON.stringify({ ...options, cleanup: false })]);
    expect(await script.ended).toEqual({ code: 0, signal: null });
    expect(script.messages).toEqual([{ type: 'settled', codes: ['ERR_TIMEOUT', 'ERR_TIMEOUT'] }]);
  });
});
