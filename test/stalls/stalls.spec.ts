import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { waitFor } from '../support/conditions.js';
import { Harness } from '../support/harness.js';
import { type Message, Program } from '../support/program.js';

const PROGRAM = new URL('./programs/stalling.mjs', import.meta.url);
// A busy machine may take half a second to answer a call, which is no stall of the process.
const OPERATION_TIMEOUT = 1_000;
/** How long the process stands still. */
const STALL = 2 * OPERATION_TIMEOUT;
const STALLS = 3;

interface Ended extends Message {
  type: 'ended';
  answered: number;
  failures: string[];
}

describe('A process that stands still for longer than operationTimeout', () => {
  const harness = Harness.use();

  async function startLoad(name: string): Promise<Program> {
    const options = {
      connection: harness.urlNamed(name),
      tableName: harness.table(),
      cleanup: false,
      operationTimeout: OPERATION_TIMEOUT,
    };
    const program = Program.start(harness, PROGRAM, [JSON.stringify({ options, blockMs: STALL })]);
    await program.heard('ready');
    program.tell('load');
    await waitFor(async () => (await backends(name)).length > 1, { what: 'connections in use' });
    return program;
  }

  async function backends(name: string): Promise<number[]> {
    const rows = await harness.sql<{ pid: number }>(
      'SELECT pid FROM pg_stat_activity WHERE application_name = $1 ORDER BY pid',
      [name],
    );
    return rows.map(({ pid }) => pid);
  }

  /** The backends that are there before each stall are there when all is answered after the last one. */
  async function expectUnharmed(
    name: string,
    stall: (program: Program, nth: number) => Promise<void>,
  ): Promise<void> {
    const program = await startLoad(name);
    const before = new Set<number>();
    for (let n = 1; n <= STALLS; n++) {
      for (const pid of await backends(name)) before.add(pid);
      await stall(program, n);
    }
    program.tell('end');
    const { failures, answered } = await program.heard<Ended>('ended');
    expect(failures).toEqual([]);
    expect(answered).toBeGreaterThan(0);
    expect(await backends(name)).toEqual(expect.arrayContaining([...before]));
  }

  it('because its event loop is blocked fails no call and loses no connection', async () => {
    await expectUnharmed(`blocked-${harness.table()}`, async (program, n) => {
      program.tell('block');
      await waitFor(() => program.count('blocked') === n, { what: 'the end of the stall' });
    });
  });

  it('because it is frozen from outside fails no call and loses no connection', async () => {
    await expectUnharmed(`frozen-${harness.table()}`, async (program) => {
      program.signal('SIGSTOP');
      // Frozen, it can tell nothing that could be awaited.
      await sleep(STALL);
      program.signal('SIGCONT');
    });
  });
});
