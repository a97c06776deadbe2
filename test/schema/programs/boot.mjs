// Boots an application on the table that it is given, at the word of the test, and ends by itself.
import 'reflect-metadata';
import { once } from 'node:events';
import { NestFactory } from '@nestjs/core';
import { PostgresSessionModule, PostgresSessionStore } from 'nestjs-postgres-session';

const [connectionString, tableName, key] = process.argv.slice(2);

class AppModule {}

process.send({ type: 'ready' });
await once(process, 'message');
try {
  const app = await NestFactory.createApplicationContext(
    {
      module: AppModule,
      imports: [
        PostgresSessionModule.forRoot({
          connection: { connectionString, max: 2 },
          tableName,
          cleanup: false,
          // Everybody waits for everybody before it.
          schemaLockTimeout: 30_000,
        }),
      ],
    },
    { logger: ['error', 'fatal'], abortOnError: false },
  );
  await app.get(PostgresSessionStore).set(key, 'booted');
  await app.close();
} finally {
  // Only the channel to the test is left to hold the process.
  process.disconnect();
}
