import { Kysely, PostgresDialect } from 'kysely';
import { describeBesideOrm, ignoreRollBack, RollBack, type Note } from './support/beside-orm.js';

describeBesideOrm('Kysely on its pool', ({ pool, table }) => {
  const db = new Kysely<Record<string, Note>>({ dialect: new PostgresDialect({ pool }) });
  const insert = (note: Note, meanwhile?: () => Promise<unknown>, fails = false): Promise<void> =>
    db.transaction().execute(async (trx) => {
      await trx.insertInto(table).values(note).execute();
      await meanwhile?.();
      if (fails) throw new RollBack();
    });
  return Promise.resolve({
    insert: (note, meanwhile) => insert(note, meanwhile),
    insertInVain: (note, meanwhile) => ignoreRollBack(insert(note, meanwhile, true)),
    find: async (id) => {
      const row = await db.selectFrom(table).select('text').where('id', '=', id).executeTakeFirst();
      return row?.text;
    },
  });
});
