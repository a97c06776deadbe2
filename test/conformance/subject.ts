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
export interface Subject {
  readonly store: KeyValueStore;
  /** What a namespace view puts before every key; '' for a store itself. */
  readonly prefix: string;
  /** Forgets every entry, past the store. */
  clear(): Promise<void>;
  /** Puts the expiry of these entries into the past, past the store. */
  expire(...keys: string[]): Promise<void>;
  stored(key: string): Promise<StoredEntry | undefined>;
  /** Only where `features.database` is true. */
  readonly database?: DatabaseSubject;
  close(): Promise<void>;
}

/** What only a store on a real table can be asked for. */
export interface DatabaseSubject {
  /** Another instance on the same entries. */
  readonly rival: KeyValueStore;
  /** Writes `value` in a transaction that stays open, so that other writers of the key wait. */
  hold(key: string, value: string): Promise<HeldRow>;
}

export interface HeldRow {
  /** Resolves once a statement waits for the row. */
  waitedFor(): Promise<void>;
  /** Commits what was written. */
  release(): Promise<void>;
}

export interface Features {
  /** Whether entries can have an owner. */
  owners: boolean;
  /**
   * Whether `subject.database` is there, and the table refuses to store the value `refused` and
   * keys that contain it, and to delete keys that contain `undeletable`.
   */
  database: boolean;
}

export type SubjectFactory = () => Promise<Subject>;

/** A section of the suite: declares its tests on the subject that `current` gives. */
export type Section = (current: () => Subject, features: Features) => void;

export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;
