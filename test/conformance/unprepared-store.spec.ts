import { describeKeyValueStore } from './key-value-store.suite.js';
import { postgresSubject } from './postgres-subject.js';

describeKeyValueStore(
  'the store without prepared statements',
  postgresSubject({ options: { preparedStatements: false } }),
  { owners: true, database: true },
);
