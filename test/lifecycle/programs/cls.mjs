// Three hundred requests at once, each in a context of nestjs-cls. Tells what each finds in the function of
// `update`, and behind its calls.
import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { ScheduleModule } from '@nestjs/schedule';
import { ClsModule, ClsService } from 'nestjs-cls';
import { PostgresSessionModule, PostgresSessionStore } from 'nestjs-postgres-session';

const REQUESTS = 300;

class AppModule {}

process.channel.unref();
const app = await NestFactory.createApplicationContext(
  {
    module: AppModule,
    imports: [
      ScheduleModule.forRoot(),
      ClsModule.forRoot({ global: true }),
      PostgresSessionModule.forRoot({ ...JSON.parse(process.argv[2]), cleanup: false }),
    ],
  },
  { logger: ['warn', 'error', 'fatal'] },
);
const store = app.get(PostgresSessionStore);
const cls = app.get(ClsService);

async function request(id) {
  const seen = [];
  await store.set(id, 'value');
  seen.push(cls.get('id'));
  await store.update(id, () => {
    seen.push(cls.get('id'));
    return 'changed';
  });
  await store.get('one key of all');
  seen.push(cls.get('id'));
  return { id, seen };
}

const requests = Array.from({ length: REQUESTS }, (_, n) =>
  cls.run(() => {
    cls.set('id', `request ${n}`);
    return request(`request ${n}`);
  }),
);
process.send({ type: 'seen', requests: await Promise.all(requests) });
await app.close();
