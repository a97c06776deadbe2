import type { InjectionToken } from '@nestjs/common';
import { PostgresSessionCleanupService } from './cleanup/cleanup.service.js';
import { PostgresSessionStore } from './postgres-session.store.js';

const TOKEN_PREFIX = 'PostgresSession';

/** Stands for the unnamed store in tokens and in the name of its cleanup job. */
export const UNNAMED = 'default';

/**
 * The token of a store: the class itself for the unnamed one.
 *
 * @publicApi
 */
export function getSessionStoreToken(name?: string): InjectionToken<PostgresSessionStore> {
  return name === undefined ? PostgresSessionStore : token('Store', name);
}

/**
 * The token of the `pg.Pool` that a store uses, its own or the application's.
 *
 * @publicApi
 */
export function getSessionPoolToken(name?: string): string {
  return token('Pool', name);
}

/**
 * The token of a store's cleanup: the class itself for the unnamed one.
 *
 * @publicApi
 */
export function getSessionCleanupToken(
  name?: string,
): InjectionToken<PostgresSessionCleanupService> {
  return name === undefined ? PostgresSessionCleanupService : token('Cleanup', name);
}

export function getSessionOptionsToken(name?: string): string {
  return token('Options', name);
}

/** The token of the options as given, before they are checked. */
export function getGivenOptionsToken(name?: string): string {
  return token('GivenOptions', name);
}

export function getSessionLifecycleToken(name?: string): string {
  return token('Lifecycle', name);
}

/** The cleanup job's name in `SchedulerRegistry`. */
export function cleanupJobName(name?: string): string {
  return `postgres-session:${name ?? UNNAMED}:cleanup`;
}

function token(what: string, name: string | undefined): string {
  return `${TOKEN_PREFIX}${what}:${name ?? UNNAMED}`;
}
