import { EventEmitter } from 'node:events';
import type { KeyValueStore } from '../interfaces/key-value-store.interface.js';
import { checkKeyPrefix, checkNames, checkStore, kindOf } from './given.js';

/** A time of expiry from here on is one of the clock, whichever Keyv gave it: as a ttl it would be 31 years. */
const ABSOLUTE_FROM = 1e12;

type Listener = (...args: unknown[]) => void;

export interface KeyvPostgresSessionOptions {
  /** What every key of Keyv stands under in the table, and what `clear` never leaves. Default: `keyv:`. */
  prefix?: string;
  /** The major version of Keyv. Default: 6 if Keyv asks for `capabilities`, as 6 does, else 5. */
  keyv?: 5 | 6;
}

/** An entry as Keyv 5 (`ttl`, milliseconds from now) or 6 (`expires`, milliseconds since 1970) gives it. */
export interface KeyvPostgresSessionEntry {
  key: string;
  value: unknown;
  ttl?: number;
  expires?: number;
}

/**
 * A storage adapter for Keyv 5 and 6, and so for cache-manager and `@nestjs/cache-manager`. Entries written under one
 * version are read under the other. It ends nothing: the store lives as long as its module.
 *
 * @example
 * new Keyv({ store: new KeyvPostgresSession(app.get(PostgresSessionStore)), namespace: 'prices' });
 *
 * @publicApi
 */
export class KeyvPostgresSession extends EventEmitter {
  /** Set by Keyv. */
  namespace: string | undefined;
  /** What Keyv 5 asks for before it offers an iterator. */
  readonly opts = { dialect: 'postgres', url: '' };
  readonly #store: KeyValueStore;
  readonly #prefix: string;
  readonly #given: 5 | 6 | undefined;
  #major: 5 | 6;

  constructor(store: KeyValueStore, options: KeyvPostgresSessionOptions = {}) {
    super();
    checkStore('KeyvPostgresSession', store);
    checkNames('KeyvPostgresSession', options, ['prefix', 'keyv']);
    const { prefix = 'keyv:', keyv } = options;
    checkKeyPrefix(prefix);
    if (keyv !== undefined && keyv !== 5 && keyv !== 6) {
      throw new TypeError(`keyv must be 5 or 6, not ${String(keyv)}`);
    }
    this.#store = store;
    this.#prefix = prefix;
    this.#given = keyv;
    this.#major = keyv ?? 5;
  }

  /** Read by Keyv 6 before anything else, and by no other version. */
  get capabilities() {
    this.#major = this.#given ?? 6;
    return CAPABILITIES;
  }

