import { describe, expect, it } from '@jest/globals';
import { Harness } from '../support/harness.js';
import { type Message, Program } from '../support/program.js';

const PROGRAM = new URL('./programs/cls.mjs', import.meta.url);

interface Seen extends Message {
  type: 'seen';
  requests: Array<{ id: string; seen: string[] }>;
}

describe('nestjs-cls', () => {
  const harness = Harness.use();

  it('finds the request of each caller in the function of update, and behind every call', async () => {
    const options = { connection: harness.url, tableName: harness.table() };
    const program = Program.start(harness, PROGRAM, [JSON.stringify(options)]);
    const { requests } = await program.heard<Seen>('seen');
    expect(requests).toHaveLength(300);
    expect(requests).toEqual(requests.map(({ id }) => ({ id, seen: [id, id, id] })));
    expect(await program.ended).toEqual({ code: 0, signal: null });
    expect(program.output).toBe('');
  });
});
