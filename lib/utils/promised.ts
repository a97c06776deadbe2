import { asError } from './errors.js';

/** The promise of what is called back. */
export function promised<T>(run: (done: (error: unknown, result?: T) => void) => void): Promise<T> {
  return new Promise((resolve, reject) => {
    run((error, result) => {
      if (result === undefined) {
        reject(asError(error));
      } else {
        resolve(result);
      }
    });
  });
}
