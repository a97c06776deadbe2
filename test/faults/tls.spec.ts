import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { beforeAll, expect, it } from '@jest/globals';
import type { PostgresSessionModuleOptions } from '../../lib/index.js';
import { temporaryFolder } from '../../tools/temporary-folder.js';
import { describeWithTools } from '../support/tools.js';
import { startStore } from '../support/app.js';
import { Harness } from '../support/harness.js';
import { Authority, type Certificate } from './support/openssl.js';
import { codeOf, settle } from './support/settle.js';

describeWithTools('TLS with a certificate authority of one’s own', ['openssl'], () => {
  const harness = Harness.useServer();
  let authority: Authority;
  let stranger: Authority;
  let folder: string;
  let caFile: string;

  beforeAll(async () => {
    authority = await Authority.create('Test authority');
    stranger = await Authority.create('Unknown authority');
    folder = await temporaryFolder('tls-');
    caFile = join(folder, 'ca.crt');
    await writeFile(caFile, authority.cert);
    await harness.server.writeFile('ca.crt', authority.cert);
    await install(await authority.issue('127.0.0.1', { host: 'IP:127.0.0.1' }));
    await harness.server.stop();
    await harness.server.start({
      ssl: 'on',
      ssl_cert_file: 'server.crt',
      ssl_key_file: 'server.key',
      ssl_ca_file: 'ca.crt',
    });
    await harness.sql('CREATE ROLE holder LOGIN; GRANT ALL ON SCHEMA public TO holder');
    const rules = [
      'hostssl all holder 127.0.0.1/32 cert',
      'host all postgres 127.0.0.1/32 scram-sha-256',
    ];
    await harness.server.writeFile('pg_hba.conf', `${rules.join('\n')}\n`);
    await harness.sql('SELECT pg_reload_conf()');
  });

  async function install({ key, cert }: Certificate): Promise<void> {
    await harness.server.writeFile('server.key', key);
    await harness.server.writeFile('server.crt', cert);
  }

  /** The server takes a new certificate for new connections. */
  async function present(certificate: Certificate): Promise<void> {
    await install(certificate);
    await harness.sql('SELECT pg_reload_conf()');
  }

  const verifyFull = (host = '127.0.0.1'): string => {
    const url = new URL(harness.url);
    url.hostname = host;
    return `${url.href}?sslmode=verify-full&sslrootcert=${encodeURIComponent(caFile)}`;
  };

  async function works(connection: PostgresSessionModuleOptions['connection']): Promise<boolean> {
    const { store, close } = await startStore({ connection });
    try {
      await store.set('k', 'v');
      return (await store.get('k'))?.toString() === 'v';
    } finally {
      await close();
    }
  }

  async function refusal(connection: PostgresSessionModuleOptions['connection']): Promise<string> {
    const failed = await settle(() =>
      startStore({ connection, retryAttempts: 1, retryDelay: 5_000 }),
    );
    expect(codeOf(failed)).toBe('ERR_CONNECT');
    expect(failed.ms).toBeLessThan(2_500);
    return (failed.error as Error).message;
  }

  it('connects under sslmode=verify-full, encrypted', async () => {
    await expect(works(verifyFull())).resolves.toBe(true);
    const { app, close } = await startStore({ connection: verifyFull() });
    const rows = await harness.sql(
      `SELECT bool_and(ssl) AS all FROM pg_stat_ssl JOIN pg_stat_activity USING (pid)
       WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()`,
    );
    expect(rows).toEqual([{ all: true }]);
    expect(app).toBeDefined();
    await close();
  });

  it('connects with the authority given as an object', async () => {
    const connectionString = harness.url;
    await expect(works({ connectionString, ssl: { ca: authority.cert } })).resolves.toBe(true);
  });

  it('refuses a wrong host name at once, and says so', async () => {
    await present(await authority.issue('db.example.org', { host: 'DNS:db.example.org' }));
    const message = await refusal(verifyFull());
    expect(message).toMatch(/certificate|altnames/i);
    expect(message).toContain('127.0.0.1');
    expect(message).toMatch(/name or an address that the certificate has.*`ssl: \{ ca \}`/);
  });

  it('refuses an expired certificate at once, and says so', async () => {
    await present(await authority.issue('127.0.0.1', { host: 'IP:127.0.0.1', days: -1 }));
    const message = await refusal(verifyFull());
    expect(message).toMatch(/expired/i);
    // The authority is known.
    expect(message).not.toContain('ssl: { ca }');
  });

  it('refuses a certificate of an unknown authority at once, and says so', async () => {
    await present(await stranger.issue('127.0.0.1', { host: 'IP:127.0.0.1' }));
    const message = await refusal(verifyFull());
    expect(message).toMatch(/certificate/i);
    expect(message).toMatch(/`ssl: \{ ca \}` in `connection`.*`sslrootcert=<file>`/);
  });

  it('says which option takes the authority of a certificate that none is known for', async () => {
    await present(await authority.issue('127.0.0.1', { host: 'IP:127.0.0.1' }));
    const connectionString = harness.url;
    const withoutAuthority = [
      `${connectionString}?sslmode=verify-full`,
      { connectionString, ssl: true },
      { connectionString, ssl: { ca: stranger.cert } },
    ];
    for (const connection of withoutAuthority) {
      expect(await refusal(connection)).toMatch(/`ssl: \{ ca \}` in `connection`/);
    }
    const pool = harness.pool({ connectionString, ssl: true });
    const failed = await settle(() => startStore({ pool, retryAttempts: 0 }));
    expect(String(failed.error)).toMatch(/`ssl: \{ ca \}` in `connection`/);
  });

  it('survives that the file of the authority is gone for a while, and does not show its name', async () => {
    const { store, close } = await startStore({ connection: verifyFull(), operationTimeout: 500 });
    await store.set('k', 'v');
    await rm(caFile);
    await harness.sql(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
       WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()`,
    );
    const failed = await settle(() => untilFailure(() => store.get('k')));
    expect(codeOf(failed)).toBe('ERR_TIMEOUT');
    const told = inspect(failed.error, { depth: 10 });
    expect(told).toContain('ENOENT');
    expect(told).not.toContain(caFile);
    await writeFile(caFile, authority.cert);
    expect((await store.get('k'))?.toString()).toBe('v');
    await close();
  });

  it('refuses to have TLS settled in two places', async () => {
    const connection = { connectionString: verifyFull(), ssl: { ca: authority.cert } };
    const failed = await settle(() => startStore({ connection }));
    expect(codeOf(failed)).toBe('ERR_INVALID_OPTION');
    expect(String(failed.error)).toMatch(/`connection\.ssl`.*sslmode/);
  });

  it('signs in with a client certificate, and not without', async () => {
    await present(await authority.issue('127.0.0.1', { host: 'IP:127.0.0.1' }));
    const { key, cert } = await authority.issue('holder');
    const holder = {
      host: '127.0.0.1',
      port: harness.server.port,
      user: 'holder',
      database: 'postgres',
    };
    const ca = authority.cert;
    await harness.sql('DROP TABLE IF EXISTS celeris_sessions');
    await expect(works({ ...holder, ssl: { ca, key, cert } })).resolves.toBe(true);
    expect(await refusal({ ...holder, ssl: { ca } })).toMatch(/certificate/i);
    const forged = await stranger.issue('holder');
    await refusal({ ...holder, ssl: { ca, key: forged.key, cert: forged.cert } });
  });

  it('signs in with client certificate files named in the connection string', async () => {
    const { key, cert } = await authority.issue('holder');
    const [keyFile, certFile] = [join(folder, 'holder.key'), join(folder, 'holder.crt')];
    await writeFile(keyFile, key);
    await writeFile(certFile, cert);
    const query = new URLSearchParams({
      sslmode: 'verify-full',
      sslrootcert: caFile,
      sslkey: keyFile,
      sslcert: certFile,
    });
    const connection = `postgresql://holder@127.0.0.1:${harness.server.port}/postgres?${query.toString()}`;
    await expect(works(connection)).resolves.toBe(true);
  });
});

/** Rejects with the first failure of the call, which is made again as long as it succeeds. */
async function untilFailure(call: () => Promise<unknown>): Promise<never> {
  for (;;) await call();
}
