import type { FakeLease, SentStatement } from './fake-lease.js';
import { writing, reading, type TextOperation } from './operations.js';

/** The operations of the simulated store. All writes but `append` may run twice. */
export const OPERATIONS = {
  get: reading('get', { concurrency: 2, maxRows: 3, pipelined: true, share: (value) => value }),
  set: writing('set', { concurrency: 2, maxRows: 3 }),
  replace: writing('replace', { concurrency: 1, share: (value) => value }),
  append: writing('append', { concurrency: 2, repeatable: false }),
  setMany: writing('setMany', { concurrency: 2, maxRows: 1 }),
  deletePage: writing('deletePage', { maxRows: 1 }),
} satisfies Record<string, TextOperation>;

export type OperationName = keyof typeof OPERATIONS;

/** A statement that its connection lost. It may still take effect until it is stopped. */
interface LostStatement {
  readonly lease: FakeLease;
  readonly takeEffect: () => void;
}

/** What a server does with the statements of these operations. */
export class SimulatedStore {
  readonly entries = new Map<string, string>();
  private lost: LostStatement[] = [];

  /** Runs a statement and answers it. */
  answer(sent: SentStatement): void {
    sent.answer(this.run(sent));
  }

  /** Loses the connection: the statement has taken effect already, or may do so later. */
  lose(sent: SentStatement, error: Error, hasTakenEffect: boolean): void {
    if (hasTakenEffect) {
      this.run(sent);
    } else {
      this.lost.push({ lease: sent.lease, takeEffect: () => this.run(sent) });
    }
    sent.fail(error);
  }

  /** A lost statement takes effect after all. */
  takeLateEffect(at: number): void {
    const [late] = this.lost.splice(at % Math.max(1, this.lost.length), 1);
    late?.takeEffect();
  }

  takeAllLateEffects(): void {
    this.lost.splice(0).forEach(({ takeEffect }) => takeEffect());
  }

  /** What ran on a connection can no longer take effect. */
  stop(lease: FakeLease): void {
    this.lost = this.lost.filter((statement) => statement.lease !== lease);
    lease.stop();
  }

  /** Does what one call says. `target` is a key, several with `+` between them, or `prefix*`. */
  apply(operation: string, target: string, value: string): string {
    const { entries } = this;
    if (operation === 'get') {
      return entries.get(target) ?? 'none';
    }
    if (operation === 'deletePage') {
      const prefix = target.slice(0, -1);
      [...entries.keys()]
        .filter((key) => key.startsWith(prefix))
        .forEach((key) => entries.delete(key));
      return 'deleted';
    }
    for (const key of target.split('+')) {
      const before = operation === 'append' ? (entries.get(key) ?? '') : '';
      entries.set(key, before + value);
    }
    return 'written';
  }

  private run({ name, values }: SentStatement): string[] {
    return values.map((text) => {
      const [target, value = ''] = text.split('=');
      return this.apply(name, target, value);
    });
  }
}
