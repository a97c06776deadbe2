import type { Delivered } from '../dataset.js';

/** One way to keep sessions, seen as the application sees it. */
export interface System {
  readonly name: string;
  /** The process of its server, for its CPU time. */
  readonly serverPid: number;
  get(key: string): Promise<Delivered>;
  /** Stores session `n` in version `v`. */
  set(key: string, n: number, v: number): Promise<unknown>;
  /** Gives session `n` a new expiry. */
  touch(key: string, n: number): Promise<unknown>;
  close(): Promise<unknown>;
}
