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

/** A signal may be of somebody's own making, so what it throws here must disturb nothing. */
export function stopListening(signal: AbortSignal, onAbort: () => void): void {
  try {
    signal.removeEventListener('abort', onAbort);
  } catch {
    // What waited for the signal is over, and its abort means nothing any more.
  }
}

/** Settles as `work` does, or rejects with the signal's reason as soon as it aborts. */
export function unlessAborted<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(signal.reason as Error);
    const stop = (): void => stopListening(signal, onAbort);
    work.then(resolve, reject).then(stop, stop);
    signal.addEventListener('abort', onAbort, { once: true });
  });
}
