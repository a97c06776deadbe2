import { describe, expect, it } from '@jest/globals';
import { Harness } from '../support/harness.js';
import { Program, type Message } from '../support/program.js';

const PROGRAM = new URL('./programs/requests-in-context.mjs', import.meta.url);

interface Done extends Message {
  requests: Array<{ n: number; users: number[]; value: string }>;
  count: number;
  atRest: boolean;
}

describe('A store beside nestjs-cls', () => {
  const harness = Harness.use();

  it('keeps many concurrent requests in their own contexts, callbacks of update and an ORM included', async () => {
    const program = Program.start(harness, PROGRAM, [harness.url, harness.table()]);
    const { requests, count, atRest } = await program.heard<Done>('done');
    for (const { n, users, value } of requests) {
      expect(new Set(users)).toEqual(new Set([n]));
      expect(value).toBe(`value ${n} of ${n}`);
    }
    expect(count).toBe(requests.length);
    expect(atRest).toBe(true);
    expect((await program.ended).code).toBe(0);
  });
});
