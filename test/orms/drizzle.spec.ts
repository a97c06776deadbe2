import { eq } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/node-postgres';
import { integer, pgTable, text } from 'drizzle-orm/pg-core';
import { describeBesideOrm, ignoreRollBack, RollBack, type Note } from './support/beside-orm.js';

describeBesideOrm('Drizzle on its pool', ({ pool, table }) => {
  const notes = pgTable(table, { id: integer().primaryKey(), text: text().notNull() });
  const db = drizzle(pool);
  const insert = (note: Note, meanwhile?: () => Promise<unknown>, fails = false): Promise<void> =>
    db.transaction(async (tx) => {
      await tx.insert(notes).values(note);
      await meanwhile?.();
      if (fails) throw new RollBack();
    });
  return Promise.resolve({
    insert: (note, meanwhile) => insert(note, meanwhile),
    insertInVain: (note, meanwhile) => ignoreRollBack(insert(note, meanwhile, true)),
    find: async (id) => (await db.select().from(notes).where(eq(notes.id, id))).at(0)?.text,
  });
});
