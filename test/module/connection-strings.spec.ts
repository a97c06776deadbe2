import { inspect } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import { Pool } from 'pg';
import type { PostgresSessionError } from '../../lib/index.js';
import { anything } from '../conformance/helpers.js';
import { startStore, type StoreOptions } from '../support/app.js';
import { ownFailureOf } from '../support/failures.js';
import { Harness } from '../support/harness.js';
import { LogCapture } from '../support/log.js';

/** No part of a string that was refused may stand in a message; these are the parts of those below. */
const PARTS = ['hunter', 'sekret', 'private', 'hidden'];

const SOUND = 'postgres://hunter:sekret@private:5432/hidden';

/** Strings that pg takes, or takes for something else, and what the message says of them. */
const UNSOUND: [string, RegExp][] = [
  ['', /empty/],
  [' \n', /empty/],
  [`"${SOUND}"`, /quotes/],
  [`'${SOUND}'`, /quotes/],
  [`${SOUND}"`, /quotes/],
  [` ${SOUND}`, /begins or ends with a blank/],
  [`${SOUND}\n`, /begins or ends with a blank or a line break/],
  [`\uFEFF${SOUND}`, /begins or ends with a blank/],
  [`DATABASE_URL=${SOUND}`, /name of a variable/],
  [`DATABASE_URL="${SOUND}"`, /name of a variable/],
  [`export DATABASE_URL=${SOUND}`, /name of a variable/],
  ['host=private port=5432 user=hunter password=sekret dbname=hidden', /list of settings/],
  ['Host=private;Password=sekret', /list of settings/],
  [SOUND.replace('postgres', 'mysql'), /"postgres:\/\/" or "postgresql:\/\/"/],
  [SOUND.replace('postgres', 'postgresql+asyncpg'), /"postgres:\/\/"/],
  [`jdbc:${SOUND}`, /"postgres:\/\/"/],
  [SOUND.replace('//', '/'), /"postgres:\/\/"/],
  [SOUND.replace('//', ''), /"postgres:\/\/"/],
  ['hunter:sekret@private:5432/hidden', /"postgres:\/\/"/],
  ['private:5432/hidden', /"postgres:\/\/"/],
  ['private', /"postgres:\/\/"/],
  ['/private/hidden hidden', /"postgres:\/\/"/],
  ['socket:/private?db=hidden', /"postgres:\/\/"/],
  [SOUND.replace('sekret', 'sek ret'), /%20/],
  [SOUND.replace('sekret', 'sek%ret'), /%25/],
  [SOUND.replace('sekret', 'sek%E4ret'), /cannot be read/],
  [SOUND.replace('sekret', 'sek%00ret'), /%25/],
  [SOUND.replace('sekret', '1#sekret'), /%23/],
  [SOUND.replace('sekret', 'sek/ret'), /%2F/],
  [SOUND.replace('sekret', '12/sekret'), /%40.*%2F/],
  [SOUND.replace('sekret', '12?sekret'), /%3F/],
  [SOUND.replace('sekret', '12?sekret=1'), /%3F/],
  [SOUND.replace('5432', 'fivehundred'), /port is a number from 1 to 65535/],
  [SOUND.replace('5432', '70000'), /port is a number from 1 to 65535/],
  [SOUND.replace('5432', '0'), /port is a number from 1 to 65535/],
  [`${SOUND}?port=hidden`, /port is a number from 1 to 65535/],
  [`${SOUND}?hidden;private`, /cannot be read/],
  ['postgres:///hidden', /neither a host nor a socket/],
  ['postgres://hunter:sekret@/hidden', /neither a host nor a socket/],
  ['postgres://', /neither a host nor a socket/],
  ['postgres://hunter:sekret@:5432/hidden', /host or its port cannot be read/],
  ['postgres://hunter:sekret@<private>/hidden', /host or its port cannot be read/],
];

