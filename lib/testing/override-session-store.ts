import { checkNames } from '../adapters/given.js';
import {
  getGivenOptionsToken,
  getSessionCleanupToken,
  getSessionStoreToken,
} from '../postgres-session.tokens.js';
import { nameType } from '../store/arguments.js';
import { AbsentPool } from './absent-pool.js';
import { InMemoryCleanup } from './in-memory-cleanup.js';
import { InMemorySessionStore } from './in-memory-session-store.js';

/** What is used of Nest's `TestingModuleBuilder`, whose package need not be there. */
export interface ProviderOverrides {
  overrideProvider(token: unknown): { useValue(value: unknown): unknown };
}

export interface OverrideSessionStoreOptions {
  /** The `name` of the store to replace. Default: the unnamed one. */
  name?: string;
  /** What takes its place. Default: a new `InMemorySessionStore`. */
  store?: InMemorySessionStore;
}

/**
 * Puts a store in memory in the place of one in PostgreSQL, with its pool and its cleanup, in an application's own
 * modules. The options of the module are not read: neither a database nor a scheduler need be there.
 *
 * @example
 * const builder = Test.createTestingModule({ imports: [AppModule] });
 * const store = overrideSessionStore(builder);
 * const app = (await builder.compile()).createNestApplication();
 *
 * @publicApi
 */
export function overrideSessionStore(
  builder: ProviderOverrides,
  options: OverrideSessionStoreOptions = {},
): InMemorySessionStore {
  checkNames('overrideSessionStore', options, ['name', 'store']);
  const { name, store = new InMemorySessionStore() } = options;
  if (name !== undefined && typeof name !== 'string') {
    throw new TypeError(`name must be a string, not ${nameType(name)}`);
  }
  if (!isInMemory(store)) {
    throw new TypeError(`store must be an InMemorySessionStore, not ${nameType(store)}`);
  }
  const replace = (token: unknown, value: unknown): void => {
    builder.overrideProvider(token).useValue(value);
  };
  replace(getGivenOptionsToken(name), { pool: new AbsentPool(), cleanup: false });
  replace(getSessionStoreToken(name), store);
  replace(getSessionCleanupToken(name), new InMemoryCleanup(store));
  return store;
}

/** By what it can do: a process may have loaded the package in both its forms. */
function isInMemory(store: unknown): boolean {
  return typeof store === 'object' && store !== null && 'advance' in store && 'failNext' in store;
}
