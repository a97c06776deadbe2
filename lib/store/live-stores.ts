import { onceForBothForms } from '../utils/both-forms.js';
import type { PostgresSessionStore } from '../postgres-session.store.js';

/** A started store that was not closed. */
export interface LiveSessionStore {
  /** `default` for the unnamed store. */
  readonly name: string;
  readonly store: PostgresSessionStore;
}

interface KnownStore {
  readonly name: string;
  readonly reference: WeakRef<PostgresSessionStore>;
}

const knownStores = onceForBothForms('stores', new Set<KnownStore>(), globalThis);

export function rememberStore(name: string, store: PostgresSessionStore): void {
  for (const known of knownStores) {
    if (known.reference.deref() === undefined) {
      knownStores.delete(known);
    }
  }
  knownStores.add({ name, reference: new WeakRef(store) });
}

/**
 * The started, unclosed stores of this process, of all its applications. They are held weakly.
 *
 * @publicApi
 */
export function* liveSessionStores(): Iterable<LiveSessionStore> {
  for (const { name, reference } of knownStores) {
    const store = reference.deref();
    if (store?.stats().state === 'ready') {
      yield { name, store };
    }
  }
}
