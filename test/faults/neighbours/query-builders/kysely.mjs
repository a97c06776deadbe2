import { CompiledQuery, Kysely, PostgresDialect } from 'kysely';

export function open(pool) {
  const db = new Kysely({ dialect: new PostgresDialect({ pool }) });
  const execute = (executor, text) => executor.executeQuery(CompiledQuery.raw(text));
  return {
    query: (text) => execute(db, text),
    transaction: (text) => db.transaction().execute((trx) => execute(trx, text)),
  };
}
