/** By what it can do, since a signal may come from another realm. */
export function isAbortSignal(signal: unknown): signal is AbortSignal {
  return (
    typeof signal === 'object' &&
    signal !== null &&
    'aborted' in signal &&
    typeof signal.aborted === 'boolean' &&
    'addEventListener' in signal &&
    typeof signal.addEventListener === 'function' &&
    'removeEventListener' in signal &&
    typeof signal.removeEventListener === 'function'
  );
}

/** One a signal, with one listener, however many calls and stores wait: Node warns of a leak from the eleventh on. */
const watches = new WeakMap<AbortSignal, Watch>();

/** Has `action` called when the signal aborts. Returns what calls that off. */
export function onAbort(signal: AbortSignal, action: () => void): () => void {
  return (watches.get(signal) ?? new Watch(signal)).add(action);
}

/** All that is to happen when a signal aborts. The signal may be of somebody's own making. */
class Watch {
  private readonly actions = new Set<() => void>();

  constructor(private readonly signal: AbortSignal) {}

  add(action: () => void): () => void {
    // One of its own, since the same function may be given twice.
    const own = (): void => action();
    this.actions.add(own);
    if (watches.get(this.signal) !== this) {
      this.start();
    }
    return () => {
      if (this.actions.delete(own) && this.actions.size === 0) {
        this.end();
      }
    };
  }

  /** The signal may throw, or abort at once. */
  private start(): void {
    watches.set(this.signal, this);
    try {
      this.signal.addEventListener('abort', this.run);
    } catch (error) {
      watches.delete(this.signal);
      throw error;
    }
  }

  /** A signal that keeps its listener goes on with that one. */
  private end(): void {
    try {
      this.signal.removeEventListener('abort', this.run);
      watches.delete(this.signal);
    } catch {
      // What it throws is nobody's concern: the calls that waited for it have settled.
    }
  }

  private readonly run = (): void => {
    const actions = [...this.actions];
    this.actions.clear();
    this.end();
    actions.forEach((action) => action());
  };
}

/** Settles as `work` does, or rejects with the signal's reason as soon as it aborts. */
export function unlessAborted<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const settled = work.then(resolve, reject);
    const stop = onAbort(signal, () => reject(signal.reason as Error));
    void settled.then(stop);
  });
}
