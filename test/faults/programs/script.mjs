// A script that uses the store and ends by itself, once nothing is left to do.
import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { ScheduleModule } from '@nestjs/schedule';
import { PostgresSessionModule, PostgresSessionStore } from 'nestjs-postgres-session';

const options = JSON.parse(process.argv[2]);

class AppModule {}

const app = await NestFactory.createApplicationContext(
  {
    module: AppModule,
    imports: [ScheduleModule.forRoot(), PostgresSessionModule.forRoot(options)],
  },
  { logger: ['warn', 'error', 'fatal'] },
);
// From now on the channel to the test does not keep this process alive.
process.channel.unref();
const store = app.get(PostgresSessionStore);
const outcomes = await Promise.allSettled([store.set('k', 'late'), store.set('k', 'new')]);
const codes = outcomes.map(({ reason }) => reason?.code ?? 'ok');
process.send({ type: 'settled', codes });
