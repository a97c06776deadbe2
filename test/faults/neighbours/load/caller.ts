import type { KeyValueStore } from '../../../../lib/index.js';
import type { Attempts } from './attempts.js';
import { nextTick } from './next-tick.js';
import type { Tally } from './tally.js';
import { belongsTo, LIVE, pick, REFUSED, valueOf } from './values.js';

const TTL = 3_600_000;
const OWN_KEYS = 4;

type Call = [weight: number, make: () => Promise<void>];

/** One of many callers, each with keys of its own to change. All of them read the keys that stay. */
export class Caller {
  /** What a key of its own may hold: the last acknowledged value, and any whose outcome is unknown. */
  readonly possible = new Map<string, Array<string | undefined>>();
  private readonly ownKeys: string[];
  private readonly absent: string;

  constructor(
    private readonly store: KeyValueStore,
    private readonly attempts: Attempts,
    private readonly tally: Tally,
    private readonly id: number,
  ) {
    this.ownKeys = Array.from({ length: OWN_KEYS }, (_, n) => `own:${id}:${n}`);
    this.absent = `absent:${id}`;
  }

  async work(goesOn: () => boolean): Promise<void> {
    while (goesOn()) await this.randomCall();
  }

  private readonly calls: Call[] = [
    [60, () => this.getLive()],
    [5, () => this.getManyLive()],
    [3, () => this.touchLive()],
    [2, () => this.setLive()],
    [2, () => this.keepLive()],
    [10, () => this.set(pick(this.ownKeys))],
    [5, () => this.get(pick(this.ownKeys))],
    [4, () => this.delete(pick(this.ownKeys))],
    [3, () => this.findNothing()],
    [5, () => this.setRefused()],
    [1, () => this.setManyRefused()],
  ];

  private randomCall(): Promise<void> {
    let left = Math.random() * this.calls.reduce((sum, [weight]) => sum + weight, 0);
    const [, make] = this.calls.find(([weight]) => (left -= weight) < 0) ?? this.calls[0];
    return make();
  }

  private async getLive(): Promise<void> {
    const key = pick(LIVE);
    const { done, value } = await this.attempts.abortable('get', (o) => this.store.get(key, o));
    if (done) this.checkLive(key, value);
  }

  private async getManyLive(): Promise<void> {
    const keys = [pick(LIVE), pick(LIVE), this.absent];
    const { done, value } = await this.attempts.call('getMany', () => this.store.getMany(keys));
    if (!done || !value) return;
    for (const key of keys.slice(0, 2)) this.checkLive(key, value.get(key));
    const strange = [...value.keys()].filter((key) => !LIVE.includes(key));
    if (strange.length > 0) this.tally.fault('keys that nobody asked for', strange);
  }

  private checkLive(key: string, value: Buffer | undefined): void {
    const text = value?.toString();
    if (text === undefined) this.tally.fault('"not there" of a key that is there', key);
    else if (belongsTo(key, text)) this.tally.right += 1;
    else this.tally.fault('the value of another key', `${key}: ${text.slice(0, 80)}`);
  }

  private async touchLive(): Promise<void> {
    const key = pick(LIVE);
    const { value } = await this.attempts.call('touch', () => this.store.touch(key, TTL));
    if (value === false) this.tally.fault('a touch missed a key that is there', key);
  }

  private async setLive(): Promise<void> {
    const key = pick(LIVE);
    await this.attempts.abortable('set', (o) => this.store.set(key, valueOf(key), o));
  }

  private async keepLive(): Promise<void> {
    const key = pick(LIVE);
    const call = (): Promise<boolean> => this.store.setIfAbsent(key, valueOf(key));
    const { value } = await this.attempts.call('setIfAbsent', call);
    if (value === true) this.tally.fault('setIfAbsent replaced a key that is there', key);
  }

  private set(key: string): Promise<void> {
    const value = valueOf(key);
    return this.write(key, value, (o) => this.store.set(key, value, o));
  }

  private async get(key: string): Promise<void> {
    const { done, value } = await this.attempts.abortable('get', (o) => this.store.get(key, o));
    if (!done || this.mayHold(key).includes(value?.toString())) return;
    this.tally.fault('a value that no order of the calls explains', `${key}: ${String(value)}`);
  }

  private delete(key: string): Promise<void> {
    return this.write(key, undefined, (o) => this.store.delete(key, o));
  }

  private async write(
    key: string,
    next: string | undefined,
    make: (options: { signal?: AbortSignal }) => Promise<unknown>,
  ): Promise<void> {
    this.possible.set(key, [...this.mayHold(key), next]);
    const { done } = await this.attempts.abortable(next === undefined ? 'delete' : 'set', make);
    if (done) this.possible.set(key, [next]);
  }

  private mayHold(key: string): Array<string | undefined> {
    return this.possible.get(key) ?? [undefined];
  }

  private async findNothing(): Promise<void> {
    const { store, absent } = this;
    const answers = await Promise.all([
      this.attempts.call('touch', () => store.touch(absent, TTL)),
      this.attempts.call('delete', () => store.delete(absent)),
      this.attempts.call('get', () => store.get(absent)),
    ]);
    const found = answers.map(({ value }) => value).filter(Boolean);
    if (found.length > 0) this.tally.fault('found what was never there', found);
  }

  /** Followed at once by gets, each of which may be sent by itself. */
  private async setRefused(): Promise<void> {
    const key = `${REFUSED}:${this.id}`;
    await this.attempts.refused('set', () => this.store.set(key, valueOf(key)));
    const gets = [this.getLive()];
    for (let n = 0; n < 3; n++) {
      await nextTick();
      gets.push(this.getLive());
    }
    await Promise.all(gets);
  }

  /** One of two that is refused takes the other with it. */
  private setManyRefused(): Promise<void> {
    const entries = [pick(this.ownKeys), `${REFUSED}:${this.id}`];
    const call = (): Promise<void> =>
      this.store.setMany(entries.map((key): [string, string] => [key, valueOf(key)]));
    return this.attempts.refused('setMany', call);
  }
}
