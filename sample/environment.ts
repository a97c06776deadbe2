import { StartupError } from './startup-error.js';

export interface Environment {
  port: number;
  host: string;
  /** Absent: an embedded PostgreSQL is started. */
  databaseUrl?: string;
  /** As Express takes it: whose `X-Forwarded-*` headers are believed. */
  trustProxy: string | number;
}

export function readEnvironment(env: NodeJS.ProcessEnv = process.env): Environment {
  return {
    port: readPort(env.PORT || '3000'),
    host: env.HOST || '127.0.0.1',
    databaseUrl: env.DATABASE_URL || undefined,
    trustProxy: readTrustProxy(env.TRUST_PROXY || 'loopback'),
  };
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
