import type { FactoryProvider, OnModuleInit, Provider } from '@nestjs/common';
import { ModuleRef, ModulesContainer } from '@nestjs/core';
import { SchedulerRegistry } from '@nestjs/schedule';
import type { Pool } from 'pg';
import { readAddress } from './pool/connect-error.js';
import { createPool, isOwnPool } from './pool/connect.js';
import type {
  PostgresSessionModuleAsyncOptions,
  PostgresSessionModuleOptions,
  PostgresSessionOptionsFactory,
} from './interfaces/postgres-session-module-options.interface.js';
import { PostgresSessionCleanupService } from './cleanup/cleanup.service.js';
import {
  cleanupJobName,
  getGivenOptionsToken,
  getSessionCleanupToken,
  getSessionLifecycleToken,
  getSessionOptionsToken,
  getSessionPoolToken,
  getSessionStoreToken,
  UNNAMED,
} from './postgres-session.tokens.js';
import { PostgresSessionLifecycle } from './postgres-session.lifecycle.js';
import { PostgresSessionError } from './postgres-session.errors.js';
import { invalid, kindOf } from './option-checks.js';
import { resolveOptions, type ResolvedOptions } from './postgres-session.options.js';
import { PostgresSessionStore } from './postgres-session.store.js';
import { claimName, refuseRequestScope } from './registration.js';
import { TIMINGS } from './timings.js';

type GivenOptions = PostgresSessionModuleOptions;

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
      inject: [givenOptions.provide, ModuleRef],
      useFactory: (given: GivenOptions, moduleRef: ModuleRef): ResolvedOptions => {
        refuseRequestScope(moduleRef, options);
        return resolveOptions(given);
      },
    },
    {
      // Nothing that depends on the options is made if they depend on the request, so this does not.
      provide: `${options}:scope`,
      inject: [ModuleRef],
      useFactory: (moduleRef: ModuleRef): OnModuleInit => ({
        onModuleInit: () => refuseRequestScope(moduleRef, options),
      }),
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
        new PostgresSessionLifecycle(given, resolved, isOwnPool(given, resolved.connection)),
    },
    {
      provide: getSessionStoreToken(name),
      // After the cleanup, so that a store that was refused has no name, and a second try finds it free.
      inject: [lifecycle, ModulesContainer, getSessionCleanupToken(name)],
      useFactory: (given: PostgresSessionLifecycle, modules: ModulesContainer) => {
        claimName(modules, name, givenOptions);
        return new PostgresSessionStore(given, name ?? UNNAMED);
      },
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
  const provide = getGivenOptionsToken(name);
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
    useFactory: (given: Partial<PostgresSessionOptionsFactory> | undefined) => {
      if (typeof given?.createPostgresSessionOptions !== 'function') {
        const way = useClass === undefined ? 'useExisting' : 'useClass';
        const allowed = 'a class with a method createPostgresSessionOptions()';
        throw invalid(way, undefined, allowed, kindOf(given));
      }
      return given.createPostgresSessionOptions();
    },
  };
}

function poolOf({ pool, connection, operationTimeout }: ResolvedOptions): Pool {
  if (pool !== undefined) {
    readAddress('pool', pool.options);
    return pool;
  }
  return createPool(connection ?? {}, operationTimeout ?? TIMINGS.CONNECT);
}
