import type { LoadedSession } from './session-codec.js';

/** Another store for the same middleware, from which sessions are taken over. */
export interface FormerStore {
  get(sid: string, callback: (error: unknown, session?: unknown) => void): unknown;
  destroy(sid: string, callback: (error?: unknown) => void): unknown;
}

export interface NewHome<S> {
  read(sid: string): Promise<LoadedSession<S> | undefined>;
  /** Resolves to `false` if it is there already. */
  insert(sid: string, session: S): Promise<boolean>;
  remove(sid: string): Promise<unknown>;
}

/** Moves sessions out of the store that was used before, each when it is first asked for. */
export class FormerSessions<S> {
  constructor(
    private readonly store: FormerStore,
    private readonly here: NewHome<S>,
  ) {}

  /** Moves a session that is not here. Of many requests at once, one moves it and all get it. */
  async takeOver(sid: string): Promise<LoadedSession<S> | undefined> {
    const session = await this.get(sid);
    if (session === undefined || !(await this.here.insert(sid, session))) {
      return this.here.read(sid);
    }
    // Whoever ends a session ends it there first. So one that is gone by now was ended meanwhile.
    if ((await this.get(sid)) === undefined) {
      await this.here.remove(sid);
      return undefined;
    }
    await this.destroy(sid);
    return this.here.read(sid);
  }

  destroy(sid: string): Promise<void> {
    return new Promise((resolve, reject) => {
      this.store.destroy(sid, (error) => (isFault(error) ? reject(error) : resolve()));
    });
  }

  private get(sid: string): Promise<S | undefined> {
    return new Promise((resolve, reject) => {
      this.store.get(sid, (error, session) => {
        if (isFault(error)) {
          reject(error);
        } else {
          resolve((session as S | null | undefined) ?? undefined);
        }
      });
    });
  }
}

/** express-session takes an error with this code for "there is none". */
function isFault(error: unknown): error is Error {
  return Boolean(error) && (error as { code?: unknown }).code !== 'ENOENT';
}
