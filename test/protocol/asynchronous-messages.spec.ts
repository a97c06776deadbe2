import { describe, expect, it } from '@jest/globals';
import { scale } from '../faults/support/report.js';
import { Harness } from '../support/harness.js';
import { waitFor } from '../support/conditions.js';
import { POOLS, SETUPS, startBehindProxy } from './support/behind-proxy.js';
import { EXPECTED, everyCall, text } from './support/every-call.js';
import { noticeResponse, notification, parameterStatus } from './support/messages.js';
import { inOnePacket, Splitter } from './support/packing.js';
import { putBetween } from './support/rewriting.js';
import { turns } from './support/turns.js';

const MESSAGES = [
  { what: 'a notice', message: noticeResponse('something to know') },
  { what: 'a notification', message: notification('news', 'something new') },
  { what: 'a changed parameter', message: parameterStatus('application_name', 'another') },
];
const ALL = MESSAGES.map(({ message }) => message);
const TIMEOUT = scale(60_000, 300_000);
/** What an idle client needs to read what it was sent. */
const TURNS_TO_READ = 3;

describe.each(SETUPS)('Messages that nobody asked for on $setup', ({ pool, options }) => {
  const harness = Harness.use();

  it(
    'change no answer, before, between and behind its messages, cut at each byte',
    async () => {
      const { proxy, store } = await startBehindProxy(harness, pool, options);
      proxy.rewriting = putBetween(() => ALL);
      expect(await everyCall(store)).toEqual(EXPECTED);
      const splitter = new Splitter();
      proxy.packing = splitter.cutMessages;
      await splitter.walk(async (cutAt) => {
        expect({ cutAt, ...(await everyCall(store)) }).toEqual({ cutAt, ...EXPECTED });
      });
      expect(proxy.lost).toBe(0);
    },
    TIMEOUT,
  );
});

describe.each(POOLS)('A message that nobody asked for on $pool', ({ pool }) => {
  const harness = Harness.use();

  it.each(MESSAGES)(
    'may begin while the connection is idle and end after a get was sent: $what',
    async ({ message }) => {
      const { proxy, store } = await startBehindProxy(harness, pool, { connections: 1 });
      await store.set('key', 'value');
      // Its end arrives in one packet with the answer, or in one of its own.
      for (const packing of [() => inOnePacket, (end: number) => new Splitter(end).cutAnswer]) {
        for (let bytes = 1; bytes < message.length; bytes++) {
          proxy.packing = packing(message.length - bytes);
          proxy.beginMessage(message, bytes);
          await turns(TURNS_TO_READ);
          const values = await Promise.all(['key', 'missing'].map((key) => store.get(key)));
          expect([bytes, ...values.map(text)]).toEqual([bytes, 'value', undefined]);
        }
      }
      expect(proxy.lost).toBe(0);
    },
  );

  it('reaches the application, wherever it stands in an answer', async () => {
    const {
      proxy,
      pool: clients,
      store,
    } = await startBehindProxy(harness, pool, {
      connections: 1,
    });
    const [sent, received]: [string[], string[]] = [[], []];
    const client = await clients.connect();
    client.on('notification', ({ payload }) => received.push(payload ?? ''));
    client.release();
    proxy.rewriting = putBetween(() => {
      sent.push(String(sent.length));
      return [notification('news', sent[sent.length - 1])];
    });
    expect(await everyCall(store)).toEqual(EXPECTED);
    expect(sent.length).toBeGreaterThan(0);
    await waitFor(() => received.length >= sent.length, { what: 'every notification' });
    expect(received).toEqual(sent);
  });
});