describe('A connection string that is not sound', () => {
  function expectNoPart(error: unknown): void {
    const shown = inspect(error, { depth: 10, showHidden: true }).replaceAll(/\n\s+at .*/g, '');
    for (const part of PARTS) expect(shown).not.toContain(part);
  }

  async function refusalOf(options: StoreOptions): Promise<PostgresSessionError> {
    const log = new LogCapture();
    const error = await ownFailureOf(startStore({ retryAttempts: 0, ...options }, log));
    expect(error.code).toBe('ERR_INVALID_OPTION');
    expectNoPart(error);
    expectNoPart(log.text);
    return error;
  }

  const cases = UNSOUND.map(([text, fault]) => ({ text, fault, shown: JSON.stringify(text) }));

  it.each(cases)(
    'is refused without a part of it, with a hint: $shown',
    async ({ text, fault }) => {
      const given = await refusalOf({ connection: text });
      expect(given.message).toMatch(/^Invalid option `connection`: /);
      expect(given.message).toMatch(fault);
      const inObject = await refusalOf({ connection: { connectionString: text, max: 2 } });
      expect(inObject.message).toMatch(/^Invalid option `connection\.connectionString`: /);
      expect(inObject.message).toMatch(fault);
      const ofPool = await refusalOf({ pool: new Pool({ connectionString: text }) });
      expect(ofPool.message).toMatch(/^Invalid option `pool\.options\.connectionString`: /);
      expect(ofPool.message).toMatch(fault);
    },
  );

  it.each(['pool', 'schema', 'tableName', 'cleanup', 'retryAttempts', 'phaseHook'])(
    'is not shown in the place of another option either: %s',
    async (name) => {
      const options = { connection: 'postgres://127.0.0.1/db', [name]: SOUND };
      const { message } = await refusalOf(anything(options));
      expect(message).toContain(`\`${name}\``);
    },
  );

  it('is not shown in the place of all options', async () => {
    await refusalOf(anything(SOUND));
  });

  it.each(['host', 'user', 'database'])('is refused in the place of a part: %s', async (name) => {
    const parts = { host: '127.0.0.1', port: 1, [name]: SOUND };
    const given = await refusalOf({ connection: parts });
    expect(given.message).toContain(`\`connection.${name}\``);
    const ofPool = await refusalOf({ pool: new Pool(parts) });
    expect(ofPool.message).toContain(`\`pool.options.${name}\``);
  });

  it.each([
    [{ host: 'private:5432' }, /no host/],
    [{ host: 'hunter@private' }, /no host/],
    [{ host: ' private' }, /no host/],
    [{ host: '127.0.0.1', port: 0 }, /no port/],
    [{ host: '127.0.0.1', port: anything('hidden') }, /no port/],
    [{ connectionString: anything(7) }, /no string/],
    [{ host: '127.0.0.1', max: anything('many') }, /no number of connections/],
    [{ host: '127.0.0.1', max: 0 }, /no number of connections/],
    [{ host: '127.0.0.1', ssl: anything('false') }, /`connection\.ssl`.*string.*true, false/],
  ])('has brothers among the settings of a pool: %p', async (connection, fault) => {
    expect((await refusalOf({ connection })).message).toMatch(fault);
  });

  it.each([
    { host: 'private' },
    { port: 5433 },
    { user: 'ada' },
    { password: 'sekret' },
    { database: 'hidden' },
  ])(
    'is not the only one that is refused: pg would ignore what stands beside it: %p',
    async (beside) => {
      const connection = { connectionString: SOUND, ...beside };
      const { message } = await refusalOf({ connection });
      expect(message).toMatch(/`connection\.(host|port|user|password|database)`.*beside/);
    },
  );

  it.each([
    SOUND.replace(':5432', ':5432,hidden:5433'),
    SOUND.replace(':5432', ',hidden'),
    `${SOUND}?host=private,hidden`,
    `${SOUND}?target_session_attrs=read-write`,
  ])('of several hosts is refused with the way: %p', async (text) => {
    for (const options of [{ connection: text }, { pool: new Pool({ connectionString: text }) }]) {
      expect((await refusalOf(options)).message).toMatch(/one host.*`Client`.*`verify`/);
    }
  });

  it.each([{ host: 'private,hidden' }, { host: '127.0.0.1', target_session_attrs: 'any' }])(
    'is as little known as several hosts in settings: %p',
    async (connection) => {
      expect((await refusalOf({ connection })).message).toMatch(/one host.*`Client`.*`verify`/);
    },
  );

  it.each(['sslmode=disable', 'ssl=true', 'sslrootcert=/nowhere', 'sslcert=/nowhere'])(
    'has one place for TLS: %s beside ssl',
    async (parameter) => {
      const connectionString = `${SOUND}?${parameter}`;
      for (const ssl of [true, { ca: 'sekret' }]) {
        const { message } = await refusalOf({ connection: { connectionString, ssl } });
        expect(message).toMatch(/`connection\.ssl`.*connection string has ssl/);
      }
    },
  );

  it('names the parameter whose file cannot be read', async () => {
    const text = `${SOUND}?sslmode=verify-full&sslrootcert=%2Fprivate%2Fhidden.crt`;
    for (const options of [{ connection: text }, { pool: new Pool({ connectionString: text }) }]) {
      expect((await refusalOf(options)).message).toMatch(/sslrootcert.*ENOENT/);
    }
  });
});

