import { execFileSync } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { temporaryFolder } from '../../../tools/temporary-folder.js';

export interface Certificate {
  key: string;
  cert: string;
}

/** A certificate authority of the tests' own, made by the openssl command. */
export class Authority {
  private constructor(
    private readonly folder: string,
    readonly cert: string,
  ) {}

  static async create(name: string): Promise<Authority> {
    const folder = await temporaryFolder('authority-');
    openssl(folder, [
      ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'],
      ...['-keyout', 'ca.key', '-out', 'ca.crt', '-days', '2', '-subj', `/CN=${name}`],
    ]);
    return new Authority(folder, await readFile(join(folder, 'ca.crt'), 'utf8'));
  }

  /** `days` may be negative: a certificate that has expired. `host` is what it is valid for. */
  async issue(commonName: string, { host = '', days = 1 } = {}): Promise<Certificate> {
    openssl(this.folder, [
      ...['req', '-new', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'],
      ...['-keyout', 'leaf.key', '-out', 'leaf.csr', '-subj', `/CN=${commonName}`],
    ]);
    const names = host ? `subjectAltName=${host}\n` : '';
    await writeFile(join(this.folder, 'leaf.ext'), `basicConstraints=CA:FALSE\n${names}`);
    openssl(this.folder, [
      ...['x509', '-req', '-in', 'leaf.csr', '-CA', 'ca.crt', '-CAkey', 'ca.key'],
      ...['-CAcreateserial', '-days', String(days), '-extfile', 'leaf.ext', '-out', 'leaf.crt'],
    ]);
    const [key, cert] = await Promise.all(
      ['leaf.key', 'leaf.crt'].map((name) => readFile(join(this.folder, name), 'utf8')),
    );
    return { key: key ?? '', cert: cert ?? '' };
  }
}

function openssl(cwd: string, args: string[]): void {
  execFileSync('openssl', args, { cwd, stdio: 'pipe' });
}
