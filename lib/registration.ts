import { Scope } from '@nestjs/common';
import type { ModuleRef, ModulesContainer } from '@nestjs/core';
import type { PostgresSessionModuleAsyncOptions } from './interfaces/postgres-session-module-options.interface.js';
import { flag, invalid, isRecord, kindOf } from './option-checks.js';
import { PostgresSessionError } from './postgres-session.errors.js';
import { OPTIONS } from './postgres-session.options.js';
import { UNNAMED } from './postgres-session.tokens.js';

/** The ways in which `forRootAsync` gets the options of a store. */
const WAYS = ['useFactory', 'useClass', 'useExisting'] as const;

const ASYNC_OPTIONS: readonly string[] = [
  'name',
  'isGlobal',
  'imports',
  'inject',
  ...WAYS,
  'extraProviders',
] satisfies Array<keyof PostgresSessionModuleAsyncOptions>;

/** Who has which name in each application, which the container of its modules stands for. */
const nameHolders = new WeakMap<ModulesContainer, Map<string | undefined, object>>();

/** Checks what says under which name, and to whom, a store is visible. */
export function checkExtras(given: unknown): void {
  if (!isRecord(given)) {
    throw invalid('options', undefined, 'an object', kindOf(given));
  }
  const { name, isGlobal }: { name?: unknown; isGlobal?: unknown } = given;
  if (name !== undefined && (typeof name !== 'string' || name === '' || name === UNNAMED)) {
    const allowed = `a non-empty string other than "${UNNAMED}", which is the name of the unnamed store`;
    throw invalid('name', name, allowed);
  }
  if (isGlobal !== undefined) {
    flag('isGlobal', isGlobal);
  }
  if ('global' in given) {
    throw refused('Unknown option "global". A store is made global by `isGlobal: true`.');
  }
}

/** Checks what `forRootAsync` is given, so that nothing in it is ignored. */
export function checkAsyncOptions(given: PostgresSessionModuleAsyncOptions): void {
  checkExtras(given);
  for (const [name, value] of Object.entries(given)) {
    if (Object.hasOwn(OPTIONS, name) && value !== undefined) {
      throw refused(
        `Option \`${name}\` stands beside the factory of forRootAsync, where it would have no effect: have the factory return it.`,
      );
    }
    if (!Object.hasOwn(OPTIONS, name) && !ASYNC_OPTIONS.includes(name)) {
      throw refused(
        `Unknown option ${JSON.stringify(name)} of forRootAsync. Known are ${ASYNC_OPTIONS.join(', ')}.`,
      );
    }
  }
  const ways = WAYS.filter((way) => given[way] !== undefined);
  if (ways.length > 1) {
    throw refused(`forRootAsync takes one of ${WAYS.join(', ')}; ${ways.join(' and ')} are given.`);
  }
  for (const name of ['imports', 'inject', 'extraProviders'] as const) {
    if (given[name] !== undefined && !Array.isArray(given[name])) {
      throw invalid(name, undefined, 'an array', kindOf(given[name]));
    }
  }
  for (const way of ['useFactory', 'useClass'] as const) {
    if (given[way] !== undefined && typeof given[way] !== 'function') {
      const allowed = way === 'useFactory' ? 'a function' : 'a class';
      throw invalid(way, undefined, allowed, kindOf(given[way]));
    }
  }
}

/** A store lives as long as its application, so its options cannot be those of one request. */
export function refuseRequestScope(moduleRef: ModuleRef, optionsToken: string): void {
  if (moduleRef.introspect(optionsToken).scope === Scope.REQUEST) {
    throw refused(
      'The options of a store cannot depend on the request: what their factory injects is request-scoped. Inject providers of the default scope, and tell requests apart by `store.namespace()` or by several stores.',
    );
  }
}

/** Gives the name to this holder, a registration of the module, unless another one has it. */
export function claimName(
  modules: ModulesContainer,
  name: string | undefined,
  holder: object,
): void {
  const holders = nameHolders.get(modules) ?? new Map<string | undefined, object>();
  nameHolders.set(modules, holders);
  if ((holders.get(name) ?? holder) !== holder) {
    const which =
      name === undefined
        ? `the name "${UNNAMED}" of the unnamed store`
        : `the name ${JSON.stringify(name)}`;
    throw new PostgresSessionError(
      'ERR_DUPLICATE_NAME',
      `Two PostgresSessionModule imports use ${which}: give each store a \`name\` of its own.`,
    );
  }
  holders.set(name, holder);
}

function refused(message: string): PostgresSessionError {
  return new PostgresSessionError('ERR_INVALID_OPTION', message);
}
