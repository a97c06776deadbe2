import { describeKeyValueStore } from './key-value-store.suite.js';
import { postgresSubject } from './postgres-subject.js';

describeKeyValueStore(
  'the store without batching',
  postgresSubject({ options: { batching: false } }),
  { owners: true, database: true },
);
