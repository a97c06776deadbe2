import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import { describe, expect, it } from '@jest/globals';
import { waitFor } from '../support/conditions.js';
import { Harness } from '../support/harness.js';
import { blockedBy } from '../support/locks.js';
import { Program, type ProgramEnd } from '../support/program.js';

const HTTP_APP = new URL('programs/http-app.mjs', import.meta.url);
const FAILING_APP = new URL('programs/failing-app.mjs', import.meta.url);
const REQUESTS = 64;

/** One request on a connection of its own: a kept one would hold up the server's end. */
async function answerOf(url: string): Promise<{ status?: number; body: string }> {
  const [response] = (await once(get(url, { agent: false }), 'response')) as [IncomingMessage];
  return { status: response.statusCode, body: await text(response) };
}

interface Listening {
  type: 'listening';
  url: string;
}

const TIMEOUT = 90_000;

describe('SIGTERM with 64 requests in flight', () => {
  const harness = Harness.use();

  async function endUnderLoad(mode: 'hooks' | 'own handler'): Promise<ProgramEnd> {
    const table = harness.table();
    await (await harness.startStore({ tableName: table })).close();
    const program = Program.start(harness, HTTP_APP, [harness.url, table, mode]);
    const { url } = await program.heard<Listening>('listening');

    const holder = await harness.connect();
    await holder.query('BEGIN');
    await holder.query(`LOCK TABLE ${table} IN SHARE MODE`);
    const answers = Promise.all(
      Array.from({ length: REQUESTS }, (_, n) => answerOf(`${url}/session-${n}`)),
    );
    await waitFor(() => program.count('request') === REQUESTS, { timeout: TIMEOUT });
    await blockedBy(harness, holder);
    program.signal('SIGTERM');
    await program.heard('closing');
    await holder.query('ROLLBACK');

    expect(await answers).toEqual(
      Array.from({ length: REQUESTS }, () => ({ status: 200, body: 'value 1' })),
    );
    const end = await program.ended;
    expect(program.output).toBe('');
    expect(await harness.sql(`SELECT FROM ${table}`)).toHaveLength(2 * REQUESTS);
    return end;
  }

  it(
    'answers each of them, then ends as Nest ends it',
    async () => {
      expect(await endUnderLoad('hooks')).toEqual({ code: null, signal: 'SIGTERM' });
    },
    TIMEOUT,
  );

  it(
    'answers each of them, and leaves nothing that holds the process',
    async () => {
      expect(await endUnderLoad('own handler')).toEqual({ code: 0, signal: null });
    },
    TIMEOUT,
  );
});

describe('a start that fails', () => {
  const harness = Harness.use();

  it(
    'leaves nothing that holds the process',
    async () => {
      const program = Program.start(harness, FAILING_APP, [harness.url]);
      await program.heard('failed');
      expect(await program.ended).toEqual({ code: 0, signal: null });
    },
    TIMEOUT,
  );
});
