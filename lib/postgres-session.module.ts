import { Module, type DynamicModule, type FactoryProvider, type Provider } from '@nestjs/common';
import type {
  PostgresSessionModuleAsyncOptions,
  PostgresSessionModuleExtras,
  PostgresSessionModuleOptions,
} from './interfaces/postgres-session-module-options.interface.js';
import {
  getSessionCleanupToken,
  getSessionPoolToken,
  getSessionStoreToken,
} from './postgres-session.tokens.js';
import { givenOptionsProvider, storeProviders } from './postgres-session.providers.js';
import { checkAsyncOptions, checkExtras } from './registration.js';
import { OnceForBothForms } from './utils/both-forms.js';

/**
 * Sessions in PostgreSQL. Any number of stores may live in one application, each with its own name.
 *
 * @publicApi
 */
@Module({})
@OnceForBothForms('PostgresSessionModule', Module)
export class PostgresSessionModule {
  /** Registers a store with options that are known now. A bad option fails the start of the application. */
  static forRoot(
    options: PostgresSessionModuleOptions & PostgresSessionModuleExtras,
  ): DynamicModule {
    checkExtras(options);
    const { name, isGlobal, ...ofStore } = options;
    return dynamicModule({ name, isGlobal, useFactory: () => ofStore });
  }

  /** Registers a store with options from a factory, a class or an existing provider. */
  static forRootAsync(options: PostgresSessionModuleAsyncOptions): DynamicModule {
    checkAsyncOptions(options);
    return dynamicModule(options);
  }
}

function dynamicModule(options: PostgresSessionModuleAsyncOptions): DynamicModule {
  const { name, isGlobal = false, imports = [], useClass, extraProviders = [] } = options;
  const given: FactoryProvider<PostgresSessionModuleOptions> = givenOptionsProvider(options);
  const classProvider: Provider[] = useClass === undefined ? [] : [useClass];
  return {
    module: PostgresSessionModule,
    global: isGlobal,
    imports,
    providers: [...extraProviders, ...classProvider, ...storeProviders(name, given)],
    exports: [getSessionPoolToken(name), getSessionStoreToken(name), getSessionCleanupToken(name)],
  };
}
