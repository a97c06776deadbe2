import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { installInto } from '../../../package/installation.js';
import { packInto } from '../../../package/tarball.js';
import { temporaryFolder } from '../../../../tools/temporary-folder.js';

/** The one place that says which versions these tests run with. */
const DEPENDENCIES = {
  '@nestjs/common': '12.5.1',
  '@nestjs/core': '12.5.1',
  '@nestjs/schedule': '12.0.2',
  'drizzle-orm': '0.45.4',
  kysely: '0.28.19',
  pg: '8.23.1',
  'reflect-metadata': '0.2.2',
  rxjs: '7.8.2',
  typeorm: '1.1.1',
};

export const QUERY_BUILDERS = ['typeorm', 'drizzle', 'kysely'] as const;

const MODULES = [
  '../load/packages.mjs',
  ...QUERY_BUILDERS.map((name) => `../query-builders/${name}.mjs`),
];

/** A folder with the packed package, the query builders, and the modules that load them from there. */
export async function installQueryBuilders(): Promise<string> {
  const folder = await temporaryFolder('neighbours-');
  const { path } = await packInto(folder);
  await installInto(folder, path, { type: 'module', dependencies: DEPENDENCIES });
  await Promise.all(
    MODULES.map((module) => {
      const source = fileURLToPath(new URL(module, import.meta.url));
      return copyFile(source, join(folder, module.slice(module.lastIndexOf('/') + 1)));
    }),
  );
  return folder;
}

export function moduleIn(folder: string, name: string): string {
  return pathToFileURL(join(folder, `${name}.mjs`)).href;
}
