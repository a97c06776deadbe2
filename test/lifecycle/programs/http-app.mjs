// An HTTP application on the store. `hooks`: Nest listens to the signals; else it is closed by its
// own handler, after which nothing may hold the process.
import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { ScheduleModule } from '@nestjs/schedule';
import { PostgresSessionModule, PostgresSessionStore } from 'nestjs-postgres-session';

const [connectionString, tableName, mode] = process.argv.slice(2);

class AppModule {
  onModuleDestroy() {
    process.send({ type: 'closing' });
  }
}

const app = await NestFactory.create(
  {
    module: AppModule,
    imports: [
      ScheduleModule.forRoot(),
      PostgresSessionModule.forRoot({
        connection: connectionString,
        tableName,
        // The test decides how long a request takes, however busy the machine is.
        operationTimeout: false,
        shutdownTimeout: 30_000,
      }),
    ],
  },
  { logger: ['warn', 'error', 'fatal'], abortOnError: false },
);
const store = app.get(PostgresSessionStore);

app.use(async (request, response) => {
  const key = request.url;
  process.send({ type: 'request' });
  try {
    await store.set(key, 'value', { ttl: 60_000 });
    const visits = await store.increment(`${key}:visits`);
    const value = await store.get(key);
    response.end(`${value?.toString()} ${visits}`);
  } catch (error) {
    response.statusCode = 500;
    response.end(String(error));
  }
});

if (mode === 'hooks') app.enableShutdownHooks();
else process.once('SIGTERM', () => void app.close().then(() => process.disconnect()));
await app.listen(0, '127.0.0.1');
process.send({ type: 'listening', url: await app.getUrl() });
