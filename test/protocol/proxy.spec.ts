import { Socket } from 'node:net';
import { beforeEach, describe, expect, it } from '@jest/globals';
import { Client } from 'pg';
import { failureOf } from '../support/failures.js';
import { Harness } from '../support/harness.js';
import { waitFor } from '../support/conditions.js';
import { openProxy } from './support/behind-proxy.js';
import { notification } from './support/messages.js';
import { holdBehindErrors, Splitter } from './support/packing.js';
import type { ProtocolProxy } from './support/protocol-proxy.js';
import { asksFor, FailOnce, putBetween, replaceColumn, RowForger } from './support/rewriting.js';

const QUERY = { text: 'SELECT $1::text AS key', values: ['mine'] };
const NEWS = notification('news', 'something new');

describe('The proxy of these tests', () => {
  const harness = Harness.use();
  let proxy: ProtocolProxy;
  let client: Client;
  let socket: Socket;
  /** How many bytes each packet brought. */
  let packets: number[];
  let notified: number;

  beforeEach(async () => {
    proxy = await openProxy(harness);
    socket = new Socket();
    client = new Client({ connectionString: proxy.url, stream: () => socket });
    await client.connect();
    harness.onEnd(() => client.end());
    packets = [];
    socket.on('data', (chunk: Buffer) => packets.push(chunk.length));
    notified = 0;
    client.on('notification', () => (notified += 1));
  });

  async function ask(): Promise<unknown[]> {
    return (await client.query<{ key: string }>(QUERY)).rows;
  }

  it('delivers an answer in one packet, or in the two pieces it was cut into', async () => {
    await ask();
    expect(packets).toHaveLength(1);
    const [length] = packets;
    for (const cutAt of [1, 7, length - 1]) {
      packets.length = 0;
      proxy.packing = new Splitter(cutAt).cutAnswer;
      expect(await ask()).toEqual([{ key: 'mine' }]);
      expect(packets).toEqual([cutAt, length - cutAt]);
    }
  });

  it('delivers the end of each message with the beginning of the next one', async () => {
    proxy.packing = new Splitter(3).cutMessages;
    await client.query('SELECT');
    // The messages are of 7, 7, 14 and 6 bytes.
    await waitFor(() => packets.length === 5, { what: 'the last packet' });
    expect(packets).toEqual([3, 4 + 3, 4 + 3, 11 + 3, 3]);
  });

  it('delivers what follows an error later', async () => {
    proxy.packing = holdBehindErrors(3);
    const failed = failureOf(client.query('SELECT 1/0'));
    await failed;
    expect(packets).toHaveLength(1);
    await waitFor(() => packets.length === 2, { what: 'that the server is ready' });
  });

  it('delivers answers that were asked for at once in one packet', async () => {
    proxy.joinsAnswers = true;
    // Each Sync is answered that the server is ready, in 6 bytes.
    socket.write('S\0\0\0\x04'.repeat(3));
    await waitFor(() => packets.length > 0, { what: 'the answers' });
    expect(packets).toEqual([3 * 6]);
    expect(await ask()).toEqual([{ key: 'mine' }]);
  });

  it('puts messages around those of an answer', async () => {
    proxy.rewriting = putBetween(() => [NEWS]);
    await client.query('SELECT');
    // In front of four messages, and behind the last one.
    await waitFor(() => notified === 5, { what: 'every notification' });
  });

  it('begins a message, and ends it in front of the next answer', async () => {
    proxy.beginMessage(NEWS, 4);
    await waitFor(() => packets.length === 1, { what: 'its beginning' });
    expect([packets[0], notified]).toEqual([4, 0]);
    expect(await ask()).toEqual([{ key: 'mine' }]);
    expect(notified).toBe(1);
  });

  it('answers one statement that asks for a key with an error', async () => {
    proxy.rewriting = new FailOnce(asksFor('mine')).rewriting;
    expect((await client.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);
    expect(await failureOf(ask())).toMatchObject({ code: 'XX000' });
    expect(await ask()).toEqual([{ key: 'mine' }]);
  });

  it('changes the rows of statements that ask for a key, as often as it is told', async () => {
    const forger = new RowForger(
      asksFor('mine'),
      (rows) => rows.map((row) => replaceColumn(row, 'mine', 'theirs')),
      1,
    );
    proxy.rewriting = forger.rewriting;
    expect((await client.query({ ...QUERY, values: ['ours'] })).rows).toEqual([{ key: 'ours' }]);
    expect(await ask()).toEqual([{ key: 'theirs' }]);
    expect(await ask()).toEqual([{ key: 'mine' }]);
    expect(forger.connections).toEqual([1]);
    proxy.rewriting = new RowForger(asksFor('mine'), () => []).rewriting;
    expect(await client.query(QUERY)).toMatchObject({ rows: [], rowCount: 0 });
  });
});
