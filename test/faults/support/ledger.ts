import pg from 'pg';
import { PostgresSessionError, type PostgresSessionStore } from '../../../lib/index.js';

/** What a key may hold: what was acknowledged last, and every write since whose outcome is unknown. */
type Possible = Array<string | undefined>;

interface Counter {
  acknowledged: number;
  inDoubt: number;
}

/**
 * Carries out writes on a store and keeps book of those that were acknowledged, to be compared with
 * the table afterwards. Each key belongs to one worker, which awaits each of its calls.
 */
export class Ledger {
  acknowledged = 0;
  failed = 0;
  /** Reads and counts that no order of the calls explains. */
  readonly wrong: string[] = [];
  readonly errors = new Map<string, number>();
  private readonly entries = new Map<string, Possible>();
  private readonly counters = new Map<string, Counter>();

  constructor(private readonly store: PostgresSessionStore) {}

  async set(key: string, value: string): Promise<void> {
    await this.write(key, value, () => this.store.set(key, value));
  }

  async delete(key: string): Promise<void> {
    await this.write(key, undefined, () => this.store.delete(key));
  }

  async touch(key: string): Promise<void> {
    await this.attempt(() => this.store.touch(key, 3_600_000));
  }

  async get(key: string): Promise<void> {
    const { done, value } = await this.attempt(() => this.store.get(key));
    const read = value?.toString();
    if (done && !this.possible(key).includes(read)) this.wrong.push(`get ${key}: ${read}`);
  }

  async increment(key: string): Promise<void> {
    const counter = this.counters.get(key) ?? { acknowledged: 0, inDoubt: 0 };
    this.counters.set(key, counter);
    const { done, value = 0 } = await this.attempt(() => this.store.increment(key));
    if (!done) return void (counter.inDoubt += 1);
    this.acknowledged += 1;
    const extra = value - counter.acknowledged - 1;
    if (extra < 0 || extra > counter.inDoubt) this.wrong.push(`increment ${key}: ${value}`);
    this.counters.set(key, { acknowledged: value, inDoubt: counter.inDoubt - Math.max(0, extra) });
  }

  /** Compares the book with the table, read past the store. Resolves to what was lost. */
  async losses(connectionString: string, table: string): Promise<string[]> {
    const rows = await readTable(connectionString, table);
    const lost: string[] = [];
    for (const [key, possible] of this.entries) {
      if (!possible.includes(rows.get(key)))
        lost.push(`${key}: ${rows.get(key)}, not ${possible[0]}`);
    }
    for (const [key, { acknowledged, inDoubt }] of this.counters) {
      const count = Number(rows.get(key) ?? 0);
      if (count < acknowledged) lost.push(`${key}: ${count}, not ${acknowledged}`);
      if (count > acknowledged + inDoubt) this.wrong.push(`${key}: ${count}, counted twice`);
    }
    return lost;
  }

  get failures(): string {
    const share = (100 * this.failed) / Math.max(1, this.failed + this.acknowledged);
    const codes = [...this.errors].map(([code, count]) => `${code} ${count}`).join(', ');
    return `${this.failed} failed (${share.toFixed(2)} %${codes ? `: ${codes}` : ''})`;
  }

  private async write(key: string, next: string | undefined, call: () => Promise<unknown>) {
    const possible = this.possible(key);
    this.entries.set(key, [...possible, next]);
    const { done } = await this.attempt(call);
    if (!done) return;
    this.acknowledged += 1;
    this.entries.set(key, [next]);
  }

  private possible(key: string): Possible {
    return this.entries.get(key) ?? [undefined];
  }

  private async attempt<T>(call: () => Promise<T>): Promise<{ done: boolean; value?: T }> {
    try {
      return { done: true, value: await call() };
    } catch (error) {
      this.failed += 1;
      const code =
        error instanceof PostgresSessionError ? error.code : `not ours: ${String(error)}`;
      this.errors.set(code, (this.errors.get(code) ?? 0) + 1);
      return { done: false };
    }
  }
}

/** Live rows of a table, past the store. */
export async function readTable(
  connectionString: string,
  table: string,
): Promise<Map<string, string>> {
  const client = new pg.Client({ connectionString });
  await client.connect();
  try {
    const { rows } = await client.query<{ id: string; value: Buffer }>(
      `SELECT id, value FROM ${pg.escapeIdentifier(table)} WHERE expires_at IS NULL OR expires_at > now()`,
    );
    return new Map(rows.map(({ id, value }) => [id, value.toString()]));
  } finally {
    await client.end();
  }
}
