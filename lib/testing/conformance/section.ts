import type { KeyValueStore } from '../../interfaces/key-value-store.interface.js';

/** What a test is given: a store without entries, and a hold on its clock. */
export interface TestSubject {
  readonly store: KeyValueStore;
  /** Another instance on the same entries; the store itself if there is none. */
  readonly rival: KeyValueStore;
  /** Milliseconds that `expire` lets pass. */
  readonly shortTtl: number;
  readonly expire: () => Promise<void>;
  /** Lets time pass if the clock can be moved. Resolves to the milliseconds. */
  readonly age: () => Promise<number>;
}

export interface StoreFeatures {
  /** Whether entries can have an owner. Default: `true`. */
  owners?: boolean;
  /** Bytes of UTF-8 that a key may have: fewer for a view, by its prefix. Default: 1,024. */
  maxKeyBytes?: number;
}

export type Test = (title: string, body: (subject: TestSubject) => Promise<void>) => void;

/** A section of the suite: declares its tests. */
export type Section = (test: Test, features: Required<StoreFeatures>) => void;
