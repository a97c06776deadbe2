// An application as users write it, whose own providers use the store while it boots.
import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { ScheduleModule } from '@nestjs/schedule';
import { PostgresSessionModule, PostgresSessionStore } from 'nestjs-postgres-session';

const options = JSON.parse(process.argv[2]);

class Warmup {
  constructor(store) {
    this.store = store;
  }

  async onModuleInit() {
    await this.store.set('warmed', 'up');
  }
}

class FeatureModule {}

const app = await NestFactory.create(
  {
    module: FeatureModule,
    imports: [ScheduleModule.forRoot(), PostgresSessionModule.forRoot(options)],
    providers: [
      {
        provide: Warmup,
        inject: [PostgresSessionStore],
        useFactory: (store) => new Warmup(store),
      },
    ],
  },
  { logger: ['error', 'fatal'] },
);
app.enableShutdownHooks();
process.channel.unref();
process.send({ type: 'booting' });
await app.listen(0, '127.0.0.1');
process.send({ type: 'booted' });
