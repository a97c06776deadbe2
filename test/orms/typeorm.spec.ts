import pg, { type Pool } from 'pg';
import { DataSource, EntitySchema, type DataSourceOptions } from 'typeorm';
import {
  describeBesideOrm,
  ignoreRollBack,
  RollBack,
  type Note,
  type Orm,
} from './support/beside-orm.js';

/** TypeORM makes the pool it works on; by its option `driver` it can be given one. */
function driverOn(pool: Pool): object {
  return {
    ...pg,
    Pool: function givenPool() {
      return pool;
    },
  };
}

async function open(table: string, place: Partial<DataSourceOptions>): Promise<Orm> {
  const notes = new EntitySchema<Note>({
    name: 'note',
    tableName: table,
    columns: { id: { type: 'int', primary: true }, text: { type: 'text' } },
  });
  const options = { type: 'postgres', entities: [notes], ...place } as DataSourceOptions;
  const source = await new DataSource(options).initialize();
  const insert = (note: Note, meanwhile?: () => Promise<unknown>, fails = false): Promise<void> =>
    source.transaction(async (manager) => {
      await manager.insert(notes, note);
      await meanwhile?.();
      if (fails) throw new RollBack();
    });
  return {
    insert: (note, meanwhile) => insert(note, meanwhile),
    insertInVain: (note, meanwhile) => ignoreRollBack(insert(note, meanwhile, true)),
    find: async (id) => (await source.manager.findOneBy(notes, { id }))?.text,
    // It ends the pool that it works on, given or not.
    close: () => source.destroy(),
  };
}

describeBesideOrm('TypeORM on a pool of its own', ({ connectionString, table }) =>
  open(table, { url: connectionString }),
);

describeBesideOrm('TypeORM on its pool', ({ pool, table }) =>
  open(table, { driver: driverOn(pool) }),
);
