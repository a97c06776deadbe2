import { spawn } from 'node:child_process';
import { mkdtemp } from 'node:fs/promises';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A new folder that is removed after this process, however that ends. */
export async function temporaryFolder(prefix: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), prefix));
  // Jest kills its workers without an `exit` event, so a shell waits for the end of our pipe.
  const script = 'trap "" INT TERM HUP; read -r _; rm -rf "$0" || { sleep 1; rm -rf "$0"; }';
  const shell = spawn('sh', ['-c', script, folder], { stdio: ['pipe', 'ignore', 'ignore'] });
  shell.unref();
  (shell.stdin as Socket).unref();
  return folder;
}
