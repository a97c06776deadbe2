import { TTL, isExactly, keyOf, sessionBytes } from '../dataset.js';
import { Latencies } from '../measure/latencies.js';
import type { NestStore } from '../systems/nest-store.js';

type Store = NestStore['store'];

export interface Slice {
  latencies: Latencies;
  wrong: number;
  /** Calls that were rejected; the first of them, for the report. */
  failed: number;
  failure?: unknown;
}

const KEYS_EACH = 400;
const BRIEF_TTL = 1_000;
const ABSENT = 0;

/**
 * One of many that use the store at once. It has keys and a counter of its own, so it knows to the
 * byte what every answer must be, however its calls travel with those of others.
 */
export class Walker {
  readonly #versions = new Uint32Array(KEYS_EACH);
  readonly #keys: readonly string[];
  #counter = 0;
  #brief = 0;

  constructor(
    private readonly store: Store,
    private readonly id: number,
  ) {
    this.#keys = Array.from({ length: KEYS_EACH }, (_, at) => keyOf(this.#numberOf(at)));
  }

  /** One call, at random; false when its answer is wrong. */
  step(): Promise<boolean> {
    const chance = Math.random();
    const at = Math.floor(Math.random() * KEYS_EACH);
    if (chance < 0.8) return this.#get(at);
    if (chance < 0.89) return this.#touch(at);
    if (chance < 0.95) return this.#set(at);
    if (chance < 0.97) return this.#delete(at);
    return chance < 0.99 ? this.#increment() : this.#setBrief();
  }

  async #get(at: number): Promise<boolean> {
    const value = await this.store.get(this.#key(at));
    const version = this.#version(at);
    if (version === ABSENT) return value === undefined;
    return isExactly(value, this.#numberOf(at), version);
  }

  async #touch(at: number): Promise<boolean> {
    return (await this.store.touch(this.#key(at), TTL)) === this.#isThere(at);
  }

  async #set(at: number): Promise<boolean> {
    const version = this.#version(at) + 1;
    await this.store.set(this.#key(at), sessionBytes(this.#numberOf(at), version), { ttl: TTL });
    this.#versions[at] = version;
    return true;
  }

  async #delete(at: number): Promise<boolean> {
    const wasThere = await this.store.delete(this.#key(at));
    const right = wasThere === this.#isThere(at);
    this.#versions[at] = ABSENT;
    return right;
  }

  async #increment(): Promise<boolean> {
    return (await this.store.increment(`count:${this.id}`)) === ++this.#counter;
  }

  /** Food for the sweep. */
  async #setBrief(): Promise<boolean> {
    await this.store.set(`brief:${this.id}:${this.#brief++}`, 'brief', { ttl: BRIEF_TTL });
    return true;
  }

  #numberOf(at: number): number {
    return this.id * KEYS_EACH + at;
  }

  #key(at: number): string {
    return this.#keys[at] ?? '';
  }

  #version(at: number): number {
    return this.#versions[at] ?? ABSENT;
  }

  #isThere(at: number): boolean {
    return this.#version(at) !== ABSENT;
  }
}

/** All walkers at once, until the time is up or that many calls are made. */
export async function walk(
  walkers: readonly Walker[],
  seconds: number,
  mostCalls: number,
): Promise<Slice> {
  const slice: Slice = { latencies: new Latencies(), wrong: 0, failed: 0 };
  const deadline = performance.now() + seconds * 1000;
  let calls = 0;
  const go = async (walker: Walker): Promise<void> => {
    for (let now = performance.now(); now < deadline && calls < mostCalls;) {
      calls++;
      try {
        if (!(await walker.step())) slice.wrong++;
      } catch (error) {
        slice.failed++;
        slice.failure ??= error;
      }
      const end = performance.now();
      slice.latencies.add(end - now);
      now = end;
    }
  };
  await Promise.all(walkers.map(go));
  return slice;
}
