import { describePostgresStore } from './postgres-store.suite.js';
import { postgresSubject } from './postgres-subject.js';

describePostgresStore(
  'the store without prepared statements',
  postgresSubject({ options: { preparedStatements: false } }),
);
