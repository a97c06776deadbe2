// Eleven stores on one pool, and again and again; Node prints a warning where too many listeners are added.
import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { ScheduleModule } from '@nestjs/schedule';
import { getSessionStoreToken, PostgresSessionModule } from 'nestjs-postgres-session';
import pg from 'pg';

const [connectionString, ...tables] = process.argv.slice(2);
const STARTS = 12;
const CALLS = 1_000;

process.channel.unref();
const pool = new pg.Pool({ connectionString, max: 4 });
const { signal } = new AbortController();

class AppModule {}

async function startAndStop() {
  const stores = tables.map((tableName) =>
    PostgresSessionModule.forRoot({
      name: tableName,
      pool,
      tableName,
      cleanup: { cron: '0 0 1 1 *', signal },
    }),
  );
  const app = await NestFactory.createApplicationContext(
    { module: AppModule, imports: [ScheduleModule.forRoot(), ...stores] },
    { logger: ['warn', 'error', 'fatal'] },
  );
  const calls = Array.from({ length: CALLS }, (_, n) => {
    const store = app.get(getSessionStoreToken(tables[n % tables.length]), { strict: false });
    return n % 3 === 0
      ? store.set(`key${n}`, 'value', { signal })
      : store.get(`key${n}`, { signal });
  });
  await Promise.all(calls);
  await app.close();
}

for (let n = 0; n < STARTS; n++) await startAndStop();
await pool.end();
process.send({ type: 'done' });
