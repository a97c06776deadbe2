import { quantile } from './statistics.js';

/** Durations in ms, kept one by one: cheap to add, exact to ask. */
export class Latencies {
  #values = new Float64Array(1 << 16);
  #count = 0;

  get count(): number {
    return this.#count;
  }

  add(ms: number): void {
    if (this.#count === this.#values.length) {
      const larger = new Float64Array(this.#count * 2);
      larger.set(this.#values);
      this.#values = larger;
    }
    this.#values[this.#count++] = ms;
  }

  quantile(q: number): number {
    return quantile(this.#values.slice(0, this.#count).toSorted(), q);
  }

  clear(): void {
    this.#count = 0;
  }
}
