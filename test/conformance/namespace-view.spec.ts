import { describeKeyValueStore } from './key-value-store.suite.js';
import { postgresSubject } from './postgres-subject.js';

describeKeyValueStore('a namespace view', postgresSubject({ namespace: 'view:' }), {
  owners: true,
  database: true,
});
