// A Nest application under a tracer, with stores of each sort: on a pool of their own and on a lent
// one, with named statements and without. Prints one line of JSON and has to end by itself.
import 'reflect-metadata';
import { readFile } from 'node:fs/promises';
import { NestFactory } from '@nestjs/core';
import { ScheduleModule } from '@nestjs/schedule';
import { getSessionStoreToken, PostgresSessionModule } from 'nestjs-postgres-session';
import pg from 'pg';
import { drive, REFUSED_VALUE } from './traffic.mjs';

const settings = JSON.parse(await readFile(process.argv[2], 'utf8'));
const { connectionString, table } = settings;
const tracer = await import(settings.tracer);

const troubles = [];
const trouble = (kind) => (thrown) => troubles.push(`${kind}: ${thrown?.stack ?? thrown}`);
// Some tracers swallow what nobody catches, once they have recorded it.
process.on('uncaughtExceptionMonitor', trouble('uncaught'));
process.on('unhandledRejection', trouble('unhandled'));
process.on('warning', (warning) => {
  // What a tracer uses that is deprecated or experimental is its own business.
  if (!/^(Deprecation|Experimental)Warning$/.test(warning.name)) trouble('warning')(warning);
});
const logger = {
  log: () => undefined,
  warn: trouble('logged'),
  error: trouble('logged'),
  fatal: trouble('logged'),
};

const lent = new pg.Pool({ connectionString });
const sorts = {
  own: { connection: connectionString },
  own_unnamed: { connection: connectionString, preparedStatements: false },
  lent: { pool: lent },
  lent_unnamed: { pool: lent, preparedStatements: false },
};

class AppModule {}

const app = await NestFactory.createApplicationContext(
  {
    module: AppModule,
    imports: [
      ScheduleModule.forRoot(),
      ...Object.entries(sorts).map(([name, pool]) =>
        PostgresSessionModule.forRoot({
          name,
          tableName: `${table}_${name}`,
          // A busy machine is no fault.
          operationTimeout: 30_000,
          ...pool,
        }),
      ),
    ],
  },
  { logger, abortOnError: false },
);

/** The application's own use of the pool that it lent, as often as there are requests. */
async function ownQuery() {
  const { rows } = await lent.query('SELECT $1::text AS mine', [settings.told]);
  if (rows[0]?.mine !== settings.told) throw new Error('the answer to a query of another');
}

const problems = await Promise.all(
  Object.keys(sorts).map(async (name) => {
    await lent.query(
      `ALTER TABLE ${table}_${name} ADD CHECK (octet_length(value) < ${REFUSED_VALUE})`,
    );
    const request = (work) =>
      tracer.request(async () => {
        await ownQuery();
        await work();
      });
    const found = await drive(app.get(getSessionStoreToken(name), { strict: false }), {
      ...settings,
      calls: settings.calls / Object.keys(sorts).length,
      noticeError: tracer.noticeError,
      request,
    });
    return found.map((problem) => `${name}: ${problem}`);
  }),
);
await app.close();
await lent.end();
const spans = await tracer.finish(settings.recording);
process.on('exit', () => {
  console.log(JSON.stringify({ problems: problems.flat(), troubles, spans }));
});
