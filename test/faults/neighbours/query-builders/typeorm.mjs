import pg from 'pg';
import { DataSource } from 'typeorm';

/** TypeORM makes the pool it works on; here it is given one. */
export async function open(pool) {
  const driver = { ...pg, Pool: function givenPool() { return pool; } }; // prettier-ignore
  const source = new DataSource({ type: 'postgres', driver, poolErrorHandler: () => undefined });
  await source.initialize();
  return {
    query: (text) => source.query(text),
    transaction: (text) => source.transaction((manager) => manager.query(text)),
  };
}
