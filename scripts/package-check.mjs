// Holds what publishing needs: the entries of package.json, their types under every way of TypeScript to find
// them, and the size. Packs the built package once and looks at the tarball.
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const MOST_BYTES = 260_000;

const run = promisify(execFile);
const cwd = fileURLToPath(new URL('../', import.meta.url));
const program = (name) => join(cwd, 'node_modules/.bin', name);
const folder = await mkdtemp(join(tmpdir(), 'package-check-'));

async function check(title, work) {
  try {
    await work();
    console.log(`ok: ${title}`);
  } catch (error) {
    console.error(`FAILED: ${title}\n${error.message}\n${error.stdout ?? ''}${error.stderr ?? ''}`);
    process.exitCode = 1;
  }
}

try {
  const pack = ['pack', '--json', '--ignore-scripts', '--pack-destination', folder];
  const [{ filename, size }] = JSON.parse((await run('npm', pack, { cwd })).stdout);
  const tarball = join(folder, filename);
  await check(`the tarball has ${size} of ${MOST_BYTES} bytes`, () => {
    if (size > MOST_BYTES) throw new Error('It is too large.');
  });
  await check('publint', () => run(program('publint'), [tarball, '--strict'], { cwd }));
  await check('types of every entry', () => run(program('attw'), [tarball], { cwd }));
} finally {
  await rm(folder, { recursive: true, force: true });
}
