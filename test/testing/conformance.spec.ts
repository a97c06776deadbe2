import { describe, it } from '@jest/globals';
import { describeKeyValueStore, InMemorySessionStore } from '../../lib/testing/index.js';

const runner = { describe, it };

describeKeyValueStore(
  'InMemorySessionStore',
  async () => {
    const store = new InMemorySessionStore();
    return { store, advance: async (ms) => store.advance(ms) };
  },
  runner,
);

describeKeyValueStore(
  'a namespace view of InMemorySessionStore',
  async () => {
    const store = new InMemorySessionStore();
    return { store: store.namespace('view:'), advance: async (ms) => store.advance(ms) };
  },
  runner,
  { maxKeyBytes: 1_024 - 'view:'.length },
);

describeKeyValueStore(
  'InMemorySessionStore in real time',
  async () => ({ store: new InMemorySessionStore() }),
  runner,
);
