import { describePostgresStore } from './postgres-store.suite.js';
import { postgresSubject } from './postgres-subject.js';

describePostgresStore('a namespace view', postgresSubject({ namespace: 'view:' }), {
  maxKeyBytes: 1_024 - 'view:'.length,
});
