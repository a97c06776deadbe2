import type { AnyCall } from '../../../lib/batching/call.js';
import { RangeTurn } from '../../../lib/batching/range-turn.js';
import type { BatchToRun, Operation } from '../../../lib/batching/types.js';

/** An operation that is made up. Its arguments are text, and so are its results. */
export type TextOperation = Operation<string, string>;

type Traits = Partial<TextOperation>;

const TRAITS = {
  pipelined: false,
  concurrency: 10,
  maxRows: 100,
  maxBytes: 1_000,
  repeatable: true,
  sizeOf: (args: string) => args.length,
};

/** A call is sent as its key: `get a`. */
export function reading(name: string, traits: Traits = {}): TextOperation {
  return {
    ...TRAITS,
    name,
    writes: false,
    execute: ({ lease, calls }, done) =>
      lease.read(statement(name), written(calls), (error, result) =>
        done(error, result?.rows.map(resultOf)),
      ),
    ...traits,
  };
}

/** A call is sent with its argument: `set a=1`. */
export function writing(name: string, traits: Traits = {}): TextOperation {
  return {
    ...TRAITS,
    name,
    writes: true,
    execute: ({ lease, calls, lockWait }, done) =>
      lease.write(statement(name), written(calls), lockWait, (error, result) =>
        done(error, result?.rows.map(resultOf)),
      ),
    ...traits,
  };
}

function statement(name: string) {
  return { name, text: '', command: 'SELECT', columns: [] };
}

function resultOf([result]: readonly unknown[]): string {
  return result as string;
}

function written(calls: BatchToRun<string, string>['calls']): string[] {
  return calls.map(({ target, args }) =>
    args === '' ? nameOf(target) : `${nameOf(target)}=${args}`,
  );
}

function nameOf(target: AnyCall['target']): string {
  if (target instanceof RangeTurn) {
    return `${target.range.prefix}*`;
  }
  return typeof target === 'string' ? target : target.join('+');
}
