import { beforeAll, describe, expect, it } from '@jest/globals';
import type { KeyValueStore, PostgresSessionCleanupService } from '../../lib/index.js';
import { anything } from '../conformance/helpers.js';
import { countWire, type WireCounter } from '../conformance/wire-counter.js';
import { failureOf } from '../support/failures.js';
import { Harness } from '../support/harness.js';
import { Program } from '../support/program.js';

type Call = (store: KeyValueStore, options: never) => Promise<unknown>;

/** Each method that takes options, and the names of those. */
const METHODS: Record<string, [names: string[], call: Call]> = {
  get: [['signal'], (store, options) => store.get('k', options)],
  set: [['ttl', 'owner', 'signal'], (store, options) => store.set('k', 'v', options)],
  getEntry: [['signal'], (store, options) => store.getEntry('k', options)],
  delete: [['signal'], (store, options) => store.delete('k', options)],
  deletePrefix: [['signal'], (store, options) => store.deletePrefix('k', options)],
  setMany: [['ttl', 'owner'], (store, options) => store.setMany([['k', 'v']], options)],
  setIfAbsent: [['ttl', 'owner'], (store, options) => store.setIfAbsent('n', 'v', options)],
  setIfPresent: [
    ['ttl', 'owner', 'signal'],
    (store, options) => store.setIfPresent('k', 'v', options),
  ],
  move: [['ttl', 'owner'], (store, options) => store.move('absent', 'n', 'v', options)],
  compareAndSet: [['ttl'], (store, options) => store.compareAndSet('k', 'v', 'v', options)],
  update: [['ttl'], (store, options) => store.update('k', () => 'v', options)],
  increment: [['by', 'ttl'], (store, options) => store.increment('n', options)],
  deleteOwner: [['except'], (store, options) => store.deleteOwner('ada', options)],
};

const GOOD: Record<string, unknown> = {
  ttl: 60_000,
  owner: 'ada',
  by: 2,
  except: ['k'],
  signal: new AbortController().signal,
};

describe('Options of a call', () => {
  const harness = Harness.use();
  let wire: WireCounter;
  let store: KeyValueStore;
  let cleanup: PostgresSessionCleanupService;

  beforeAll(async () => {
    wire = await countWire(harness.url);
    harness.onEnd(() => wire.close());
    ({ store, cleanup } = await harness.startStore({ connection: wire.connectionString }));
    await store.set('k', 'v');
  });

  /** The message of a call that is refused before anything is sent. */
  async function refusalOf(call: Promise<unknown>): Promise<string> {
    const sent = wire.sent();
    const error = await failureOf(call);
    expect(error).toBeInstanceOf(TypeError);
    expect(wire.sent()).toBe(sent);
    return error.message;
  }

  const methods = Object.entries(METHODS).map(([method, [names, call]]) => ({
    method,
    names,
    call,
  }));

  it.each(methods)('are taken by their names, or left out: $method', async (each) => {
    const view = store.namespace(`${each.method}:`);
    await each.call(view, anything(undefined));
    for (const name of each.names) {
      await each.call(view, anything({ [name]: GOOD[name] }));
      await each.call(view, anything({ [name]: undefined }));
    }
  });

  it.each(methods)(
    'are refused if the call has no such option: $method',
    async ({ method, names, call }) => {
      const others = Object.keys(GOOD).filter((name) => !names.includes(name));
      for (const name of ['EX', 'maxAge', 'expires', 'TTL', ...others]) {
        for (const value of [60, undefined]) {
          const message = await refusalOf(call(store, anything({ [name]: value })));
          expect(message).toContain(`${method} has no option "${name}"`);
          for (const known of names) expect(message).toContain(known);
        }
      }
    },
  );

  it.each(methods)(
    'are refused if they are no object: $method',
    async ({ method, names, call }) => {
      const { signal } = new AbortController();
      for (const options of [
        null,
        1_000,
        'ada',
        true,
        () => 1,
        ['a'],
        [],
        new Set(['a']),
        signal,
      ]) {
        const message = await refusalOf(call(store, anything(options)));
        expect(message).toContain(`the options of ${method} must be an object such as {`);
        for (const name of names) expect(message).toContain(name);
      }
    },
  );

  it('tell what was meant by a number or a list', async () => {
    expect(await refusalOf(store.set('k', 'v', anything(1_000)))).toMatch(/\{ ttl: .*milliseconds/);
    expect(await refusalOf(store.increment('n', anything(5)))).toContain('{ by: 5 }');
    expect(await refusalOf(store.deleteOwner('ada', anything(['k'])))).toContain('{ except: [');
    const text = store.deleteOwner('ada', { except: anything('k') });
    expect(await refusalOf(text)).toMatch(
      /except must be an iterable such as an array, not string/,
    );
  });

  it('tell nothing of a long name but its beginning', async () => {
    const message = await refusalOf(store.set('k', 'v', anything({ ['x'.repeat(10_000)]: 1 })));
    expect(message.length).toBeLessThan(300);
  });

  it('are refused by a sweep too', async () => {
    const { signal } = new AbortController();
    for (const options of [null, signal, { timeout: 5 }, { signal: 7 }]) {
      expect(await refusalOf(cleanup.sweep(anything(options)))).toContain('signal');
    }
  });

  it.each([undefined, null, '60', { ttl: 60 }, new Date(0)])(
    'are no matter of touch, which needs a number of milliseconds: %p',
    async (ttl) => {
      const message = await refusalOf(store.touch('k', anything(ttl)));
      expect(message).toMatch(/ttl of touch.*milliseconds/);
    },
  );
});

describe('A value', () => {
  const harness = Harness.use();

  it.each([
    [{ user: 'ada' }, /object.*JSON\.stringify/],
    [['ada'], /array.*JSON\.stringify/],
    [Promise.resolve('v'), /await/],
    [new ArrayBuffer(2), /Uint8Array of its bytes/],
  ])('that is none is refused with what to do: %p', async (value, advice) => {
    const { store } = await harness.startStore();
    const calls = [
      store.set('k', anything(value)),
      store.setMany([['k', anything(value)]]),
      store.setIfAbsent('k', anything(value)),
      store.setIfPresent('k', anything(value)),
      store.move('k', 'n', anything(value)),
      store.compareAndSet('k', 'v', anything(value)),
    ];
    for (const call of calls) {
      const error = await failureOf(call);
      expect(error).toBeInstanceOf(TypeError);
      expect(error.message).toMatch(advice);
    }
  });
});

describe('A function of update that is asynchronous', () => {
  const harness = Harness.use();

  it('is refused at once, whether or not there is an entry', async () => {
    const { store } = await harness.startStore();
    let runs = 0;
    const fn = anything(async () => {
      runs += 1;
    });
    await store.set('k', 'v');
    for (const key of ['k', 'absent']) {
      const error = await failureOf(store.update(key, fn));
      expect(error).toBeInstanceOf(TypeError);
      expect(error.message).toContain('synchronous');
    }
    expect(runs).toBe(0);
  });

  it('ends no process by the promise that it returned', async () => {
    const tableName = harness.table();
    const options = JSON.stringify({ connection: harness.url, tableName, cleanup: false });
    const file = new URL('programs/asynchronous-update.mjs', import.meta.url);
    const program = Program.start(harness, file, [options]);
    const { message } = await program.heard<{ type: 'refused'; message: string }>('refused');
    expect(message).toContain('synchronous');
    expect(await program.ended).toEqual({ code: 0, signal: null });
    expect(program.output).toBe('');
  });
});
