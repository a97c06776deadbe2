import { describe, expect, it } from '@jest/globals';
import { Harness } from '../support/harness.js';
import { type Message, Program } from '../support/program.js';

interface Closed extends Message {
  type: 'closed';
  timers: number;
}

describe('An application that has closed', () => {
  const harness = Harness.use();

  it('has no timer left that would keep its process', async () => {
    const options = { connection: harness.url, tableName: harness.table(), cleanup: false };
    const file = new URL('programs/timers-left.mjs', import.meta.url);
    const program = Program.start(harness, file, [JSON.stringify(options)]);
    expect(await program.heard<Closed>('closed')).toMatchObject({ timers: 0 });
    expect(await program.ended).toEqual({ code: 0, signal: null });
  });
});
