import { createCelerisTable } from './celeris-table.js';
import { describeKeyValueStore } from './key-value-store.suite.js';
import { postgresSubject } from './postgres-subject.js';

const tableName = 't';

describeKeyValueStore(
  'the store on a table that celeris made',
  postgresSubject({
    options: { tableName },
    prepare: (sql) => createCelerisTable(sql, tableName),
  }),
  { owners: false, database: true },
);
