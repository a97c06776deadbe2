// Records all that can be reached from what a tracer is given or exports.
import { appendFileSync } from 'node:fs';

/** Every string and every byte in it, hidden properties and all. */
function* contents(given, seen) {
  if (typeof given === 'string') yield given;
  if (given === null || typeof given !== 'object' || seen.has(given)) return;
  seen.add(given);
  if (ArrayBuffer.isView(given)) {
    yield Buffer.from(given.buffer, given.byteOffset, given.byteLength);
    return;
  }
  for (const key of Reflect.ownKeys(given)) {
    yield String(key.description ?? key);
    yield* contents(given[key], seen);
  }
  if (given instanceof Map || given instanceof Set) yield* contents([...given], seen);
}

export class Recorder {
  #parts = [];

  record(given) {
    for (const part of contents(given, new Set())) this.#parts.push(Buffer.from(part), NEWLINE);
  }

  save(path) {
    appendFileSync(path, Buffer.concat(this.#parts));
  }
}

const NEWLINE = Buffer.from('\n');
