import type {
  CallOptions,
  SessionValue,
  WriteOptions,
} from '../interfaces/key-value-store.interface.js';
import { valueBytes } from '../store/arguments.js';
import { checkOptions, ownership, signalOf } from '../store/call-options.js';
import { KeySpace } from '../store/key-space.js';
import type { CallQueue, StoreMethod, SubmitOptions } from './call-queue.js';
import type { InMemoryEntries, KeyRange, Written } from './in-memory-entries.js';

/** Keys that a page of a scan holds. */
const PAGE_SIZE = 500;

/** What the views of one store share. */
export interface InMemoryTable {
  readonly entries: InMemoryEntries;
  readonly queue: CallQueue;
}

/** Checks the arguments of a view's calls, and makes them. */
export class InMemoryCalls {
  readonly #table: InMemoryTable;

  constructor(
    table: InMemoryTable,
    readonly keys: KeySpace,
  ) {
    this.#table = table;
  }

  /** The calls of a view of this one. */
  under(prefix: string): InMemoryCalls {
    return new InMemoryCalls(this.#table, new KeySpace(this.keys.fullPrefix(prefix)));
  }

  /** Page by page: what is deleted behind the page that was read is not seen. */
  async *pages<T>(
    method: StoreMethod,
    range: KeyRange,
    read: (key: string, entries: InMemoryEntries, stored: string) => T | undefined,
  ): AsyncGenerator<T> {
    let last: string | undefined;
    for (;;) {
      const page = await this.make(method, (entries) => {
        const keys = entries.keys(range, PAGE_SIZE, last);
        last = keys.length < PAGE_SIZE ? undefined : keys.at(-1);
        return keys
          .map((key) => read(this.keys.own(key), entries, key))
          .filter((item) => item !== undefined);
      });
      yield* page;
      if (last === undefined) {
        return;
      }
    }
  }

  async onKey<T>(
    method: 'get' | 'getEntry' | 'delete',
    key: string,
    options: CallOptions | undefined,
    work: (entries: InMemoryEntries, full: string) => T,
  ): Promise<T> {
    checkOptions(method, options);
    const full = this.keys.full(key);
    return this.make(method, (entries) => work(entries, full), { signal: signalOf(options) });
  }

  async write<T>(
    method: 'set' | 'setIfAbsent' | 'setIfPresent',
    key: string,
    value: SessionValue,
    options: (WriteOptions & CallOptions) | undefined,
    work: (entries: InMemoryEntries, full: string, written: Written) => T,
  ): Promise<T> {
    checkOptions(method, options);
    const full = this.keys.full(key);
    const written = { value: valueBytes(value), ...ownership(options) };
    const signal = signalOf(options);
    return this.make(method, (entries) => work(entries, full, written), { signal });
  }

  make<T>(
    method: StoreMethod,
    work: (entries: InMemoryEntries) => T,
    options?: SubmitOptions,
  ): Promise<T> {
    const { entries, queue } = this.#table;
    return queue.submit(method, () => work(entries), options);
  }
}
