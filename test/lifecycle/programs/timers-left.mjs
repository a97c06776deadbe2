// An application that starts, uses its store and closes, and then says what timers would keep its process.
import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { PostgresSessionModule, PostgresSessionStore } from 'nestjs-postgres-session';

class AppModule {}

const app = await NestFactory.createApplicationContext(
  { module: AppModule, imports: [PostgresSessionModule.forRoot(JSON.parse(process.argv[2]))] },
  { logger: false },
);
await app.get(PostgresSessionStore).set('k', 'v');
await app.close();
const timers = process.getActiveResourcesInfo().filter((resource) => resource === 'Timeout');
process.send({ type: 'closed', timers: timers.length });
process.disconnect();
