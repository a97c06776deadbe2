import type { FactoryProvider, Provider } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { SchedulerRegistry } from '@nestjs/schedule';
import type { Pool } from 'pg';
import { createPool, isOwnPool } from './pool/connect.js';
import type {
  PostgresSessionModuleAsyncOptions,
  PostgresSessionModuleOptions,
  PostgresSessionOptionsFactory,
} from './interfaces/postgres-session-module-options.interface.js';
import { PostgresSessionCleanupService } from './cleanup/cleanup.service.js';
import {
  cleanupJobName,
  getSessionCleanupToken,
  getSessionLifecycleToken,
  getSessionOptionsToken,
  getSessionPoolToken,
  getSessionStoreToken,
} from './postgres-session.tokens.js';
import { PostgresSessionLifecycle } from './postgres-session.lifecycle.js';
import { PostgresSessionError } from './postgres-session.errors.js';
import { resolveOptions, type ResolvedOptions } from './postgres-session.options.js';
import { PostgresSessionStore } from './postgres-session.store.js';
import { TIMINGS } from './timings.js';

type GivenOptions = PostgresSessionModuleOptions;

/** The names of the stores of each application, which the container of its modules stands for. */
const namesInUse = new WeakMap<ModulesContainer, Set<string | undefined>>();

/** The providers of one store: pool, store and cleanup are for the application, the others are between us. */
export function storeProviders(
  name: string | undefined,
  givenOptions: FactoryProvider<GivenOptions>,
): Provider[] {
  const [options, pool, lifecycle] = [
    getSessionOptionsToken(name),
    getSessionPoolToken(name),
    getSessionLifecycleToken(name),
  ];
  return [
    givenOptions,
    {
      provide: options,
      inject: [givenOptions.provide, ModulesContainer],
      useFactory: (given: GivenOptions, modules: ModulesContainer): ResolvedOptions => {
        claimName(modules, name);
        return resolveOptions(given);
      },
    },
    {
      provide: pool,
      inject: [options],
      useFactory: (resolved: ResolvedOptions): Pool => poolOf(resolved),
    },
    {
      provide: lifecycle,
      inject: [pool, options],
      useFactory: (given: Pool, resolved: ResolvedOptions) =>
        new PostgresSessionLifecycle(given, resolved, isOwnPool(given)),
    },
    {
      provide: getSessionStoreToken(name),
      inject: [lifecycle],
      useFactory: (given: PostgresSessionLifecycle) => new PostgresSessionStore(given),
    },
    {
      provide: getSessionCleanupToken(name),
      inject: [lifecycle, { token: SchedulerRegistry, optional: true }],
      useFactory: (given: PostgresSessionLifecycle, scheduler?: SchedulerRegistry) =>
        new PostgresSessionCleanupService({
          lifecycle: given,
          scheduler,
          jobName: cleanupJobName(name),
        }),
    },
  ];
}

/** The options as given, by whichever of the three ways. */
export function givenOptionsProvider(
  asyncOptions: PostgresSessionModuleAsyncOptions,
): FactoryProvider<GivenOptions> {
  const { name, inject = [], useFactory, useClass, useExisting } = asyncOptions;
  const provide = `${getSessionOptionsToken(name)}:given`;
  if (useFactory !== undefined) {
    return { provide, inject, useFactory };
  }
  const factory = useClass ?? useExisting;
  if (factory === undefined) {
    throw new PostgresSessionError(
      'ERR_INVALID_OPTION',
      'forRootAsync needs one of `useFactory`, `useClass` and `useExisting`.',
    );
  }
  return {
    provide,
    inject: [factory],
    useFactory: (given: PostgresSessionOptionsFactory) => given.createPostgresSessionOptions(),
  };
}

function poolOf({ pool, connection, operationTimeout }: ResolvedOptions): Pool {
  if (pool !== undefined) {
    return pool;
  }
  return createPool(connection ?? {}, operationTimeout ?? TIMINGS.CONNECT);
}

function claimName(modules: ModulesContainer, name: string | undefined): void {
  const names = namesInUse.get(modules) ?? new Set();
  namesInUse.set(modules, names);
  if (names.has(name)) {
    const which =
      name === undefined
        ? 'the name "default" of the unnamed store'
        : `the name ${JSON.stringify(name)}`;
    throw new PostgresSessionError(
      'ERR_DUPLICATE_NAME',
      `Two PostgresSessionModule imports use ${which}: give each store a \`name\` of its own.`,
    );
  }
  names.add(name);
}
