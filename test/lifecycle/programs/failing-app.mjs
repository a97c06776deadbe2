// Boots an application whose store cannot work; afterwards nothing may hold the process.
import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { PostgresSessionModule } from 'nestjs-postgres-session';

const [connection] = process.argv.slice(2);

class AppModule {}

try {
  await NestFactory.createApplicationContext(
    {
      module: AppModule,
      imports: [
        PostgresSessionModule.forRoot({ connection, schema: 'no_such_schema', cleanup: false }),
      ],
    },
    { logger: false, abortOnError: false },
  );
} catch (error) {
  process.send({ type: 'failed', message: error.message });
} finally {
  process.disconnect();
}
