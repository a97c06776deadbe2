import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { appendFile, rename, rm } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { ServerFiles } from './server-files.js';

export const SUPERUSER = 'postgres';
/** Only this machine is listened to; no socket file, whose path may be too long. */
const SETTINGS = `
listen_addresses = '127.0.0.1'
unix_socket_directories = ''
`;

/** Makes the data folder once. Only a complete one gets its name, so an interrupted run mends itself. */
export async function initialise(files: ServerFiles): Promise<void> {
  if (existsSync(files.data)) return;
  const unfinished = `${files.data}.new`;
  await rm(unfinished, { recursive: true, force: true });
  await run(files, 'initdb', [
    `--pgdata=${unfinished}`,
    `--username=${SUPERUSER}`,
    `--pwfile=${files.passwordFile}`,
    '--auth=scram-sha-256',
    '--encoding=UTF8',
    '--locale=C',
  ]);
  await appendFile(join(unfinished, 'postgresql.conf'), SETTINGS);
  await rename(unfinished, files.data);
}

/** Resolves to the port once the server takes connections. */
export async function startServer(files: ServerFiles): Promise<number> {
  const port = await freePort();
  await pgCtl(files, ['start', `--log=${files.log}`, `--options=-p ${port}`]);
  return port;
}

export async function stopServer(files: ServerFiles): Promise<void> {
  await pgCtl(files, ['stop', '--mode=fast']);
}

async function pgCtl(files: ServerFiles, args: string[]): Promise<void> {
  await run(files, 'pg_ctl', [...args, `--pgdata=${files.data}`, '--wait', '--silent']);
}

async function run(files: ServerFiles, program: string, args: string[]): Promise<void> {
  await promisify(execFile)(join(files.binaries, program), args, {
    ...files.account,
    cwd: files.folder,
    env: { ...process.env, LC_ALL: 'C' },
  });
}

async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve, reject) => {
    probe.once('error', reject).listen(0, '127.0.0.1', resolve);
  });
  const { port } = probe.address() as AddressInfo;
  await new Promise((resolve) => probe.close(resolve));
  return port;
}
