import { describeKeyValueStore } from './key-value-store.suite.js';
import { postgresSubject } from './postgres-subject.js';

describeKeyValueStore('the store', postgresSubject(), { owners: true, database: true });
