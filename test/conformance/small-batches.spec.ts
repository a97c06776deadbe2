import { describePostgresStore } from './postgres-store.suite.js';
import { postgresSubject } from './postgres-subject.js';

// Batches of a few calls: whatever happens at their borders happens often here.
describePostgresStore(
  'the store with small batches',
  postgresSubject({ options: { batching: { concurrency: 1, maxRows: 3, maxBytes: 64 } } }),
);
