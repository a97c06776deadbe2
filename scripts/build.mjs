// Builds the package from lib/ in two forms: ESM in dist/esm, CommonJS in dist/cjs. Both have the same types, which
// the compiler reads as what the nearest package.json says. A file that no entry of the package leads to is left out.
import { spawn } from 'node:child_process';
import { cp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

const root = new URL('../', import.meta.url);
const [dist, esm, cjs] = ['dist/', 'dist/esm/', 'dist/cjs/'].map((path) => new URL(path, root));
const compiler = createRequire(import.meta.url).resolve('typescript/bin/tsc');

await rm(dist, { recursive: true, force: true });
await Promise.all([compile('tsconfig.build.json'), compile('tsconfig.commonjs.json')]);
await writeFile(new URL('package.json', cjs), `${JSON.stringify({ type: 'commonjs' })}\n`);
const used = await usedFiles();
const files = (await readdir(esm, { recursive: true })).filter((path) => /\.[jt]s$/.test(path));
for (const path of files) {
  const [file, twin] = [new URL(path, esm), new URL(path, cjs)];
  if (!used.has(file.href)) await Promise.all([rm(file), rm(twin, { force: true })]);
  else if (path.endsWith('.d.ts')) await cp(file, twin);
}

function compile(config) {
  return new Promise((resolve, reject) => {
    const args = [compiler, '-p', config];
    const child = spawn(process.execPath, args, { cwd: fileURLToPath(root), stdio: 'inherit' });
    child.on('error', reject);
    child.on('exit', (code) => {
      if (code === 0) resolve();
      else reject(new Error(`tsc -p ${config} exited with ${code}`));
    });
  });
}

/** The files of dist/esm that the entries of package.json lead to. */
async function usedFiles() {
  const { exports } = JSON.parse(await readFile(new URL('package.json', root), 'utf8'));
  const entries = Object.values(exports).flatMap((entry) => Object.values(entry.import ?? {}));
  const found = new Set(entries.map((entry) => new URL(entry, root).href));
  for (const file of found) {
    const text = await readFile(new URL(file), 'utf8');
    const suffix = file.endsWith('.d.ts') ? '.d.ts' : '.js';
    for (const [, path] of text.matchAll(/\b(?:from|import)[\s(]*["'](\.[^"']+)\.js["']/g))
      found.add(new URL(path + suffix, file).href);
  }
  return found;
}
