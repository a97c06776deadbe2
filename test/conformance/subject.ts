import type { KeyValueStore } from '../../lib/index.js';

/** What lies in the store under a key, expired or not. */
export interface StoredEntry {
  value: Buffer;
  /** The exact expiry, as text, to see whether a call kept it; null: none. */
  expiresAt: string | null;
  /** Milliseconds until the expiry by the store's own clock; null: none. */
  ttl: number | null;
  owner: string | null;
}

/** An implementation under test, with a second way into its data. */
export interface InspectedStore {
  readonly store: KeyValueStore;
  /** Forgets every entry, past the store. */
  readonly clear: () => Promise<void>;
  /** Puts the expiry of these entries into the past. */
  readonly expire: (...keys: string[]) => Promise<void>;
  readonly stored: (key: string) => Promise<StoredEntry | undefined>;
  readonly close: () => Promise<void>;
}

/**
 * A store in PostgreSQL under test. Its table refuses to store the value `refused` and keys that contain it, and to
 * delete keys that contain `undeletable`.
 */
export interface Subject extends InspectedStore {
  /** Another instance on the same entries. */
  readonly rival: KeyValueStore;
  /** Lets time pass, as far as expiries tell. */
  readonly advance: (ms: number) => Promise<void>;
  /** Writes `value` in a transaction that stays open, so that other writers of the key wait. */
  readonly hold: (key: string, value: string) => Promise<HeldRow>;
}

export interface HeldRow {
  /** Resolves once a statement waits for the row. */
  waitedFor(): Promise<void>;
  /** Commits what was written. */
  release(): Promise<void>;
}

export type SubjectFactory = () => Promise<Subject>;

/** A section of the suite: declares its tests on the subject that `current` gives. */
export type Section = (current: () => Subject) => void;

export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;