  /** The text that Keyv's serializer made, or `undefined`. Keyv 5 types it as the value. */
  async get(key: string): Promise<string | undefined>;
  async get<Value>(key: string): Promise<Value | undefined>;
  async get(key: string): Promise<string | undefined> {
    try {
      return (await this.#store.get(this.#full(key)))?.toString('utf8');
    } catch (error) {
      // Keyv 5 serves such a key as a miss, and tells nobody.
      if (this.#major === 5 && this.listenerCount('error') > 0) {
        this.emit('error', error);
      }
      throw error;
    }
  }

  /** In the order of the keys. */
  async getMany(keys: string[]): Promise<Array<string | undefined>>;
  async getMany<Value>(keys: string[]): Promise<Array<Value | undefined>>;
  async getMany(keys: string[]): Promise<Array<string | undefined>> {
    const full = keys.map((key) => this.#full(key));
    const found = await this.#store.getMany(full);
    return full.map((key) => found.get(key)?.toString('utf8'));
  }

  /** @param expiry `ttl` from Keyv 5, `expires` from Keyv 6; one that has passed deletes the entry. */
  async set(key: string, value: unknown, expiry?: number): Promise<boolean> {
    if (typeof value !== 'string') {
      throw new TypeError(
        `the value must be a string, not ${kindOf(value)}: Keyv's serializer is off, and its entries have to be text`,
      );
    }
    const ttl = this.#ttl(expiry);
    if (ttl !== undefined && ttl <= 0) {
      await this.#store.delete(this.#full(key));
    } else {
      await this.#store.set(this.#full(key), value, { ttl });
    }
    return true;
  }

  async setMany(entries: KeyvPostgresSessionEntry[]): Promise<boolean[]>;
  async setMany(entries: KeyvPostgresSessionEntry[]): Promise<void>;
  async setMany(entries: KeyvPostgresSessionEntry[]): Promise<boolean[] | void> {
    return Promise.all(
      entries.map(({ key, value, ttl, expires }) => this.set(key, value, expires ?? ttl)),
    );
  }

  /** Whether it was there. */
  async delete(key: string): Promise<boolean> {
    return this.#store.delete(this.#full(key));
  }

  /** Keyv 5: whether any was there. Keyv 6: which. */
  async deleteMany(keys: string[]): Promise<boolean>;
  async deleteMany(keys: string[]): Promise<boolean[]>;
  async deleteMany(keys: string[]): Promise<boolean | boolean[]> {
    const deleted = await Promise.all(keys.map((key) => this.delete(key)));
    return this.#major === 6 ? deleted : deleted.includes(true);
  }

  async has(key: string): Promise<boolean> {
    return (await this.#store.get(this.#full(key))) !== undefined;
  }

  async hasMany(keys: string[]): Promise<boolean[]> {
    return (await this.getMany(keys)).map((value) => value !== undefined);
  }

  /** Deletes the entries of the namespace, or without one those under `prefix`; never any other of the table. */
  async clear(): Promise<void> {
    await this.#store.deletePrefix(this.#within(this.namespace));
  }

  /** Keys and values of a namespace: the keys as they were given to `set`. */
  async *iterator(namespace = this.namespace): AsyncGenerator<[string, string], void> {
    const range = this.#within(namespace);
    const hidden = this.#major === 6 ? range : this.#prefix;
    for await (const [key, { value }] of this.#store.scanEntries({ prefix: range })) {
      yield [key.slice(hidden.length), value.toString('utf8')];
    }
  }

  /** Typed as Keyv 6 types it. */
  override listeners(event: string | symbol): Listener[] {
    return super.listeners(event) as Listener[];
  }

  override rawListeners(event: string | symbol): Listener[] {
    return super.rawListeners(event) as Listener[];
  }

  /** Ends nothing: calls still work. */
  async disconnect(): Promise<void> {}

  /** Keyv 5 puts its namespace before the keys that it gives, Keyv 6 leaves that to the adapter. */
  #full(key: string): string {
    return (this.#major === 6 ? this.#within(this.namespace) : this.#prefix) + key;
  }

  /** What the keys of a namespace begin with in the table. */
  #within(namespace: string | undefined): string {
    return namespace ? `${this.#prefix}${namespace}:` : this.#prefix;
  }

  /** Milliseconds from now, or `undefined` for no expiry. */
  #ttl(expiry: number | undefined): number | undefined {
    if (expiry === undefined || expiry === null) {
      return undefined;
    }
    if (this.#major === 6 || expiry >= ABSOLUTE_FROM) {
      return expiry - Date.now();
    }
    return expiry === 0 ? undefined : expiry;
  }
}

const METHOD = { exists: true, methodType: 'async' } as const;

/** The form in which Keyv 6 wants to know what an adapter can do. */
const CAPABILITIES = {
  compatible: true,
  store: 'keyvStorage',
  expires: true,
  // prettier-ignore
  methods: {
    get: METHOD, getMany: METHOD, has: METHOD, hasMany: METHOD, set: METHOD, setMany: METHOD, delete: METHOD,
    deleteMany: METHOD, clear: METHOD, disconnect: METHOD, iterator: METHOD,
  },
} as const;
