import { PostgresSessionError } from '../../lib/index.js';
import {
  NOT_A_COUNTER,
  REFUSED,
  type Operation,
  type RecordedCall,
  type Result,
} from './history.js';

/** The errors that leave open whether the call took effect. */
const UNKNOWN = new Set(['ERR_OUTCOME_UNKNOWN', 'ERR_TIMEOUT', 'ERR_CONNECTION']);

type Target = [key: string, operation: Operation];

/** Notes when calls began and ended, and what came of them. */
export class Recorder {
  readonly calls: RecordedCall[] = [];

  constructor(private readonly clockBase: bigint) {}

  /** Makes a call on one key; `resultOf` puts what it resolves to into the form of a result. */
  one<T>(
    key: string,
    operation: Operation,
    call: () => Promise<T>,
    resultOf: (value: T) => Result,
  ) {
    return this.many([[key, operation]], call, resultOf);
  }

  /** Makes one call that stands for several single ones. */
  async many<T>(
    targets: Target[],
    call: () => Promise<T>,
    resultOf: (value: T, key: string) => Result,
  ): Promise<void> {
    const start = this.#now();
    let end: number | null;
    let resultFor: (key: string) => Result;
    try {
      const value = await call();
      end = this.#now();
      resultFor = (key) => resultOf(value, key);
    } catch (error) {
      const code = codeOf(error);
      end = UNKNOWN.has(code) ? null : this.#now();
      resultFor = () => code;
    }
    for (const [key, operation] of targets) {
      this.calls.push({ key, operation, start, end, result: resultFor(key) });
    }
  }

  #now(): number {
    return Number(process.hrtime.bigint() - this.clockBase);
  }
}

/** The errors that a call may rightly come to; the check says whether it was the right call. */
const KNOWN = new Set<string>([NOT_A_COUNTER, REFUSED, ...UNKNOWN]);

/** Any other error is a fault of the store, which ends the process. */
function codeOf(error: unknown): string {
  if (error instanceof PostgresSessionError && KNOWN.has(error.code)) return error.code;
  throw error;
}