describe('A connection string that is sound', () => {
  const harness = Harness.use();

  it.each([
    ['postgres://127.0.0.1:1/sound_db', '127.0.0.1', '1', 'sound_db'],
    ['postgresql://ann@127.0.0.1:1/sound_db', '127.0.0.1', '1', 'sound_db'],
    ['POSTGRES://ann:pa%20ss%2F%40w@127.0.0.1:1/sound_db', '127.0.0.1', '1', 'sound_db'],
    ['postgres://ann:p@ss:w,o!r~d$&*()[]{}=@127.0.0.1:1/sound_db', '127.0.0.1', '1', 'sound_db'],
    ['postgres://ann@127.0.0.1:1', '127.0.0.1', '1', 'ann'],
    ['postgres://[::1]:1/sound_db?application_name=app', '::1', '1', 'sound_db'],
    ['postgres:///sound_db?host=127.0.0.1&port=1', '127.0.0.1', '1', 'sound_db'],
    ['postgres:///sound_db?host=/nowhere/run', '/nowhere/run', '5432', 'sound_db'],
    ['postgres://ann:pw@/sound_db?host=/nowhere/run', '/nowhere/run', '5432', 'sound_db'],
    ['postgres://%2Fnowhere%2Frun/sound_db', '/nowhere/run', '5432', 'sound_db'],
  ])('is taken, and the failure says where it led: %s', async (text, host, port, database) => {
    const place = `host "${host}", port ${port}, database "${database}"`;
    const pool = harness.pool({ connectionString: text });
    const connections = [
      text,
      { connectionString: text },
      ...(URL.canParse(text) ? [new URL(text)] : []),
    ];
    for (const options of [{ pool }, ...connections.map((connection) => ({ connection }))]) {
      const error = await ownFailureOf(startStore({ retryAttempts: 0, ...options }));
      expect(error.code).toBe('ERR_CONNECT');
      expect(error.message).toContain(place);
    }
  });

  it('may be a URL object, also among settings', async () => {
    const connection = new URL(harness.url);
    const settings = { connectionString: anything(connection), max: 2 };
    for (const given of [connection, settings]) {
      const { store } = await harness.startStore({ connection: given, tableName: harness.table() });
      await store.set('k', 'v');
      expect((await store.get('k'))?.toString()).toBe('v');
    }
  });

  it('may have numbers beside it that come as strings from the environment, as pg takes them', async () => {
    const connection = { connectionString: harness.url, max: anything('2') };
    const { store } = await harness.startStore({ connection, tableName: harness.table() });
    const counts = Array.from({ length: 20 }, () => store.increment('n'));
    expect((await Promise.all(counts)).at(-1)).toBe(20);
  });

  it('leaves TLS to the settings beside it if it says nothing of it', async () => {
    const settings = { connectionString: harness.url, ssl: true };
    const error = await ownFailureOf(startStore({ connection: settings, retryAttempts: 0 }));
    expect(error.message).toContain('does not support SSL');
  });
});
