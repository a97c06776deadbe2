import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { check, PROPERTY_TIMEOUT } from '../property/check.js';
import { pass, settle, useEngines, type Engine, type MadeCall } from './support/engine.js';
import type { SentStatement } from './support/fake-lease.js';
import { connectionLost, lockHeld, rolledBack } from './support/failures.js';
import { OPERATIONS, SimulatedStore, type OperationName } from './support/simulated-store.js';

/** An engine on a server, and what its calls have to do in the order in which they are made. */
class History {
  readonly server = new SimulatedStore();
  readonly model = new SimulatedStore();
  readonly made: Array<{ readonly call: MadeCall; readonly expected: string | undefined }> = [];
  private values = 0;

  constructor(readonly engine: Engine) {}

  call(name: OperationName, keys: readonly string[]): void {
    this.values += 1;
    const value = name === 'get' ? '' : `${this.values};`;
    const target = keys.length === 1 ? keys[0] : keys;
    const result = this.model.apply(name, keys.join('+'), value);
    // A read does not wait for the deletion of a range, so it may see what was there before.
    const isCertain = name !== 'get' || !keys[0].startsWith('p:');
    this.made.push({
      call: this.engine.call(OPERATIONS[name], target, value),
      expected: isCertain ? `resolved: ${result}` : undefined,
    });
  }

  deleteRange(): void {
    this.model.apply('deletePage', 'p:*', '');
    void this.deletePages();
  }

  fail(sent: SentStatement, how: string): void {
    const mayRunTwice = sent.name !== 'append';
    if (how === 'hold locks' && sent.lockWait !== undefined) {
      sent.fail(lockHeld());
    } else if (how.startsWith('lose') && mayRunTwice) {
      this.server.lose(sent, connectionLost(), how === 'lose the answer');
    } else {
      sent.fail(rolledBack());
    }
  }

  /** Everything succeeds from now on. What was lost takes effect as late as it can: right before it is stopped. */
  async end(): Promise<void> {
    do {
      await this.answerAll();
      this.server.takeAllLateEffects();
      this.engine.source.discarded.forEach((lease) => this.server.stop(lease));
    } while (this.made.some(({ call }) => call.outcome === 'pending'));
  }

  private async answerAll(): Promise<void> {
    const { source } = this.engine;
    do {
      [...source.inFlight].forEach((sent) => this.server.answer(sent));
      await pass(300);
    } while (source.inFlight.length > 0);
  }

  private async deletePages(): Promise<void> {
    const range = this.engine.openRange({ prefix: 'p:' });
    for (const page of ['1st', '2nd']) {
      const call = this.engine.call(OPERATIONS.deletePage, range, page);
      this.made.push({ call, expected: 'resolved: deleted' });
      await call.promise;
    }
    this.engine.batcher.finishRange(range);
  }
}

interface Step {
  readonly run: (history: History) => void | Promise<void>;
}

function step(title: string, run: Step['run']): Step {
  return Object.assign({ run }, { [fc.toStringMethod]: () => title });
}

/** The n-th of those there are, if there are any. */
function pick<T>(items: readonly T[], n: number): T[] {
  return items.length === 0 ? [] : [items[n % items.length]];
}

const key = fc.constantFrom('a', 'b', 'p:a', 'p:b');
const someKeys = fc.uniqueArray(key, { minLength: 2 });
const at = fc.nat({ max: 20 });
const oneKeyOperation = fc.constantFrom<OperationName>('get', 'get', 'set', 'replace', 'append');
const failure = fc.constantFrom('roll back', 'hold locks', 'lose the answer', 'lose the statement');

const anyCall = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.tuple(
      oneKeyOperation,
      key.map((one) => [one]),
    ),
  },
  { weight: 1, arbitrary: fc.tuple(fc.constant<OperationName>('setMany'), someKeys) },
);

const call = anyCall.map(([name, keys]) =>
  step(`${name} ${keys.join(' ')}`, (history) => history.call(name, keys)),
);

const deletion = fc.constant(step('delete range', (history) => history.deleteRange()));

const answer = at.map((n) =>
  step(`answer ${n}`, ({ engine, server }) => {
    pick(engine.source.inFlight, n).forEach((sent) => server.answer(sent));
  }),
);

const fault = fc.tuple(failure, at).map(([how, n]) =>
  step(`${how} ${n}`, (history) => {
    pick(history.engine.source.inFlight, n).forEach((sent) => history.fail(sent, how));
  }),
);

const lateEffect = at.map((n) =>
  step(`late effect ${n}`, ({ server }) => server.takeLateEffect(n)),
);

const stop = at.map((n) =>
  step(`stop ${n}`, ({ engine, server }) => {
    pick(engine.source.discarded, n).forEach((lease) => server.stop(lease));
  }),
);

const wait = fc.integer({ min: 1, max: 200 }).map((ms) => step(`wait ${ms}`, () => pass(ms)));

const anyStep = fc.oneof(
  { weight: 7, arbitrary: call },
  { weight: 1, arbitrary: deletion },
  { weight: 6, arbitrary: answer },
  { weight: 2, arbitrary: fault },
  { weight: 2, arbitrary: lateEffect },
  { weight: 1, arbitrary: stop },
  { weight: 1, arbitrary: wait },
);

/** Whatever happens to statements and connections, the calls take effect as if they were made one by one. */
describe('Calls whose statements are answered late, out of turn, twice or not at all', () => {
  const newEngine = useEngines();

  it(
    'have the results of a store that does one after the other',
    async () => {
      const property = fc.asyncProperty(fc.array(anyStep, { maxLength: 60 }), async (steps) => {
        const engine = newEngine({ capacity: 4, timeout: null });
        engine.source.holdsFences = true;
        engine.source.pipelines = true;
        const history = new History(engine);
        for (const { run } of steps) {
          await run(history);
          await settle();
        }
        await history.end();
        const certain = history.made.filter(({ expected }) => expected !== undefined);
        expect(certain.map(({ call }) => call.outcome)).toEqual(
          certain.map(({ expected }) => expected),
        );
        expect(history.server.entries).toEqual(history.model.entries);
        expect(engine.source.inUse).toBe(0);
        expect(engine.source.mostInUse).toBeLessThanOrEqual(4);
      });
      await check(property, 200);
    },
    PROPERTY_TIMEOUT,
  );
});
