import { StartupError } from './startup-error.js';

export interface Environment {
  port: number;
  host: string;
  databaseUrl: string;
  /** As Express takes it: whose `X-Forwarded-*` headers are believed. */
  trustProxy: string | number;
}

export function readEnvironment(env: NodeJS.ProcessEnv = process.env): Environment {
  return {
    port: readPort(env.PORT || '3000'),
    host: env.HOST || '127.0.0.1',
    databaseUrl: readDatabaseUrl(env.DATABASE_URL),
    trustProxy: readTrustProxy(env.TRUST_PROXY || 'loopback'),
  };
}

function readDatabaseUrl(text = ''): string {
  if (text) return text;
  throw new StartupError(
    'DATABASE_URL is not set. `npm start` sets it to an embedded PostgreSQL; for a server of yours\n' +
      'it is, for example, postgresql://user:password@localhost:5432/database',
  );
}

function readPort(text: string): number {
  const port = Number(text);
  if (/^\d{1,5}$/.test(text) && port <= 65_535) return port;
  throw new StartupError(`PORT is "${text}"; it must be a number from 0 (any free port) to 65535.`);
}

/** A number of proxies in front, or names and subnets of theirs. */
function readTrustProxy(text: string): string | number {
  return /^\d+$/.test(text) ? Number(text) : text;
}
