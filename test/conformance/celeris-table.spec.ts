import { createCelerisTable } from './celeris-table.js';
import { describePostgresStore } from './postgres-store.suite.js';
import { postgresSubject } from './postgres-subject.js';

const tableName = 't';

describePostgresStore(
  'the store on a table that celeris made',
  postgresSubject({
    options: { tableName },
    prepare: (sql) => createCelerisTable(sql, tableName),
  }),
  { owners: false },
);
