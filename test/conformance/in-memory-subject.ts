import { InMemorySessionStore } from '../../lib/testing/index.js';
import type { InspectedStore, StoredEntry } from './subject.js';

/** A store in memory under test. What has expired is out of everybody's sight there. */
export async function inMemorySubject(): Promise<InspectedStore> {
  const store = new InMemorySessionStore();
  return {
    store,
    clear: async () => store.clear(),
    expire: async (...keys) => {
      await Promise.all(keys.map((key) => store.touch(key, 1)));
      store.advance(1);
    },
    stored: async (key): Promise<StoredEntry | undefined> => {
      const entry = await store.getEntry(key);
      if (entry === undefined) return undefined;
      const { value, expiresIn = null, owner = null } = entry;
      return {
        value,
        expiresAt: expiresIn === null ? null : String(expiresIn),
        ttl: expiresIn,
        owner,
      };
    },
    close: () => store.close(),
  };
}
