// Many requests at once, each in a context of its own, with transactions of the application on the same pool.
import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { ScheduleModule } from '@nestjs/schedule';
import { ClsModule, ClsService } from 'nestjs-cls';
import { PostgresSessionModule, PostgresSessionStore } from 'nestjs-postgres-session';
import { drizzle } from 'drizzle-orm/node-postgres';
import pg from 'pg';

const [connectionString, tableName] = process.argv.slice(2);
const REQUESTS = 300;

process.channel.unref();
const pool = new pg.Pool({ connectionString, max: 6 });
const db = drizzle(pool);

class AppModule {}

const app = await NestFactory.createApplicationContext(
  {
    module: AppModule,
    imports: [
      ScheduleModule.forRoot(),
      ClsModule.forRoot({ global: true }),
      PostgresSessionModule.forRoot({ pool, tableName, cleanup: false }),
    ],
  },
  { logger: ['warn', 'error', 'fatal'] },
);
const store = app.get(PostgresSessionStore);
const cls = app.get(ClsService);

/** Resolves to the users that its own pieces of work saw, and what it found. */
function request(n) {
  return cls.run(async () => {
    cls.set('user', n);
    const users = [];
    const note = () => users.push(cls.get('user'));
    await store.set(`key:${n}`, `value ${n}`).then(note);
    await db.transaction((tx) => tx.execute('SELECT pg_sleep(0.001)'));
    await store.get(`key:${n}`).then(note);
    await store.update(`key:${n}`, (value) => {
      note();
      return `${String(value)} of ${cls.get('user')}`;
    });
    await store.increment('count').then(note);
    const value = await store.get(`key:${n}`);
    note();
    return { n, users, value: String(value) };
  });
}

const requests = await Promise.all(Array.from({ length: REQUESTS }, (_, n) => request(n)));
const count = await store.increment('count', { by: 0 });
await app.close();
const atRest = pool.waitingCount === 0 && pool.idleCount === pool.totalCount;
await pool.end();
process.send({ type: 'done', requests, count, atRest });
