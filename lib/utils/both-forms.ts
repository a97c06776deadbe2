/** That of package.json. Forms of different versions have nothing in common. */
export const VERSION = '0.1.0';

const SHARED: unique symbol = Symbol.for(`nestjs-postgres-session@${VERSION}`);

interface Keeper {
  [SHARED]?: Map<string, unknown>;
}

/**
 * What exists once in a process that has loaded the package in both its forms, ESM and CommonJS: the form that
 * comes second gets what the first one has made. It is kept with an object that both forms have in common, and
 * that lives as long as they do.
 */
export function onceForBothForms<T>(name: string, own: T, keeper: object): T {
  const shared = ((keeper as Keeper)[SHARED] ??= new Map<string, unknown>());
  if (!shared.has(name)) {
    shared.set(name, own);
  }
  return shared.get(name) as T;
}

/** Decorates a class that is an injection token, or that `instanceof` is asked about. */
export function OnceForBothForms(name: string, keeper: object): <T>(own: T) => T {
  return (own) => onceForBothForms(name, own, keeper);
}
