// An application whose function for `update` returns a promise that is rejected.
import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { PostgresSessionModule, PostgresSessionStore } from 'nestjs-postgres-session';

class AppModule {}

const imports = [PostgresSessionModule.forRoot(JSON.parse(process.argv[2]))];
const app = await NestFactory.createApplicationContext(
  { module: AppModule, imports },
  { logger: false },
);
const store = app.get(PostgresSessionStore);
await store.set('k', 'v');
const [{ reason }] = await Promise.allSettled([
  store.update('k', () => Promise.reject(new Error('later'))),
]);
await app.close();
process.send({ type: 'refused', message: reason.message });
process.disconnect();
