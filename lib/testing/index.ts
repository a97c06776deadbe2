export {
  describeKeyValueStore,
  type StoreUnderTest,
  type TestRunner,
} from './conformance/describe-key-value-store.js';
export type { StoreFeatures } from './conformance/section.js';
export {
  InMemorySessionStore,
  type FailNextOptions,
  type InMemorySessionStoreOptions,
} from './in-memory-session-store.js';
export {
  overrideSessionStore,
  type OverrideSessionStoreOptions,
  type ProviderOverrides,
} from './override-session-store.js';
